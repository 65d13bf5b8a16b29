-- Version 8 had a table pinned_block, which is a view of pin_span now. A row is for all instants one after the other at which it was so.
INSERT INTO pin_instant SELECT DISTINCT run_id, t_ns FROM pinned_block ORDER BY run_id, t_ns;
INSERT INTO zone_name
SELECT run_id, (SELECT count(*) FROM zone_name z WHERE z.run_id = n.run_id) - 1
               + row_number() OVER (PARTITION BY run_id ORDER BY node, zone), node, zone
  FROM (SELECT DISTINCT run_id, node, zone FROM pinned_block EXCEPT SELECT run_id, node, zone FROM zone_name) n;
INSERT INTO pin_span
WITH at AS (SELECT run_id, t_ns, row_number() OVER (PARTITION BY run_id ORDER BY t_ns) AS n FROM pin_instant),
span AS (
  SELECT b.*, n - row_number() OVER (PARTITION BY run_id, node, zone, first_pfn, holder_id, pages, holders ORDER BY n) AS since
    FROM pinned_block b JOIN at USING (run_id, t_ns))
SELECT run_id, min(t_ns), max(t_ns), zone_id, first_pfn, holder_id, pages, holders
  FROM span JOIN zone_name USING (run_id, node, zone)
 GROUP BY run_id, zone_id, first_pfn, holder_id, pages, holders, since ORDER BY run_id, min(t_ns), first_pfn;
DROP TABLE pinned_block;
