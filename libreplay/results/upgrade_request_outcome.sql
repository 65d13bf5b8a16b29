-- Version 8 had a table request_outcome, which is a view of outcome_change now.
INSERT INTO outcome_change
SELECT run_id, t_ns, node, zone, migratetype,
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
  FROM request_outcome GROUP BY run_id, t_ns, node, zone, migratetype;
DROP TABLE request_outcome;
