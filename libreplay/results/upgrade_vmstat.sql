-- Version 8 had tables vmstat and, except for the oldest, meminfo, which are views of vmstat_value and meminfo_value now.
CREATE TABLE IF NOT EXISTS meminfo (run_id INTEGER, t_ns INTEGER, name TEXT, kb INTEGER);
CREATE TABLE numbered AS
SELECT *, dense_rank() OVER (PARTITION BY run_id ORDER BY t_ns) - 1 AS instant_id,
       dense_rank() OVER (PARTITION BY run_id ORDER BY name) - 1 AS name_id
  FROM (SELECT 0 AS is_kb, run_id, t_ns, name, value FROM vmstat UNION ALL SELECT 1, run_id, t_ns, name, kb FROM meminfo);
INSERT INTO counter_instant SELECT DISTINCT run_id, instant_id, t_ns FROM numbered;
INSERT INTO counter_name SELECT DISTINCT run_id, name_id, name FROM numbered;
INSERT INTO vmstat_value SELECT run_id, name_id, instant_id, value FROM numbered WHERE NOT is_kb ORDER BY 1, 2, 3;
INSERT INTO meminfo_value SELECT run_id, name_id, instant_id, value FROM numbered WHERE is_kb ORDER BY 1, 2, 3;
DROP TABLE numbered;
DROP TABLE vmstat;
DROP TABLE meminfo;
