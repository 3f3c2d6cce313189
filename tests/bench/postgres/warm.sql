-- SPDX-License-Identifier: GPL-2.0-only
-- The blocks of read.sql by rank, the most frequent first.
\set block permute(:rank, :blocks, 1)
\set rank :rank + 1
SELECT count(*) FROM documents WHERE id BETWEEN :block * 24 AND :block * 24 + 23 AND content = repeat('x', 7000)::bytea;
