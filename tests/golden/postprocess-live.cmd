mmanalyze vmscan $TRACES/live.zst; mmanalyze pagealloc $TRACES/live.zst
