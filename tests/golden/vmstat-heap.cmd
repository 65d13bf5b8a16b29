mmreplay -q --shadow --db r.db $TRACES/heap-612-128m.zst && mmanalyze vmstat r.db && mmanalyze vmstat --json r.db | head -14
