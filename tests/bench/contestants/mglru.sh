# SPDX-License-Identifier: GPL-2.0-only
#
# mglru: the multi-generational LRU, and no tiering: what it alone changes.
# Source: Documentation/admin-guide/mm/multigen_lru.rst.
setup() { echo y > /sys/kernel/mm/lru_gen/enabled; }
teardown() { echo n > /sys/kernel/mm/lru_gen/enabled; }
