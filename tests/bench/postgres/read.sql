-- SPDX-License-Identifier: GPL-2.0-only
-- A block of eight neighbouring documents; what is frequent is scattered over the table.
\set block permute(random_zipfian(1, :blocks, 1.05) - 1, :blocks, 1)
SELECT count(*) FROM documents WHERE id BETWEEN :block * 8 AND :block * 8 + 7 AND content = repeat('x', 7000);
