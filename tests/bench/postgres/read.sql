-- SPDX-License-Identifier: GPL-2.0-only
-- A block of 600 neighbouring rows; what is frequent is scattered over the table.
\set block permute(random_zipfian(1, :blocks, 1.05) - 1, :blocks, 1)
SELECT sum(abalance), count(*) FROM pgbench_accounts WHERE aid BETWEEN :block * 600 + 1 AND :block * 600 + 600;
