-- Version 8 had a table pinned_block, which is a view of pin_span now.
INSERT OR IGNORE INTO pin_instant SELECT run_id, t_ns FROM pinned_block;
INSERT INTO pin_span SELECT run_id, t_ns, t_ns, node, zone, first_pfn, holder_id, pages, holders FROM pinned_block;
DROP TABLE pinned_block;
