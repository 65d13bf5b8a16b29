cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-small.sql | sqlite3 small.db
run() {
	echo "$ mmrender $*"
	mmrender "$@" </dev/null
	echo "= $?"
}
run --list
run heatmap
run heatmap small.db more.db
run heatmap missing.db
echo text >text.db; run heatmap text.db
: >zero.db; run heatmap zero.db
sqlite3 foreign.db 'create table t (x)'; run timeline foreign.db
cp small.db empty.db; sqlite3 empty.db 'delete from run'; run timeline empty.db
cp small.db new.db; sqlite3 new.db 'pragma user_version = 1000'; run timeline new.db
run heatmap small.db --run nobody
run heatmap small.db --run 9
run heatmap small.db --show colours
run heatmap small.db --size 20x20
run timeline small.db --size 300x200
run heatmap small.db --since 5s
run heatmap small.db --since 5
run heatmap small.db -o picture.gif
run heatmap small.db -o missing/picture.png
run heatmap small.db --format png -o /dev/full
run heatmap small.db --run original --run clock
run timeline small.db --zone HighMem
run timeline small.db --scale cubic
sqlite3 small.db 'delete from pageblock where run_id = 2'
run heatmap small.db --side-by-side
sqlite3 small.db "update pageblock set state = x'00'"
run heatmap small.db --format png -o new.png
run timeline small.db; head -c 4 timeline.png | tail -c 3; echo
run timeline small.db
run timeline -f small.db
for suffix in svg pdf png; do
	run timeline small.db --side-by-side -o out.$suffix
	cp out.$suffix before; run timeline small.db --side-by-side -f -o out.$suffix; cmp out.$suffix before
done
ls
