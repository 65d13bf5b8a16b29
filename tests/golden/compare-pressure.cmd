mmreplay -q --policy clock --db r.db $TRACES/pressure.zst && mmanalyze compare r.db
