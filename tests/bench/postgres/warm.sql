-- SPDX-License-Identifier: GPL-2.0-only
-- The blocks of read.sql by rank, the most frequent first.
\set block permute(:rank, :blocks, 1)
\set rank :rank + 1
SELECT sum(abalance), count(*) FROM pgbench_accounts WHERE aid BETWEEN :block * 600 + 1 AND :block * 600 + 600;
