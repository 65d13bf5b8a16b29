cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-{small,counters}.sql | sqlite3 small.db
for chart in histogram latency tasks orders lru workingset thp difference policies; do
	echo "--- $chart"
	mmrender $chart small.db --size 800x500 --format txt -o -
done
mmrender tasks small.db --run clock --format txt -o - | tail -1
mmrender policies small.db --size 300x330 --no-heading --format txt -o - | grep "^text"
