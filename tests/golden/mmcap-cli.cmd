cp $SOURCE_ROOT/tests/fuzz/corpus/fuzz_tracedat/*.dat .
tail -c +2 $SOURCE_ROOT/tests/fuzz/corpus/fuzz_tracedat/idle >idle
# What zstd makes of it is another number with another version of zstd.
sizes() {
	sed -E 's/(zst, |"file_bytes": |at byte )[0-9.]+/\1N/; s/packed [0-9.]+ : 1, [0-9.]+ bytes/packed N : 1, N bytes/'
}
run() {
	echo "$ mmcap $*"
	mmcap "$@" </dev/null 2>&1 | sizes
	echo "= ${PIPESTATUS[0]}"
}
run
run --nope
run imprt
run help nope
for command in info dump import export; do
	run $command
	run $command one two
	run $command --nope
	run $command missing.zst
	run $command .
	echo text >text; run $command text
	printf "SQLite format 3\0" >results.db; run $command results.db
	: >empty; run $command empty
done
run import -o t.zst v7-zstd.dat
run import -o t.zst v7-none.dat
run import -q -f -o t.zst v6.dat
run import -o
run import --level 20 v6.dat
run import --level=x v6.dat
run import --instance other -o u.zst v6.dat
run import --idle missing -o u.zst v6.dat
run import --before missing -o u.zst v6.dat
run import -o missing/u.zst v6.dat
run import -o u.zst t.zst
mkdir s1; echo 'Node 0, zone DMA 1 2 3' >s1/buddyinfo; cp s1/buddyinfo s1/kpageflags
run import --before s1 --idle idle -o s.zst v6.dat
run info s.zst
run info t.zst
run info --json t.zst
run info --texts t.zst
run info --text saved_cmdlines t.zst
run info --text nope t.zst
run info v6.dat
run dump -e task t.zst
run dump --json -e mm_page_alloc --until 500us t.zst
run dump --format csv -e kmem:mm_page_* --since 61ms t.zst
run dump --since 5 t.zst
run dump --format xml t.zst
run dump -e nope t.zst
echo "$ mmcap dump | head -1"; mmcap dump t.zst | head -1
echo "$ mmcap dump >/dev/full"; mmcap dump t.zst >/dev/full; echo "= $?"
echo "$ mmcap info --json >/dev/full"; mmcap info --json t.zst >/dev/full; echo "= $?"
echo "$ mmcap --help >/dev/full"; mmcap --help >/dev/full; echo "= $?"
run export t.zst
run export t.zst
run export -f --to trace.dat t.zst
run export --to csv t.zst
run export -f -o /dev/null t.zst
echo stale >again.dat.partial; echo stale >again.zst.partial
run export -o again.dat t.zst; cmp again.dat trace.dat
run import -q -o again.zst v6.dat
run export -o missing/t.dat t.zst
run import -o back.zst trace.dat
echo "# the disk is full"
(trap '' XFSZ; ulimit -f 1; run import -f -o full.zst v7-none.dat; run export -o full.dat t.zst) 2>&1 | cat
echo "# cut and damaged"
head -c 3000 t.zst >cut.zst; run info cut.zst; run dump -e task cut.zst
head -c 20000 v6.dat >cut.dat; run import -o c.zst cut.dat; run info c.zst | head -3
ls
