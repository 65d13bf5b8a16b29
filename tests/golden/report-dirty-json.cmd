mmanalyze report --json $TRACES/writers-612-classic.zst | sed "s,$TRACES/,,"
