cp $TRACES/fork-612-classic.zst t.zst && mmreplay -q --shadow --db t.db t.zst && mmanalyze tlb t.db
sqlite3 t.db "insert into tlb_reach values (1, 'as mapped', 2, 4000, 3000, 300, 2400), (1, '2 MiB', 2, 4000, 20, 20, 20)"
sqlite3 t.db "insert into page_table values (1, 'x86-64, 4 levels', 36, 31, 274432), (1, 'arm64, 64 KiB pages, 42 bits', 16, 6, 1441792)"
mmanalyze report --brief t.db | tail -5; mmanalyze report --json t.db | sed -n '/"tlbs"/,/\]/p'
mmanalyze tlb --run original t.db; mmanalyze tlb --run original --json t.db
sqlite3 t.db "delete from tlb_flush" && mmanalyze tlb t.db; mmanalyze tlb --run 2 t.db
mmanalyze tlb missing.db; echo "= $?"
