mmanalyze curve $TRACES/pressure.zst
