-- Version 8 left out who allocated little.
ALTER TABLE allocation_stat ADD COLUMN tasks INTEGER NOT NULL DEFAULT 1;
