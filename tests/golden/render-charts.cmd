cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-{small,counters}.sql | sqlite3 small.db
for chart in histogram latency tasks orders lru workingset thp difference policies; do
	echo "--- $chart"
	mmrender $chart small.db --size 800x500 --format txt -o -
done
mmrender tasks small.db --run clock --format txt -o - | tail -1
mmrender policies small.db --size 300x330 --no-heading --format txt -o - | grep "^text"
echo "--- last names, without the recorder, and what waits of writers there are"
sqlite3 small.db "insert into task select 1, pid, 'last', 9000000000, null from reclaim_episode where run_id = 1 and kind = 'direct' limit 1;
	insert into reclaim_episode values (1, 'direct', 77, 'mmcap/0', 1000000000, 5000000000, 0, 0, 1, 1, ''),
	(2, 'throttle', 78, 'cp', 900000000, 2000000, NULL, NULL, 0, 0, 'too many dirty pages'), (2, 'direct', 7, 'app', 900000000, 2000000, 0, 0, 1, 1, '')"
for run in original clock; do mmrender tasks small.db --run $run --format txt -o - | grep -E '\([0-9]+\)'; done
mmrender latency small.db --run clock --size 800x500 --format txt -o - | grep -E '^text|2 ms'
sqlite3 small.db "delete from oom_kill where run_id = 1; update vmstat_value set value = 0 where run_id = 1"
mmrender policies small.db --size 800x500 --no-heading --format txt -o - | grep 'was 0'
echo "--- who writes too much waits, too"
sqlite3 small.db "delete from reclaim_episode where run_id = 2 and kind = 'direct'; delete from compaction_episode where run_id = 2"
mmrender policies small.db --run clock --size 800x500 --no-heading --format txt -o - | grep -A3 -E '"(stalls|time waited in all)"' | grep ^text
echo "--- a legend of few stalls has a colour for each number"
sqlite3 small.db "delete from reclaim_episode; delete from compaction_episode;
	insert into reclaim_episode select run_id, 'direct', 7, 'app', 900000000, 153333333, 0, 0, 1, 1, '' from run, (values (1), (2), (3))"
mmrender latency small.db --run clock --size 800x500 --format txt -o - | grep -A3 '"stalls that began'
