mmreplay -q --shadow --verify --db r.db $TRACES/live.zst
