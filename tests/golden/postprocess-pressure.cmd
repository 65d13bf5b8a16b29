mmanalyze vmscan $TRACES/pressure.zst; mmanalyze pagealloc $TRACES/pressure.zst; mmanalyze vmscan --json $TRACES/pressure.zst
