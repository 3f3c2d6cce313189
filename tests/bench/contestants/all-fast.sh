# SPDX-License-Identifier: GPL-2.0-only
#
# all-fast: a machine whose fast node holds everything. The upper bound: slow memory is not used.
placement=all-fast
setup() { :; }
teardown() { :; }
