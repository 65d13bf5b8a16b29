-- Version 8 did not tell who wrote a file from who read it.
ALTER TABLE file_stat ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file_stat ADD COLUMN writer_pid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file_stat ADD COLUMN writer_comm TEXT NOT NULL DEFAULT '';
