cp $TRACES/scan-612-mglru.zst t.zst && mmanalyze curve --file --sizes 0.25x,0.5x,1x,2x --misses 2 --json t.zst
