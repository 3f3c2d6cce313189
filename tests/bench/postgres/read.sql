-- SPDX-License-Identifier: GPL-2.0-only
-- A block of neighbouring documents; what is frequent is scattered over the table. FIELDS stands for
-- the sum of bytes all over a document, in an order that no prefetching knows.
\set block permute(random_zipfian(1, :blocks, 1.05) - 1, :blocks, 1)
SELECT sum(FIELDS) FROM documents WHERE id BETWEEN :block * 24 AND :block * 24 + 23;
