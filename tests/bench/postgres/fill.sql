-- SPDX-License-Identifier: GPL-2.0-only
-- Documents that fill a page each.
CREATE TABLE documents (id int PRIMARY KEY, content bytea);
ALTER TABLE documents ALTER content SET STORAGE PLAIN;
INSERT INTO documents SELECT i, repeat('x', 7000)::bytea FROM generate_series(0, :documents - 1) AS i;
VACUUM FREEZE documents;
CHECKPOINT;
