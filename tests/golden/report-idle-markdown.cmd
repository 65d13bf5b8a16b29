mmanalyze report --markdown $TRACES/live.zst
