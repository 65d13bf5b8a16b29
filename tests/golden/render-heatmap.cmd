cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-small.sql | sqlite3 small.db
for show in free fragmentation kind compaction; do
	mmrender heatmap small.db --show $show --size 640x400 --format txt -o -
done
mmrender heatmap small.db --side-by-side --since 500ms --until 3500ms --size 800x450 --format txt -o -
