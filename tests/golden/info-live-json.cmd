mmcap info --json $TRACES/live.zst | sed "s|$TRACES/||" | head -60
