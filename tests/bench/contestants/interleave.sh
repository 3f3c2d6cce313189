# SPDX-License-Identifier: GPL-2.0-only
#
# interleave: pages on both nodes in turn, for as long as there is room on the fast one.
# Source: numactl --interleave=all (MPOL_INTERLEAVE), a common setting where there is no tiering.
placement=interleave
setup() { :; }
teardown() { :; }
