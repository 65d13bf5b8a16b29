-- SPDX-License-Identifier: GPL-2.0-or-later
-- How far the runs of one database are apart, each of them an original and all of the same workload:
-- temp.spread      of each counter: part (1 alloc, 2 fault, 3 reclaim, 4 compaction, 5 thp, 0 none), median, low, high,
--                  spread = (high - low) / max(median, 64), and error, what mmanalyze compare would call the error if
--                  one run were the original and the other its replay (the median of all pairs)
-- temp.trajectory  of free pages (page_order -1) and of the free blocks of each order over time: least, median, most
CREATE TEMP TABLE measured AS
SELECT run_id, name, value * 1.0 AS value,
  CASE part WHEN 'alloc' THEN 1 WHEN 'fault' THEN 2 WHEN 'reclaim' THEN 3 WHEN 'compaction' THEN 4 WHEN 'thp' THEN 5 END AS part
  FROM counters
UNION ALL
SELECT run_id, 'free pages, mean', sum(blocks << page_order) * 1.0 / count(DISTINCT t_ns), 1 FROM buddy GROUP BY 1
UNION ALL
SELECT run_id, 'free blocks of order ' || page_order || ', mean', sum(blocks) * 1.0 / count(DISTINCT t_ns), 1
  FROM buddy GROUP BY run_id, page_order
UNION ALL
SELECT run_id, 'duration, ms', (end_ns - begin_ns) / 1e6, 0 FROM run;
DELETE FROM measured WHERE part IS NULL
  OR name IN (SELECT name FROM measured GROUP BY name HAVING max(abs(value)) = 0);

CREATE TEMP TABLE spread AS
WITH ranked AS (SELECT *, row_number() OVER (PARTITION BY name ORDER BY value) AS n,
                       count(*) OVER (PARTITION BY name) AS k FROM measured),
     middle AS (SELECT part, name, avg(value) FILTER (WHERE n IN ((k + 1) / 2, (k + 2) / 2)) AS median,
                       min(value) AS low, max(value) AS high FROM ranked GROUP BY name),
     pairs AS (SELECT a.name, abs(b.value - a.value) / max(a.value, 64) AS error
                 FROM measured a JOIN measured b ON b.name = a.name AND b.run_id <> a.run_id),
     sorted AS (SELECT *, row_number() OVER (PARTITION BY name ORDER BY error) AS n,
                       count(*) OVER (PARTITION BY name) AS k FROM pairs),
     errors AS (SELECT name, avg(error) FILTER (WHERE n IN ((k + 1) / 2, (k + 2) / 2)) AS error
                  FROM sorted GROUP BY name)
SELECT part, name, median, low, high, (high - low) / max(median, 64) AS spread, error
  FROM middle JOIN errors USING (name);

-- Over time: two runs need not take as long, so that an instant of one is held against that of the other which is as far
-- between their beginning and end. The error is that of the view trajectories.
CREATE TEMP TABLE step AS
SELECT run_id, CAST(200 * (t_ns - begin_ns) / (end_ns - begin_ns) AS INTEGER) AS t, page_order, blocks, min(t_ns)
  FROM (SELECT run_id, t_ns, page_order, sum(blocks) AS blocks FROM buddy GROUP BY 1, 2, 3
        UNION ALL SELECT run_id, t_ns, -1, sum(blocks << page_order) FROM buddy GROUP BY 1, 2) JOIN run USING (run_id)
 WHERE t_ns BETWEEN begin_ns AND end_ns GROUP BY 1, 2, 3;
CREATE INDEX temp.step_key ON step (page_order, t);
CREATE TEMP TABLE trajectory AS
WITH pairs AS (
  SELECT a.page_order, sum(abs(b.blocks - a.blocks)) / (1.0 * sum(a.blocks)) AS error
    FROM step a CROSS JOIN step b ON b.page_order = a.page_order AND b.t = a.t AND b.run_id <> a.run_id
   GROUP BY a.page_order, a.run_id, b.run_id),
 sorted AS (SELECT *, row_number() OVER (PARTITION BY page_order ORDER BY error) AS n,
                   count(*) OVER (PARTITION BY page_order) AS k FROM pairs)
SELECT page_order, min(error) AS least, avg(error) FILTER (WHERE n IN ((k + 1) / 2, (k + 2) / 2)) AS median, max(error) AS most
  FROM sorted GROUP BY page_order;

-- temp.apart      of each group, free pages ('free') and the orders 0 to 8 ('orders'), the figure that a replay is judged
--                 by (tests/fidelity/replay-all): the median over the pairs of runs
CREATE TEMP TABLE apart AS
WITH pairs AS (
  SELECT a.part, a.run_id AS run_a, b.run_id AS run_b, abs(b.value - a.value) / max(a.value, 64) AS error
    FROM measured a JOIN measured b ON b.name = a.name AND b.run_id <> a.run_id
   WHERE a.part IN (1, 2, 3) AND a.name NOT GLOB 'free *' AND (a.value <> 0 OR b.value <> 0)
  UNION ALL
  SELECT CASE a.page_order WHEN -1 THEN 11 ELSE 12 END, a.run_id, b.run_id,
         sum(abs(b.blocks - a.blocks)) / (1.0 * max(sum(a.blocks), 1))
    FROM step a CROSS JOIN step b ON b.page_order = a.page_order AND b.t = a.t AND b.run_id <> a.run_id
   WHERE a.page_order <= 8 GROUP BY a.page_order, a.run_id, b.run_id),
 ranked AS (SELECT *, row_number() OVER one AS n, count(*) OVER (PARTITION BY part, run_a, run_b) AS k FROM pairs
            WINDOW one AS (PARTITION BY part, run_a, run_b ORDER BY error)),
 median AS (SELECT part, avg(error) AS error FROM ranked WHERE n IN ((k + 1) / 2, (k + 2) / 2) GROUP BY part, run_a, run_b),
 again AS (SELECT *, row_number() OVER one AS n, count(*) OVER (PARTITION BY part) AS k FROM median
           WINDOW one AS (PARTITION BY part ORDER BY error))
SELECT CASE part WHEN 1 THEN 'alloc' WHEN 2 THEN 'fault' WHEN 3 THEN 'reclaim' WHEN 11 THEN 'free' ELSE 'orders' END AS name,
       avg(error) AS error
  FROM again WHERE n IN ((k + 1) / 2, (k + 2) / 2) GROUP BY part;
