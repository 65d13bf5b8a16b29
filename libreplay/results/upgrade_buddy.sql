-- Versions before 9 had tables buddy and frag, which are views of free_blocks now. A row is for all instants one after the other at
-- which a list was the same: from each row's number less its number among equal ones. What differs most is sorted by first.
INSERT INTO instant SELECT DISTINCT run_id, t_ns FROM buddy ORDER BY run_id, t_ns;
INSERT INTO zone_name
SELECT run_id, (SELECT count(*) FROM zone_name z WHERE z.run_id = n.run_id) - 1
               + row_number() OVER (PARTITION BY run_id ORDER BY node, zone), node, zone
  FROM (SELECT DISTINCT run_id, node, zone FROM buddy EXCEPT SELECT run_id, node, zone FROM zone_name) n;
INSERT INTO free_blocks
WITH list AS (
  SELECT run_id, t_ns, node, zone, migratetype,
         coalesce(sum(blocks) FILTER (WHERE page_order = 0), 0) AS o0,
         coalesce(sum(blocks) FILTER (WHERE page_order = 1), 0) AS o1,
         coalesce(sum(blocks) FILTER (WHERE page_order = 2), 0) AS o2,
         coalesce(sum(blocks) FILTER (WHERE page_order = 3), 0) AS o3,
         coalesce(sum(blocks) FILTER (WHERE page_order = 4), 0) AS o4,
         coalesce(sum(blocks) FILTER (WHERE page_order = 5), 0) AS o5,
         coalesce(sum(blocks) FILTER (WHERE page_order = 6), 0) AS o6,
         coalesce(sum(blocks) FILTER (WHERE page_order = 7), 0) AS o7,
         coalesce(sum(blocks) FILTER (WHERE page_order = 8), 0) AS o8,
         coalesce(sum(blocks) FILTER (WHERE page_order = 9), 0) AS o9,
         coalesce(sum(blocks) FILTER (WHERE page_order = 10), 0) AS o10
    FROM buddy GROUP BY t_ns, migratetype, zone, node, run_id),
at AS (SELECT run_id, t_ns, row_number() OVER (PARTITION BY run_id ORDER BY t_ns) AS n FROM instant),
span AS (
  SELECT list.*, n - row_number() OVER (PARTITION BY o0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10,
                                                     migratetype, zone, node, run_id
                                        ORDER BY n) AS since
    FROM list JOIN at USING (run_id, t_ns))
SELECT run_id, min(t_ns), max(t_ns), zone_id,
       CASE migratetype WHEN 'Unmovable' THEN 0 WHEN 'Movable' THEN 1 WHEN 'Reclaimable' THEN 2 WHEN 'HighAtomic' THEN 3
                        WHEN 'CMA' THEN 4 WHEN 'Isolate' THEN 5 END, o0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10
  FROM span JOIN zone_name USING (run_id, node, zone)
 GROUP BY o0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, since, migratetype, zone_id, run_id ORDER BY min(t_ns);
DROP TABLE buddy;
DROP TABLE frag;
