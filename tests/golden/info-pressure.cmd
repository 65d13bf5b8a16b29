mmcap info $TRACES/pressure.zst | sed "s|$TRACES/||"
