# SPDX-License-Identifier: GPL-2.0-only
#
# none: no tiering. Pages stay where they were first put.
# Source: what a kernel does with kernel.numa_balancing=0 and demotion_enabled=false, its defaults.
setup() { :; }
teardown() { :; }
