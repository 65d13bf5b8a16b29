# What a page is made of.
mmreplay -q --shadow -d r.db $TRACES/pressure.zst && mmreplay -q --policy mglru -d r.db $TRACES/pressure.zst 2>/dev/null
mmanalyze report --html - r.db | sed -nE -f $SOURCE_ROOT/tests/golden/page.sed
