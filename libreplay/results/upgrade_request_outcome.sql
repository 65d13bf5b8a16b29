-- Version 8 had a table request_outcome, which is a view of outcome_change now.
INSERT INTO zone_name
SELECT run_id, (SELECT count(*) FROM zone_name z WHERE z.run_id = n.run_id) - 1
               + row_number() OVER (PARTITION BY run_id ORDER BY node, zone), node, zone
  FROM (SELECT DISTINCT run_id, node, zone FROM request_outcome EXCEPT SELECT run_id, node, zone FROM zone_name) n;
INSERT INTO outcome_change
SELECT run_id, t_ns, zone_id, CASE migratetype WHEN 'Unmovable' THEN 0 WHEN 'Movable' THEN 1 WHEN 'Reclaimable' THEN 2 END,
       coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 0), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 1), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 2), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 3), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 4), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 5), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 6), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 7), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 8), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 9), '-')
       || coalesce(max(substr(outcome, 1, 1)) FILTER (WHERE page_order = 10), '-')
  FROM request_outcome JOIN zone_name USING (run_id, node, zone) GROUP BY run_id, t_ns, zone_id, migratetype;
DROP TABLE request_outcome;
