cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-small.sql | sqlite3 small.db
mmrender timeline small.db --scale log --size 800x600 --format txt -o -
mmrender timeline small.db --side-by-side --per-zone --scale linear --size 1000x900 --format txt -o -
