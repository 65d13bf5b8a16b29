f=$TRACES/mix-61-zram.zst; mmcap info $f | sed "s|$TRACES/||" && mmreplay -q --shadow --verify --db r.db $f | tail -1 && sqlite3 r.db "SELECT name, value FROM counters WHERE value <> 0 ORDER BY name"
