mmcap info --json $TRACES/live.zst | sed "s|$TRACES/||" >out; head -60 out
