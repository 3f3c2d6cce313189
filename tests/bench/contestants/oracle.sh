# SPDX-License-Identifier: GPL-2.0-only
#
# oracle: hot pages are on the fast node beforehand, and whenever the hot set changes, for free.
# Source: the workload, which knows. As far as placement can get.
placement=oracle
setup() { :; }
teardown() { :; }
