mmreplay -q --shadow --db r.db $TRACES/zipf-612-idle.zst && mmanalyze sar -B -W -r -S r.db
