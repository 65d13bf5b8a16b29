-- Version 8 did not tell who wrote a file from who read it, and left small files out.
ALTER TABLE file_stat ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file_stat ADD COLUMN writer_pid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE file_stat ADD COLUMN writer_comm TEXT NOT NULL DEFAULT '';
ALTER TABLE file_stat ADD COLUMN files INTEGER NOT NULL DEFAULT 1;
