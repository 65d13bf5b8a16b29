mmanalyze report $TRACES/pressure.zst | sed "s,$TRACES/,,"
