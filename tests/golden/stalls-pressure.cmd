mmreplay -q --shadow --db r.db $TRACES/pressure.zst && mmanalyze stalls -n 5 r.db
