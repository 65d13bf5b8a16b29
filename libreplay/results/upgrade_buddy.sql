-- Versions before 9 had tables buddy and frag, which are views of free_blocks now.
INSERT OR IGNORE INTO instant SELECT run_id, t_ns FROM buddy;
INSERT INTO free_blocks
SELECT run_id, t_ns, t_ns, node, zone, migratetype, total(blocks) FILTER (WHERE page_order = 0),
       total(blocks) FILTER (WHERE page_order = 1), total(blocks) FILTER (WHERE page_order = 2),
       total(blocks) FILTER (WHERE page_order = 3), total(blocks) FILTER (WHERE page_order = 4),
       total(blocks) FILTER (WHERE page_order = 5), total(blocks) FILTER (WHERE page_order = 6),
       total(blocks) FILTER (WHERE page_order = 7), total(blocks) FILTER (WHERE page_order = 8),
       total(blocks) FILTER (WHERE page_order = 9), total(blocks) FILTER (WHERE page_order = 10)
  FROM buddy GROUP BY run_id, t_ns, node, zone, migratetype;
DROP TABLE buddy;
DROP TABLE frag;
