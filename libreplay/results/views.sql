-- The interface: query these rather than the tables.

DROP VIEW IF EXISTS reclaim_stalls;
CREATE VIEW reclaim_stalls AS
SELECT e.run_id, r.label AS run, e.kind, e.pid, e.comm, e.start_ns, e.duration_ns, e.page_order,
       e.gfp_flags, e.nr_scanned, e.nr_reclaimed, e.cause, s.code
  FROM reclaim_episode e JOIN run r USING (run_id)
  LEFT JOIN stall_stack t ON t.run_id = e.run_id AND t.pid = e.pid AND t.start_ns = e.start_ns
                         AND t.cause = e.kind || ' reclaim'
  LEFT JOIN stack s USING (run_id, stack_id)
 WHERE e.kind <> 'kswapd';

DROP VIEW IF EXISTS compaction_stalls;
CREATE VIEW compaction_stalls AS
SELECT e.run_id, r.label AS run, e.kind, e.pid, e.comm, e.start_ns, e.duration_ns, e.page_order,
       e.gfp_flags, e.sync, e.nr_migrate_scanned, e.nr_free_scanned, e.nr_migrated, e.nr_failed, e.result, s.code
  FROM compaction_episode e JOIN run r USING (run_id)
  LEFT JOIN stall_stack t ON t.run_id = e.run_id AND t.pid = e.pid AND t.start_ns = e.start_ns
                         AND t.cause = 'direct compaction'
  LEFT JOIN stack s USING (run_id, stack_id)
 WHERE e.kind = 'direct';

-- The last name of each task: what it did before it executed its program has another in most tables.
DROP VIEW IF EXISTS task_name;
CREATE VIEW task_name AS
SELECT run_id, pid, comm FROM (SELECT run_id, pid, comm, max(start_ns) FROM task GROUP BY run_id, pid);

-- Who was killed for lack of memory, and what it had (mmreplay-db(5), oom_kill).
DROP VIEW IF EXISTS oom_kills;
CREATE VIEW oom_kills AS
SELECT o.run_id, r.label AS run, o.t_ns / 1e9 AS at_s, o.pid, o.comm, o.oom_score_adj,
       o.total_vm_kb / 1024.0 AS total_vm_mib, o.anon_rss_kb / 1024.0 AS anon_rss_mib, o.file_rss_kb / 1024.0 AS file_rss_mib
  FROM oom_kill o JOIN run r USING (run_id);

-- The code behind each stall whose stack was recorded.
DROP VIEW IF EXISTS stall_stacks;
CREATE VIEW stall_stacks AS
SELECT t.run_id, r.label AS run, t.cause, t.pid, t.comm, t.start_ns, t.duration_ns, s.code, s.kernel, s.user, t.stack_id
  FROM stall_stack t JOIN run r USING (run_id) JOIN stack s USING (run_id, stack_id);

-- free_blocks at each instant, a row for each order of which there are blocks.
DROP VIEW IF EXISTS buddy;
CREATE VIEW buddy AS
WITH orders (page_order) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))
SELECT f.run_id, i.t_ns, z.node, z.zone, o.page_order,
       CASE f.migratetype WHEN 0 THEN 'Unmovable' WHEN 1 THEN 'Movable' WHEN 2 THEN 'Reclaimable' WHEN 3 THEN 'HighAtomic'
                          WHEN 4 THEN 'CMA' WHEN 5 THEN 'Isolate' END AS migratetype,
       CASE o.page_order WHEN 0 THEN f.order_0 WHEN 1 THEN f.order_1 WHEN 2 THEN f.order_2 WHEN 3 THEN f.order_3
                         WHEN 4 THEN f.order_4 WHEN 5 THEN f.order_5 WHEN 6 THEN f.order_6 WHEN 7 THEN f.order_7
                         WHEN 8 THEN f.order_8 WHEN 9 THEN f.order_9 WHEN 10 THEN f.order_10 END AS blocks
  FROM free_blocks f CROSS JOIN zone_name z USING (run_id, zone_id) CROSS JOIN orders o CROSS JOIN instant i
 WHERE blocks > 0 AND i.run_id = f.run_id AND i.t_ns BETWEEN f.t_ns AND f.last_ns;

-- The kernel's indices of external fragmentation at each instant, from the blocks of all migratetypes. Per mille.
DROP VIEW IF EXISTS frag;
CREATE VIEW frag AS
WITH zone_pages AS (
  SELECT f.run_id, i.t_ns, f.zone_id, sum(order_0) AS p0, sum(order_1) << 1 AS p1, sum(order_2) << 2 AS p2, sum(order_3) << 3 AS p3,
         sum(order_4) << 4 AS p4, sum(order_5) << 5 AS p5, sum(order_6) << 6 AS p6, sum(order_7) << 7 AS p7,
         sum(order_8) << 8 AS p8, sum(order_9) << 9 AS p9, sum(order_10) << 10 AS p10,
         sum(order_0 + order_1 + order_2 + order_3 + order_4 + order_5 + order_6 + order_7 + order_8 + order_9 + order_10) AS blocks
    FROM free_blocks f CROSS JOIN instant i ON i.run_id = f.run_id AND i.t_ns BETWEEN f.t_ns AND f.last_ns
   GROUP BY f.run_id, i.t_ns, f.zone_id),
counted AS MATERIALIZED (
  SELECT *, p0 + p1 + p2 + p3 + p4 + p5 + p6 + p7 + p8 + p9 + p10 AS pages
    FROM zone_pages CROSS JOIN zone_name USING (run_id, zone_id)),
orders (page_order) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)),
at_order AS (
  SELECT *, p0 + (page_order > 1) * p1 + (page_order > 2) * p2 + (page_order > 3) * p3 + (page_order > 4) * p4
            + (page_order > 5) * p5 + (page_order > 6) * p6 + (page_order > 7) * p7 + (page_order > 8) * p8
            + (page_order > 9) * p9 AS smaller
    FROM counted CROSS JOIN orders)
SELECT run_id, t_ns, node, zone, page_order, coalesce(smaller * 1000 / pages, 1000) AS unusable,
       CASE WHEN blocks = 0 THEN 0
            WHEN smaller < pages THEN -1000
            ELSE 1000 - (1000 + pages * 1000 / (1 << page_order)) / blocks END AS frag_index
  FROM at_order;

-- The counters of /proc/vmstat and /proc/meminfo with their names and times.
DROP VIEW IF EXISTS vmstat;
CREATE VIEW vmstat AS
SELECT v.run_id, i.t_ns, n.name, v.value
  FROM counter_name n CROSS JOIN vmstat_value v USING (run_id, name_id) CROSS JOIN counter_instant i USING (run_id, instant_id);

DROP VIEW IF EXISTS meminfo;
CREATE VIEW meminfo AS
SELECT v.run_id, i.t_ns, n.name, v.kb
  FROM counter_name n CROSS JOIN meminfo_value v USING (run_id, name_id) CROSS JOIN counter_instant i USING (run_id, instant_id);

-- Counter deltas between the run's begin_ns and end_ns, and the group that each belongs to: here and nowhere else.
DROP VIEW IF EXISTS counters;
CREATE VIEW counters AS
SELECT r.run_id, r.label AS run, n.name,
       max(CASE WHEN i.t_ns = r.end_ns THEN v.value END) -
       max(CASE WHEN i.t_ns = r.begin_ns THEN v.value END) AS value,
       CASE WHEN n.name GLOB 'pgalloc_*' OR n.name IN ('pgfree', 'mm_page_alloc_extfrag') THEN 'alloc'
            WHEN n.name IN ('pgfault', 'pgmajfault', 'pswpin', 'pswpout')
              OR n.name GLOB 'workingset_refault_*' THEN 'fault'
            WHEN n.name GLOB 'pgscan_*' OR n.name GLOB 'pgsteal_*' OR n.name GLOB 'allocstall_*'
              OR n.name IN ('pageoutrun', 'pgactivate', 'pgdeactivate', 'pgrefill') THEN 'reclaim'
            WHEN n.name GLOB 'compact_*' OR n.name GLOB 'pgmigrate_*' THEN 'compaction'
            WHEN n.name GLOB 'thp_*' THEN 'thp'
            ELSE 'other' END AS part
  FROM run r CROSS JOIN counter_instant i ON i.run_id = r.run_id AND i.t_ns IN (r.begin_ns, r.end_ns)
  CROSS JOIN counter_name n ON n.run_id = r.run_id
  CROSS JOIN vmstat_value v ON v.run_id = r.run_id AND v.name_id = n.name_id AND v.instant_id = i.instant_id
 GROUP BY r.run_id, n.name
HAVING count(CASE WHEN i.t_ns = r.begin_ns THEN 1 END) AND count(CASE WHEN i.t_ns = r.end_ns THEN 1 END);

-- Each replay against the first original of the same trace. error as in design: |difference| / max(original, 64).
DROP VIEW IF EXISTS compare;
CREATE VIEW compare AS
SELECT r.trace_id, r.run_id, r.label AS run, o.name, o.value AS original, c.value AS replay,
       c.value - o.value AS difference,
       abs(c.value - o.value) * 1.0 / max(abs(o.value), 64) AS error, o.part
  FROM run r JOIN counters c USING (run_id)
  JOIN run w ON w.run_id = (SELECT min(run_id) FROM run WHERE trace_id = r.trace_id AND kind = 'original')
  JOIN counters o ON o.run_id = w.run_id AND o.name = c.name
 WHERE r.kind = 'replay';

-- Free memory over time, at the instants that the replay and the original both have: in all (page_order NULL), and
-- by order. error is the mean |difference| over the mean of the original.
DROP VIEW IF EXISTS trajectories;
CREATE VIEW trajectories AS
WITH pair AS (
  SELECT rr.run_id, rr.label, (SELECT min(run_id) FROM run ro WHERE ro.trace_id = rr.trace_id AND ro.kind = 'original') AS original_id
    FROM run rr WHERE rr.kind = 'replay'),
both AS (
  SELECT p.run_id, b.t_ns, b.page_order,
         sum(CASE WHEN b.run_id = p.original_id THEN b.blocks ELSE 0 END) AS was,
         sum(CASE WHEN b.run_id = p.run_id THEN b.blocks ELSE 0 END) AS is_now
    FROM pair p JOIN buddy b ON b.run_id IN (p.original_id, p.run_id)
   GROUP BY p.run_id, b.t_ns, b.page_order),
instant AS (
  SELECT run_id, t_ns, sum(was << page_order) AS was, sum(is_now << page_order) AS is_now
    FROM both GROUP BY run_id, t_ns HAVING sum(was) > 0 AND sum(is_now) > 0),
number AS (SELECT run_id, count(*) * 1.0 AS instants FROM instant GROUP BY run_id),
summed AS (
  SELECT run_id, NULL AS page_order, sum(was) AS was, sum(is_now) AS is_now, sum(abs(is_now - was)) AS off
    FROM instant GROUP BY run_id
  UNION ALL
  SELECT b.run_id, b.page_order, sum(b.was), sum(b.is_now), sum(abs(b.is_now - b.was))
    FROM both b JOIN instant i USING (run_id, t_ns) GROUP BY b.run_id, b.page_order)
SELECT p.run_id, p.label AS run, s.page_order, s.was / n.instants AS mean_original, s.is_now / n.instants AS mean_replay,
       s.off / n.instants / max(s.was / n.instants, 1) AS error
  FROM summed s JOIN number n USING (run_id) JOIN pair p USING (run_id);

-- How near a replay came: of each group the median and the worst of the counters that moved in either run. Free pages
-- over time are one of the group alloc; the orders are in trajectories.
DROP VIEW IF EXISTS scores;
CREATE VIEW scores AS
WITH moved AS (
  SELECT run_id, run, part, name, error FROM compare WHERE part <> 'other' AND (original <> 0 OR replay <> 0)
  UNION ALL
  SELECT run_id, run, 'alloc', 'free pages', error FROM trajectories WHERE page_order IS NULL),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY run_id, part ORDER BY error, name) AS n,
         count(*) OVER (PARTITION BY run_id, part) AS k FROM moved)
SELECT run_id, run, part, k AS nr_counters, avg(error) FILTER (WHERE n IN ((k + 1) / 2, (k + 2) / 2)) AS median_error,
       max(CASE WHEN n = k THEN name END) AS worst, max(error) AS worst_error
  FROM ranked GROUP BY run_id, part;

DROP VIEW IF EXISTS miss_ratios;
CREATE VIEW miss_ratios AS
SELECT q.run_id, r.label AS run, r.policy, q.memory, q.exact, q.requests, q.hits, q.misses,
       q.misses * 1.0 / q.requests AS miss_ratio
  FROM request_stat q JOIN run r USING (run_id);

-- Replays that differ in their seed alone: how far a counter's value is chance. spread = (most - least) / max(mean, 64).
DROP VIEW IF EXISTS seeds;
CREATE VIEW seeds AS
WITH alike AS (
  SELECT r.run_id, r.trace_id, r.seed, replace(p.value, ' seed=' || r.seed, '') AS options
    FROM run r JOIN run_param p ON p.run_id = r.run_id AND p.name = 'options' WHERE r.kind = 'replay'),
value AS (
  SELECT a.trace_id, a.options, c.part, c.name, c.value * 1.0 AS value FROM alike a JOIN counters c USING (run_id)
  UNION ALL
  SELECT a.trace_id, a.options, 'alloc', CASE WHEN page_order IS NULL THEN 'free pages, mean'
           ELSE 'free blocks of order ' || page_order || ', mean' END, mean_replay
    FROM alike a JOIN trajectories t USING (run_id))
SELECT trace_id, options, part, name, count(*) AS nr_runs, avg(value) AS mean, min(value) AS least, max(value) AS most,
       (max(value) - min(value)) / max(abs(avg(value)), 64) AS spread
  FROM value GROUP BY trace_id, options, part, name HAVING count(*) > 1;

-- What a run comes to, in the numbers that one would choose between runs by. A throttled task is inside of a reclaim or
-- compaction, which counts already. p99: of a hundred stalls one is longer.
DROP VIEW IF EXISTS outcomes;
CREATE VIEW outcomes AS
WITH stall AS (
  SELECT run_id, duration_ns FROM reclaim_episode WHERE kind NOT IN ('kswapd', 'throttle')
  UNION ALL SELECT run_id, duration_ns FROM compaction_episode WHERE kind = 'direct'),
ranked AS (
  SELECT run_id, duration_ns, row_number() OVER (PARTITION BY run_id ORDER BY duration_ns) AS n,
         count(*) OVER (PARTITION BY run_id) AS k FROM stall WHERE duration_ns IS NOT NULL),
stalls AS (SELECT run_id, count(*) AS nr, sum(duration_ns) AS total_ns FROM stall GROUP BY run_id),
longest AS (SELECT run_id, duration_ns FROM ranked WHERE n = (99 * k + 99) / 100),
counted AS (
  SELECT run_id, sum(value) FILTER (WHERE name IN ('pswpin', 'pswpout')) AS swapped,
         sum(value) FILTER (WHERE name GLOB 'workingset_refault_*') AS refaults,
         sum(value) FILTER (WHERE name IN ('thp_fault_alloc', 'thp_collapse_alloc')) AS huge_pages
    FROM counters GROUP BY run_id)
SELECT r.run_id, r.label AS run, coalesce(s.nr, 0) AS nr_stalls, coalesce(s.total_ns, 0) AS stalled_ns,
       coalesce(l.duration_ns, 0) AS p99_stall_ns, c.swapped, c.refaults, c.huge_pages,
       (SELECT count(*) FROM oom_kill o WHERE o.run_id = r.run_id) AS nr_oom_kills
  FROM run r LEFT JOIN stalls s USING (run_id) LEFT JOIN longest l USING (run_id) LEFT JOIN counted c USING (run_id);

-- Counters by interval: what happened since the instant before at which all were read, of each run. The tables of sar, vmstat and their kin are made of these.
DROP VIEW IF EXISTS vmstat_steps;
CREATE VIEW vmstat_steps AS
WITH at AS (
  SELECT run_id, t_ns, sum(value) FILTER (WHERE name = 'pgpgin') AS pgpgin,
         sum(value) FILTER (WHERE name = 'pgpgout') AS pgpgout,
         sum(value) FILTER (WHERE name = 'pgfault') AS pgfault,
         sum(value) FILTER (WHERE name = 'pgmajfault') AS pgmajfault,
         sum(value) FILTER (WHERE name = 'pgfree') AS pgfree,
         sum(value) FILTER (WHERE name = 'pgscan_kswapd') AS scank,
         sum(value) FILTER (WHERE name IN ('pgscan_direct', 'pgscan_khugepaged', 'pgscan_proactive')) AS scand,
         sum(value) FILTER (WHERE name IN ('pgsteal_kswapd', 'pgsteal_direct', 'pgsteal_khugepaged', 'pgsteal_proactive')) AS steal,
         sum(value) FILTER (WHERE name = 'pswpin') AS pswpin,
         sum(value) FILTER (WHERE name = 'pswpout') AS pswpout
    FROM vmstat WHERE name IN ('pgpgin', 'pgpgout', 'pgfault', 'pgmajfault', 'pgfree', 'pgscan_kswapd', 'pgscan_direct',
                             'pgscan_khugepaged', 'pgscan_proactive', 'pgsteal_kswapd', 'pgsteal_direct',
                             'pgsteal_khugepaged', 'pgsteal_proactive', 'pswpin', 'pswpout')
   GROUP BY run_id, t_ns HAVING count(*) FILTER (WHERE name = 'pgfault')),
step AS (
  SELECT run_id, t_ns, (t_ns - lag(t_ns) OVER w) / 1e9 AS interval_s,
         pgpgin - lag(pgpgin) OVER w AS pgpgin,
         pgpgout - lag(pgpgout) OVER w AS pgpgout,
         pgfault - lag(pgfault) OVER w AS pgfault,
         pgmajfault - lag(pgmajfault) OVER w AS pgmajfault,
         pgfree - lag(pgfree) OVER w AS pgfree,
         scank - lag(scank) OVER w AS scank,
         scand - lag(scand) OVER w AS scand,
         steal - lag(steal) OVER w AS steal,
         pswpin - lag(pswpin) OVER w AS pswpin,
         pswpout - lag(pswpout) OVER w AS pswpout
    FROM at WINDOW w AS (PARTITION BY run_id ORDER BY t_ns))
SELECT * FROM step WHERE interval_s > 0;

-- sar -B, sar -W, sar -r, sar -S, vmstat 1, in their own words; columns of which a run knows nothing are NULL.
DROP VIEW IF EXISTS sar_paging;
CREATE VIEW sar_paging AS
SELECT run_id, t_ns / 1e9 AS t_s, interval_s, pgpgin / interval_s AS "pgpgin/s", pgpgout / interval_s AS "pgpgout/s",
       pgfault / interval_s AS "fault/s", pgmajfault / interval_s AS "majflt/s", pgfree / interval_s AS "pgfree/s",
       scank / interval_s AS "pgscank/s", scand / interval_s AS "pgscand/s", steal / interval_s AS "pgsteal/s",
       CASE WHEN scank + scand > 0 THEN 100.0 * steal / (scank + scand) ELSE 0.0 END AS "%vmeff"
  FROM vmstat_steps;

DROP VIEW IF EXISTS sar_swapping;
CREATE VIEW sar_swapping AS
SELECT run_id, t_ns / 1e9 AS t_s, interval_s, pswpin / interval_s AS "pswpin/s", pswpout / interval_s AS "pswpout/s" FROM vmstat_steps;

DROP VIEW IF EXISTS meminfo_rows;
CREATE VIEW meminfo_rows AS
SELECT run_id, t_ns, (t_ns - lag(t_ns) OVER (PARTITION BY run_id ORDER BY t_ns)) / 1e9 AS interval_s,
       sum(kb) FILTER (WHERE name = 'MemTotal') AS memtotal,
       sum(kb) FILTER (WHERE name = 'MemFree') AS memfree,
       sum(kb) FILTER (WHERE name = 'MemAvailable') AS memavailable,
       sum(kb) FILTER (WHERE name = 'Buffers') AS buffers,
       sum(kb) FILTER (WHERE name = 'Cached') AS cached,
       sum(kb) FILTER (WHERE name = 'SwapCached') AS swapcached,
       sum(kb) FILTER (WHERE name = 'Active') AS active,
       sum(kb) FILTER (WHERE name = 'Inactive') AS inactive,
       sum(kb) FILTER (WHERE name = 'Dirty') AS dirty,
       sum(kb) FILTER (WHERE name = 'Slab') AS slab,
       sum(kb) FILTER (WHERE name = 'SReclaimable') AS sreclaimable,
       sum(kb) FILTER (WHERE name = 'Committed_AS') AS committed_as,
       sum(kb) FILTER (WHERE name = 'SwapTotal') AS swaptotal,
       sum(kb) FILTER (WHERE name = 'SwapFree') AS swapfree
  FROM meminfo WHERE name IN ('MemTotal', 'MemFree', 'MemAvailable', 'Buffers', 'Cached', 'SwapCached', 'Active', 'Inactive', 'Dirty',
                              'Slab', 'SReclaimable', 'Committed_AS', 'SwapTotal', 'SwapFree')
 GROUP BY run_id, t_ns;

DROP VIEW IF EXISTS sar_memory;
CREATE VIEW sar_memory AS
SELECT run_id, t_ns / 1e9 AS t_s, interval_s, memfree AS kbmemfree, memavailable AS kbavail,
       memtotal - memfree - coalesce(buffers, 0) - cached - slab AS kbmemused,
       100.0 * (memtotal - memfree - coalesce(buffers, 0) - cached - slab) / memtotal AS "%memused",
       buffers AS kbbuffers, cached AS kbcached, committed_as AS kbcommit,
       100.0 * committed_as / (memtotal + swaptotal) AS "%commit", active AS kbactive, inactive AS kbinact, dirty AS kbdirty
  FROM meminfo_rows;

DROP VIEW IF EXISTS sar_swap;
CREATE VIEW sar_swap AS
SELECT run_id, t_ns / 1e9 AS t_s, interval_s, swapfree AS kbswpfree, swaptotal - swapfree AS kbswpused,
       CASE WHEN swaptotal > 0 THEN 100.0 * (swaptotal - swapfree) / swaptotal ELSE 0.0 END AS "%swpused",
       swapcached AS kbswpcad,
       CASE WHEN swaptotal > swapfree THEN 100.0 * swapcached / (swaptotal - swapfree) ELSE 0.0 END AS "%swpcad"
  FROM meminfo_rows;

-- vmstat 1 without what is not of memory; KiB, and KiB a second.
DROP VIEW IF EXISTS vmstat_memory;
CREATE VIEW vmstat_memory AS
SELECT m.run_id, m.t_ns / 1e9 AS t_s, s.interval_s, m.swaptotal - m.swapfree AS swpd, m.memfree AS free, m.buffers AS buff,
       m.cached + coalesce(m.sreclaimable, 0) AS cache, s.pswpin * (t.page_size / 1024) / s.interval_s AS si,
       s.pswpout * (t.page_size / 1024) / s.interval_s AS so, s.pgpgin / s.interval_s AS bi, s.pgpgout / s.interval_s AS bo
  FROM meminfo_rows m JOIN vmstat_steps s USING (run_id, t_ns) JOIN run r USING (run_id) JOIN trace t USING (trace_id);

DROP VIEW IF EXISTS fragmentation;
CREATE VIEW fragmentation AS
SELECT f.run_id, r.label AS run, f.t_ns, f.node, f.zone, f.page_order,
       f.unusable / 10.0 AS unusable_percent, f.frag_index / 1000.0 AS fragmentation_index
  FROM frag f JOIN run r USING (run_id);

DROP VIEW IF EXISTS stall_histogram;
CREATE VIEW stall_histogram AS
SELECT run_id, run, what, kind,
       CASE WHEN duration_ns < 1000 THEN 0
            WHEN duration_ns < 10000 THEN 1000 WHEN duration_ns < 100000 THEN 10000
            WHEN duration_ns < 1000000 THEN 100000 WHEN duration_ns < 10000000 THEN 1000000
            WHEN duration_ns < 100000000 THEN 10000000 ELSE 100000000 END AS at_least_ns,
       count(*) AS nr_stalls, sum(duration_ns) AS total_ns
  FROM (SELECT run_id, run, 'reclaim' AS what, kind, duration_ns FROM reclaim_stalls
        UNION ALL SELECT run_id, run, 'compaction', kind, duration_ns FROM compaction_stalls)
 WHERE duration_ns IS NOT NULL GROUP BY 1, 2, 3, 4, 5;

-- A throttled task is inside of a reclaim or compaction, whose time counts already.
DROP VIEW IF EXISTS top_stalled_tasks;
CREATE VIEW top_stalled_tasks AS
SELECT run_id, run, pid, coalesce(n.comm, s.comm) AS comm, count(*) AS nr_stalls, sum(duration_ns) AS total_ns,
       max(duration_ns) AS longest_ns
  FROM (SELECT run_id, run, pid, comm, duration_ns FROM reclaim_stalls WHERE kind <> 'throttle'
        UNION ALL
        SELECT run_id, run, pid, comm, duration_ns FROM compaction_stalls) s
  LEFT JOIN task_name n USING (run_id, pid)
 GROUP BY run_id, run, pid, coalesce(n.comm, s.comm)
 ORDER BY total_ns DESC;

-- The state of KSM, a row for each time at which it is known. bytes_saved: by pages that others use and by the zero page.
DROP VIEW IF EXISTS ksm_state;
CREATE VIEW ksm_state AS
SELECT v.run_id, r.label AS run, v.t_ns,
       max(value) FILTER (WHERE name = 'ksm/pages_shared') AS pages_shared,
       max(value) FILTER (WHERE name = 'ksm/pages_sharing') AS pages_sharing,
       max(value) FILTER (WHERE name = 'ksm/pages_unshared') AS pages_unshared,
       max(value) FILTER (WHERE name = 'ksm/pages_volatile') AS pages_volatile,
       max(value) FILTER (WHERE name = 'ksm/ksm_zero_pages') AS zero_pages,
       max(value) FILTER (WHERE name = 'ksm/full_scans') AS full_scans,
       max(value) FILTER (WHERE name = 'ksm/pages_scanned') AS pages_scanned,
       max(value) FILTER (WHERE name = 'ksm/pages_skipped') AS pages_skipped,
       max(value) FILTER (WHERE name = 'ksm/pages_to_scan') AS pages_to_scan,
       max(value) FILTER (WHERE name = 'ksm/stable_node_chains') AS stable_node_chains,
       max(value) FILTER (WHERE name = 'ksm/stable_node_dups') AS stable_node_dups,
       4096 * (max(value) FILTER (WHERE name = 'ksm/pages_sharing')
               + coalesce(max(value) FILTER (WHERE name = 'ksm/ksm_zero_pages'), 0)) AS bytes_saved
  FROM vmstat v JOIN run r USING (run_id) WHERE v.name GLOB 'ksm/*' GROUP BY v.run_id, v.t_ns;

-- TLB flushes by the kernel's reasons. up_to_date: there was nothing to flush.
DROP VIEW IF EXISTS tlb_reasons;
CREATE VIEW tlb_reasons AS
SELECT f.run_id, r.label AS run, f.reason,
       sum(CASE f.extent WHEN 'full' THEN f.flushes ELSE 0 END) AS full,
       sum(CASE f.extent WHEN 'ranged' THEN f.flushes ELSE 0 END) AS ranged,
       sum(CASE f.extent WHEN 'none' THEN f.flushes ELSE 0 END) AS up_to_date,
       sum(f.pages) AS pages
  FROM tlb_flush f JOIN run r USING (run_id) GROUP BY f.run_id, f.reason;

-- ... and by what they were for. Interrupts were sent to other CPUs; flushes_elsewhere is what these did.
DROP VIEW IF EXISTS tlb_causes;
CREATE VIEW tlb_causes AS
SELECT f.run_id, r.label AS run, f.cause,
       sum(CASE WHEN f.reason IN ('task switch', 'local shootdown', 'local mm shootdown') THEN f.flushes ELSE 0 END) AS flushes_here,
       sum(CASE f.reason WHEN 'remote send IPI' THEN f.flushes ELSE 0 END) AS interrupts,
       sum(CASE f.reason WHEN 'remote shootdown' THEN f.flushes ELSE 0 END) AS flushes_elsewhere,
       100.0 * sum(CASE f.extent WHEN 'full' THEN f.flushes ELSE 0 END) / sum(f.flushes) AS full_percent,
       sum(CASE f.reason WHEN 'remote send IPI' THEN 0 ELSE f.pages END) AS pages
  FROM tlb_flush f JOIN run r USING (run_id) GROUP BY f.run_id, f.cause;

-- Means over windows; of the entries needed, those for which a level has room at the same time.
DROP VIEW IF EXISTS tlb_reaches;
CREATE VIEW tlb_reaches AS
SELECT t.run_id, r.label AS run, t.entries, t.pages / t.windows AS pages_a_window, t.needed / t.windows AS entries_a_window,
       100.0 * t.l1_held / t.needed AS l1_percent, 100.0 * t.l2_held / t.needed AS l2_percent
  FROM tlb_reach t JOIN run r USING (run_id) WHERE t.windows > 0 AND t.needed > 0;

DROP VIEW IF EXISTS page_tables;
CREATE VIEW page_tables AS
SELECT p.run_id, r.label AS run, p.layout, p.leaves, p.uppers, p.bytes / 1024 AS kb
  FROM page_table p JOIN run r USING (run_id);

-- What would have become of a request of each order and migratetype. A row holds until the zone's next one of its order and type.
DROP VIEW IF EXISTS request_outcome;
CREATE VIEW request_outcome AS
WITH orders (page_order) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))
SELECT c.run_id, c.t_ns, z.node, z.zone, o.page_order,
       CASE c.migratetype WHEN 0 THEN 'Unmovable' WHEN 1 THEN 'Movable' WHEN 2 THEN 'Reclaimable' END AS migratetype,
       CASE substr(c.outcomes, o.page_order + 1, 1) WHEN 'o' THEN 'own' WHEN 'f' THEN 'fallback' WHEN 'c' THEN 'compaction'
            WHEN 'p' THEN 'pinned' WHEN 'm' THEN 'memory' END AS outcome
  FROM outcome_change c CROSS JOIN zone_name z USING (run_id, zone_id) CROSS JOIN orders o WHERE outcome IS NOT NULL;

-- For how long each outcome held, and the share of the time that is known. Lists are numbered by zone, type and order while they are sorted.
DROP VIEW IF EXISTS request_outcomes;
CREATE VIEW request_outcomes AS
WITH orders (page_order) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)),
change AS (
  SELECT run_id, (zone_id << 8) + (migratetype << 4) + page_order AS list, t_ns, duration_ns, substr(outcomes, page_order + 1, 1) AS letter
    FROM outcome_change CROSS JOIN run USING (run_id) CROSS JOIN orders WHERE letter <> '-'),
span AS (
  SELECT run_id, list, letter, lead(t_ns, 1, duration_ns) OVER (PARTITION BY run_id, list ORDER BY t_ns) - t_ns AS lasted_ns
    FROM change),
held AS (
  SELECT run_id, list, list >> 8 AS zone_id, letter, sum(lasted_ns) AS total_ns FROM span GROUP BY run_id, list, letter)
SELECT run_id, label AS run, node, zone, list & 15 AS page_order,
       CASE (list >> 4) & 15 WHEN 0 THEN 'Unmovable' WHEN 1 THEN 'Movable' WHEN 2 THEN 'Reclaimable' END AS migratetype,
       CASE letter WHEN 'o' THEN 'own' WHEN 'f' THEN 'fallback' WHEN 'c' THEN 'compaction' WHEN 'p' THEN 'pinned'
                   WHEN 'm' THEN 'memory' END AS outcome,
       total_ns, 100.0 * total_ns / max(sum(total_ns) OVER (PARTITION BY run_id, list), 1) AS time_percent
  FROM held CROSS JOIN run USING (run_id) CROSS JOIN zone_name USING (run_id, zone_id);

-- Pinned pageblocks at each instant at which they were counted.
DROP VIEW IF EXISTS pinned_block;
CREATE VIEW pinned_block AS
SELECT s.run_id, i.t_ns, z.node, z.zone, s.first_pfn, s.holder_id, s.pages, s.holders
  FROM pin_span s CROSS JOIN zone_name z USING (run_id, zone_id) CROSS JOIN pin_instant i ON i.run_id = s.run_id AND i.t_ns BETWEEN s.t_ns AND s.last_ns;

-- Who pinned how many pageblocks at each instant at which they were counted: alone (huge pages that it alone costs), and among others.
DROP VIEW IF EXISTS pinners;
CREATE VIEW pinners AS
SELECT b.run_id, r.label AS run, b.t_ns, h.holder_id, h.kind, h.pid, h.comm, h.gfp_flags, h.gfp, sum(b.pages) AS pages,
       count(*) AS pageblocks, count(*) FILTER (WHERE b.holders = 1) AS alone, count(*) FILTER (WHERE b.holders > 1) AS among_others
  FROM pinned_block b JOIN pin_holder h USING (run_id, holder_id) JOIN run r USING (run_id)
 GROUP BY b.run_id, b.t_ns, h.holder_id;
