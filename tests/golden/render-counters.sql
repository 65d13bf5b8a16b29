-- What the charts of LRU lists, working set, huge pages and policies show of render-small.sql's machine.
INSERT INTO counter_instant SELECT run_id, t / 2000000000, t FROM run,
	(SELECT 0 AS t UNION ALL SELECT 2000000000 UNION ALL SELECT 4000000000);
CREATE TEMP TABLE gauges (name, first, later);
INSERT INTO gauges VALUES ('nr_active_anon', 100, 900), ('nr_inactive_anon', 200, 1200),
	('nr_active_file', 300, 200), ('nr_inactive_file', 400, 100), ('nr_unevictable', 10, 10), ('nr_anon_pages', 300, 2100),
	('nr_file_pages', 700, 300), ('nr_anon_transparent_hugepages', 0, 2), ('workingset_refault_anon', 0, 600),
	('workingset_refault_file', 0, 90), ('pswpin', 0, 640), ('pswpout', 0, 1280), ('pgmajfault', 5, 70),
	('thp_fault_alloc', 0, 4), ('thp_fault_fallback', 0, 1), ('nr_swapcached', 0, 120);
INSERT INTO counter_name SELECT run_id, gauges.rowid, name FROM gauges, run;
INSERT INTO vmstat_value SELECT run_id, gauges.rowid, instant_id, first + (later - first) * t_ns / 4000000000 / run_id
	FROM gauges, counter_instant;
INSERT INTO thp_event VALUES (1, 1000000000, 7, 'fault_alloc', NULL, ''), (1, 1000000000, 7, 'fault_fallback', NULL, ''),
	(1, 3000000000, 9, 'collapse', NULL, '');
INSERT INTO lru_generation VALUES (2, 0, 0, 0, 100, 50), (2, 0, 0, 1, 200, 0), (2, 4000000000, 0, 0, 1500, 10), (2, 4000000000, 0, 1, 600, 290);
