-- The results database. Every table, view and column is described in mmreplay-db(5).
-- This is also what brings an older database up to date (db.c): a new table needs a new RESULTS_USER_VERSION, a
-- change of an old one a statement of its own there.
-- t_ns counts from the trace's first event. Sizes in pages unless the name has a unit.

CREATE TABLE IF NOT EXISTS trace (
  trace_id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,        -- of the file's header and index, not of its path
  path TEXT NOT NULL,
  kernel_release TEXT NOT NULL,
  machine TEXT NOT NULL,
  clock TEXT NOT NULL,
  cmdline TEXT NOT NULL,
  page_size INTEGER NOT NULL,              -- bytes
  nr_cpus INTEGER NOT NULL,
  start_wall_ns INTEGER NOT NULL,          -- CLOCK_REALTIME at t_ns 0, 0 = unknown
  duration_ns INTEGER NOT NULL,
  nr_events INTEGER NOT NULL,
  nr_lost INTEGER NOT NULL,
  complete INTEGER NOT NULL                -- 1: nothing lost, damaged, cut off or filtered
) STRICT;

CREATE TABLE IF NOT EXISTS run (
  run_id INTEGER PRIMARY KEY,
  trace_id INTEGER NOT NULL REFERENCES trace ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('original', 'replay')),
  label TEXT NOT NULL,
  policy TEXT NOT NULL,                    -- 'kernel' for the original
  kernel TEXT NOT NULL,                    -- release whose behaviour was followed
  seed INTEGER NOT NULL,
  access_source TEXT NOT NULL,             -- idle, damon, perf, faults, model, none
  begin_ns INTEGER NOT NULL,               -- counters are deltas between these two instants
  end_ns INTEGER NOT NULL,
  duration_ns INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  tool_version TEXT NOT NULL,
  created_utc TEXT NOT NULL,               -- the only column that differs between two equal runs
  UNIQUE (trace_id, kind, label)
) STRICT;

CREATE TABLE IF NOT EXISTS run_param (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS node (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  node INTEGER NOT NULL,
  present INTEGER NOT NULL,
  managed INTEGER NOT NULL,
  PRIMARY KEY (run_id, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS zone (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  node INTEGER NOT NULL,
  zone TEXT NOT NULL,                      -- DMA, DMA32, Normal, Movable
  zone_index INTEGER NOT NULL,
  start_pfn INTEGER NOT NULL,
  spanned INTEGER NOT NULL,
  present INTEGER NOT NULL,
  managed INTEGER NOT NULL,
  wmark_min INTEGER NOT NULL,
  wmark_low INTEGER NOT NULL,
  wmark_high INTEGER NOT NULL,
  PRIMARY KEY (run_id, node, zone)
) STRICT, WITHOUT ROWID;

-- Names and instants of the counters below: a run's own, as are their numbers, so that its rows can go into another database.
CREATE TABLE IF NOT EXISTS counter_name (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (run_id, name_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS counter_instant (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  instant_id INTEGER NOT NULL,
  t_ns INTEGER NOT NULL,
  PRIMARY KEY (run_id, instant_id)
) STRICT, WITHOUT ROWID;

-- Names as in /proc/vmstat. The view vmstat has them and the times.
CREATE TABLE IF NOT EXISTS vmstat_value (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name_id INTEGER NOT NULL,
  instant_id INTEGER NOT NULL,
  value INTEGER NOT NULL,                  -- original: as the kernel had it; replay: likewise, from 0
  PRIMARY KEY (run_id, name_id, instant_id) ON CONFLICT REPLACE
) STRICT, WITHOUT ROWID;

-- When the free lists were looked at.
CREATE TABLE IF NOT EXISTS instant (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  PRIMARY KEY (run_id, t_ns)
) STRICT, WITHOUT ROWID;

-- Zones, for the tables that have most rows: a run's own, as are their numbers.
CREATE TABLE IF NOT EXISTS zone_name (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  zone_id INTEGER NOT NULL,
  node INTEGER NOT NULL,                   -- -1: all
  zone TEXT NOT NULL,                      -- 'any': all
  PRIMARY KEY (run_id, zone_id)
) STRICT, WITHOUT ROWID;

-- Free blocks of every order; a row holds at each instant from t_ns to last_ns. The views buddy and frag have rows for each instant.
-- This table and pin_span are filled many rows at a time, from cells whose types are certain (batch.c): to check each again would
-- take a quarter of the time.
CREATE TABLE IF NOT EXISTS free_blocks (
  run_id INTEGER REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER,
  last_ns INTEGER,
  zone_id INTEGER,
  migratetype INTEGER,                     -- 0 Unmovable, 1 Movable, 2 Reclaimable, 3 HighAtomic, 4 CMA, 5 Isolate
  order_0 INTEGER,
  order_1 INTEGER,
  order_2 INTEGER,
  order_3 INTEGER,
  order_4 INTEGER,
  order_5 INTEGER,
  order_6 INTEGER,
  order_7 INTEGER,
  order_8 INTEGER,
  order_9 INTEGER,
  order_10 INTEGER
);

CREATE TABLE IF NOT EXISTS task (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  start_ns INTEGER NOT NULL,
  end_ns INTEGER                           -- NULL: still there at the end
) STRICT;

CREATE TABLE IF NOT EXISTS reclaim_episode (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('direct', 'kswapd', 'memcg', 'node', 'throttle')),
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  start_ns INTEGER NOT NULL,
  duration_ns INTEGER,                     -- NULL: its end is not in the trace
  page_order INTEGER,
  gfp_flags INTEGER,
  nr_scanned INTEGER NOT NULL,
  nr_reclaimed INTEGER NOT NULL,
  cause TEXT NOT NULL                      -- in words: 'allocation of order 0 (Movable, GFP_HIGHUSER_MOVABLE)'
) STRICT;

CREATE TABLE IF NOT EXISTS compaction_episode (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('direct', 'kcompactd', 'khugepaged', 'manual', 'other')),
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  start_ns INTEGER NOT NULL,
  duration_ns INTEGER,
  page_order INTEGER,
  gfp_flags INTEGER,
  sync INTEGER NOT NULL,
  nr_migrate_scanned INTEGER NOT NULL,
  nr_free_scanned INTEGER NOT NULL,
  nr_migrated INTEGER NOT NULL,
  nr_failed INTEGER NOT NULL,
  result TEXT NOT NULL                     -- success, complete, partial_skipped, deferred, skipped, contended, …
) STRICT;

CREATE TABLE IF NOT EXISTS thp_event (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  kind TEXT NOT NULL,                      -- fault_alloc, fault_fallback, collapse, collapse_failed, split, swapout
  address INTEGER,
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS oom_kill (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  total_vm_kb INTEGER NOT NULL,
  anon_rss_kb INTEGER NOT NULL,
  file_rss_kb INTEGER NOT NULL,
  oom_score_adj INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS fault_stat (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  kind TEXT NOT NULL,                      -- user, kernel (original); anon, swapin, file, cow (replay)
  nr_faults INTEGER NOT NULL
) STRICT;

-- Of a trace of page requests: how a cache of so many pages did.
CREATE TABLE IF NOT EXISTS request_stat (
  run_id INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
  memory INTEGER NOT NULL,
  exact INTEGER NOT NULL,                  -- 1: a bare cache of so many pages; 0: a machine with so much memory
  requests INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  misses INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS swap_stat (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  slots_used INTEGER NOT NULL,
  swapped_in INTEGER NOT NULL,             -- pages since the run began
  swapped_out INTEGER NOT NULL
) STRICT;

-- MGLRU's generations, added over memory cgroups; pages.
CREATE TABLE IF NOT EXISTS lru_generation (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  node INTEGER NOT NULL,
  generation INTEGER NOT NULL,             -- 0: the youngest
  anon INTEGER NOT NULL,
  file INTEGER NOT NULL
) STRICT;

-- The state of pageblocks of a zone that lie one after the other, 8 bytes each, little endian. It holds until a later row of theirs.
-- u16 free pages, u16 used movable (LRU) pages, u16 other used pages, u8 migratetype, u8 largest free order (255: none)
-- migratetype is numbered as in free_blocks; a hole of the address space has no pages at all.
CREATE TABLE IF NOT EXISTS pageblock (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  node INTEGER NOT NULL,
  zone TEXT NOT NULL,
  first_pfn INTEGER NOT NULL,              -- of the first pageblock, aligned down
  pageblock_pages INTEGER NOT NULL,
  nr_pageblocks INTEGER NOT NULL,
  state BLOB NOT NULL
) STRICT;

-- Holes: from here on results are not exact.
CREATE TABLE IF NOT EXISTS lost (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  cpu INTEGER NOT NULL,
  nr_events INTEGER NOT NULL
) STRICT;

-- What a run's verification found: mmreplay --shadow --verify.
CREATE TABLE IF NOT EXISTS verification (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  what TEXT NOT NULL,                      -- 'buddyinfo', 'kpageflags'
  page_order INTEGER,                      -- of a buddyinfo row, else NULL
  kernel INTEGER NOT NULL,                 -- blocks, or pages compared
  shadow INTEGER NOT NULL,                 -- blocks, or pages that agree
  cause TEXT NOT NULL
) STRICT;

-- Where tasks were when they began to wait (mmcap record --stacks=stalls). Functions from the innermost outwards.
CREATE TABLE IF NOT EXISTS stack (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  stack_id INTEGER NOT NULL,
  code TEXT NOT NULL,                      -- the frame that says most: of the program rather than of libc or the kernel
  kernel TEXT NOT NULL,                    -- 'try_to_free_pages;__alloc_pages_slowpath;...'
  user TEXT NOT NULL,                      -- '' for a kernel thread, or if it could not be followed
  PRIMARY KEY (run_id, stack_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS stack_frame (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  stack_id INTEGER NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('kernel', 'user')),
  depth INTEGER NOT NULL,                  -- 0: innermost of its side
  frame TEXT NOT NULL,                     -- function, or file+0xoffset, or the address
  file TEXT,                               -- program, library or kernel module; NULL: the kernel, or unknown
  PRIMARY KEY (run_id, stack_id, side, depth)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS stall_stack (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  cause TEXT NOT NULL,                     -- direct reclaim, memcg reclaim, node reclaim, direct compaction, no huge page, out of memory
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  start_ns INTEGER NOT NULL,               -- of the stall, as in its own table
  duration_ns INTEGER,                     -- NULL: unknown, or nothing that lasts
  stack_id INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS stall_stack_start ON stall_stack (run_id, pid, start_ns);

-- Who holds memory. Movable pages are those of programs and files; kernel: all others.
CREATE TABLE IF NOT EXISTS allocation_stat (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  pid INTEGER NOT NULL,                    -- 0: interrupts
  comm TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('movable', 'kernel')),
  allocated INTEGER NOT NULL,              -- pages, within the recording
  most INTEGER NOT NULL,                   -- of them, at the same time
  live INTEGER NOT NULL,                   -- of them, at its end
  tasks INTEGER NOT NULL                   -- more than 1: those of that name that allocated less than 256 pages each
) STRICT;

CREATE TABLE IF NOT EXISTS task_memory (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  anon INTEGER NOT NULL,                   -- of its address space, as the kernel counts it
  file INTEGER NOT NULL,
  shmem INTEGER NOT NULL,
  swap INTEGER NOT NULL,
  kernel INTEGER NOT NULL                  -- that it allocated within the recording and has
) STRICT;

-- Kernel pages in pageblocks when a compaction had failed.
CREATE TABLE IF NOT EXISTS pin (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  pages INTEGER NOT NULL,
  pageblocks INTEGER NOT NULL              -- that they lie in
) STRICT;

CREATE TABLE IF NOT EXISTS oom_candidate (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,                   -- of the kill
  pid INTEGER NOT NULL,
  comm TEXT NOT NULL,
  memory INTEGER NOT NULL,
  swap INTEGER NOT NULL,
  oom_score_adj INTEGER NOT NULL,
  points INTEGER NOT NULL,                 -- memory + swap + oom_score_adj / 1000 of all memory and swap
  victim INTEGER NOT NULL,
  asked INTEGER NOT NULL                   -- 1: it was this task that found no memory
) STRICT;

CREATE TABLE IF NOT EXISTS file_stat (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  dev TEXT NOT NULL,                       -- '254:16'
  ino INTEGER NOT NULL,
  pages INTEGER NOT NULL,                  -- 1 + the largest index that was seen
  pid INTEGER NOT NULL,                    -- of who read most of it in; where nobody did, who wrote most
  comm TEXT NOT NULL,
  added INTEGER NOT NULL,                  -- to the page cache
  again INTEGER NOT NULL,                  -- of them: had been there before, within the recording
  sequential INTEGER NOT NULL,             -- of them: in runs of at least 256 pages, one after the other
  evicted INTEGER NOT NULL,                -- by reclaim
  written INTEGER NOT NULL DEFAULT 0,      -- of added: came in to be written over
  writer_pid INTEGER NOT NULL DEFAULT 0,   -- of who wrote most; 0: nobody did
  writer_comm TEXT NOT NULL DEFAULT '',
  files INTEGER NOT NULL DEFAULT 1         -- more: small files of a reader and a writer, in one row; ino and pages are 0
) STRICT;

CREATE TABLE IF NOT EXISTS slab_cache (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  name TEXT NOT NULL,
  objects INTEGER NOT NULL,                -- in use
  object_size INTEGER NOT NULL,            -- bytes
  pages INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS cgroup_memory (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  path TEXT NOT NULL,
  name TEXT NOT NULL,                      -- the file's, and the key's: 'memory.max', 'memory.events:oom_kill'
  value INTEGER                            -- bytes, or a number of events; NULL: no limit
) STRICT;

-- What a run's machine had at the instants of its vmstat rows, names as in /proc/meminfo. The view meminfo has them and the times.
CREATE TABLE IF NOT EXISTS meminfo_value (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  name_id INTEGER NOT NULL,
  instant_id INTEGER NOT NULL,
  kb INTEGER NOT NULL,
  PRIMARY KEY (run_id, name_id, instant_id) ON CONFLICT REPLACE
) STRICT, WITHOUT ROWID;

-- How much memory the recorded workload needs, by LRU (mmanalyze curve). Only of recordings that wanted back what was evicted.
CREATE TABLE IF NOT EXISTS memory_use (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  memory TEXT NOT NULL CHECK (memory IN ('anon', 'file', 'both')),
  uses INTEGER NOT NULL,                   -- first uses and those of pages used before
  first_uses INTEGER NOT NULL,             -- that miss with any memory
  pages_at_most INTEGER NOT NULL,          -- at the same time
  known_from INTEGER NOT NULL,             -- pages; with less memory there may be more refaults
  only_faults INTEGER NOT NULL,            -- 1: uses that hit are not seen
  kernel_pages INTEGER NOT NULL,           -- that the kernel held besides, at most
  PRIMARY KEY (run_id, memory)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS miss_curve (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  memory TEXT NOT NULL,
  pages INTEGER NOT NULL,                  -- of memory, rising
  refaults INTEGER NOT NULL                -- with so much
) STRICT;

-- Flushes of TLBs: of the original as tlb:tlb_flush told, of a replay with tlb.model as the engine had them.
CREATE TABLE IF NOT EXISTS tlb_flush (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  cause TEXT NOT NULL,                     -- what it was for: switch, exit, fork, copy, unmap, reclaim, migrate, huge page, other
  reason TEXT NOT NULL,                    -- the kernel's: task switch, remote shootdown, local shootdown, local mm shootdown, remote send IPI
  extent TEXT NOT NULL CHECK (extent IN ('none', 'ranged', 'full')), -- none: nothing was out of date
  flushes INTEGER NOT NULL,
  pages INTEGER NOT NULL,                  -- of ranged ones
  PRIMARY KEY (run_id, cause, reason, extent)
) STRICT, WITHOUT ROWID;

-- Of the anonymous pages used within windows of tlb.window: how many TLB entries they needed, and how many fit. Sums over windows.
CREATE TABLE IF NOT EXISTS tlb_reach (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  entries TEXT NOT NULL,                   -- 'as mapped', or as if all were of '4 KiB', '2 MiB', '1 GiB'
  windows INTEGER NOT NULL,
  pages INTEGER NOT NULL,                  -- base pages
  needed INTEGER NOT NULL,                 -- entries
  l1_held INTEGER NOT NULL,                -- of them, that the first level has room for at the same time
  l2_held INTEGER NOT NULL,
  PRIMARY KEY (run_id, entries)
) STRICT, WITHOUT ROWID;

-- Page tables of the anonymous memory of all processes, when they were most, as other layouts would have them.
CREATE TABLE IF NOT EXISTS page_table (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  layout TEXT NOT NULL,                    -- 'x86-64, 4 levels', ...
  leaves INTEGER NOT NULL,                 -- tables that map pages
  uppers INTEGER NOT NULL,                 -- tables above
  bytes INTEGER NOT NULL,
  PRIMARY KEY (run_id, layout)
) STRICT, WITHOUT ROWID;

-- What would have become of a request of each order, in the order of orders: o own, f fallback, c compaction, p pinned, m memory,
-- - as before. A row holds until the zone's next one of its type; the view request_outcome has a row for each order that changed.
CREATE TABLE IF NOT EXISTS outcome_change (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  zone_id INTEGER NOT NULL,
  migratetype INTEGER NOT NULL,            -- 0 Unmovable, 1 Movable, 2 Reclaimable
  outcomes TEXT NOT NULL
) STRICT;

-- Of the pageblocks that lie wholly in the zone: how many are free, can be emptied, cannot be emptied. Until the zone's next row.
CREATE TABLE IF NOT EXISTS pageblock_count (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  node INTEGER NOT NULL,
  zone TEXT NOT NULL,
  pageblocks INTEGER NOT NULL,
  free INTEGER NOT NULL,                   -- of them: all of it
  movable INTEGER NOT NULL,                -- all that is in use there can be moved
  pinned INTEGER NOT NULL                  -- the rest
) STRICT;

-- Who asked for pages that cannot be moved.
CREATE TABLE IF NOT EXISTS pin_holder (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  holder_id INTEGER NOT NULL,
  kind TEXT NOT NULL,                      -- unmovable, reclaimable, pinned; 'slab before' and so on: who is not known
  pid INTEGER,                             -- NULL: not known
  comm TEXT NOT NULL,
  gfp_flags INTEGER,                       -- NULL: not known
  gfp TEXT NOT NULL,                       -- in words: 'GFP_KERNEL|__GFP_ACCOUNT'
  PRIMARY KEY (run_id, holder_id)
) STRICT, WITHOUT ROWID;

-- When pinned pageblocks were counted.
CREATE TABLE IF NOT EXISTS pin_instant (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER NOT NULL,
  PRIMARY KEY (run_id, t_ns)
) STRICT, WITHOUT ROWID;

-- Pageblocks that would be free or could be emptied without these pages: so at each pin_instant from t_ns to last_ns.
CREATE TABLE IF NOT EXISTS pin_span (
  run_id INTEGER REFERENCES run ON DELETE CASCADE,
  t_ns INTEGER,
  last_ns INTEGER,
  zone_id INTEGER,
  first_pfn INTEGER,
  holder_id INTEGER,
  pages INTEGER,                           -- of the holder, in the pageblock
  holders INTEGER                          -- of the pageblock
);

-- What compaction did to pageblocks since the instant before; those that it left alone have no row.
CREATE TABLE IF NOT EXISTS compaction_block (
  run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  begin_ns INTEGER NOT NULL,               -- the instant before
  t_ns INTEGER NOT NULL,
  node INTEGER NOT NULL,
  zone TEXT NOT NULL,
  first_pfn INTEGER NOT NULL,
  migrate_scanned INTEGER NOT NULL,        -- pages, as the others: for some to be moved
  free_scanned INTEGER NOT NULL,           -- for free ones to be moved to
  moved_out INTEGER NOT NULL,
  moved_in INTEGER NOT NULL
) STRICT;
