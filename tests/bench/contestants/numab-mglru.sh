# SPDX-License-Identifier: GPL-2.0-only
#
# numab-mglru: the kernel's own tiering with the multi-generational LRU, which decides what is
# demoted.
# Source: as numab, and Documentation/admin-guide/mm/multigen_lru.rst. The knobs are those of numab.
# shellcheck source-path=SCRIPTDIR
. "$contestants/numab.sh"

setup()
{
	echo y > /sys/kernel/mm/lru_gen/enabled
	numab_on
}

teardown()
{
	numab_off
	echo n > /sys/kernel/mm/lru_gen/enabled
}
