{
	echo memory,bytes,pages,refaults,refault_percent,miss_percent,lower_bound
	for mib in 0 16 32 48 64 96; do
		echo anon,$((mib << 20)),$((mib << 8)),$((9600 - mib * 100)).0,$((48 - mib / 2)).5,$((96 - mib / 2)).0,$((mib < 40))
	done
	for mib in 0 8 24; do
		echo file,$((mib << 20)),$((mib << 8)),$((2400 - mib * 100)).0,$((24 - mib)).0,60.0,0
	done
} >curve.csv
mmrender curve curve.csv --size 800x500 --format txt -o - | grep -v '^tip'
sed -i '3s/,/;/' curve.csv; mmrender curve curve.csv; echo "= $?"
echo memory >other.csv; mmrender curve other.csv; echo "= $?"
mmrender curve missing.csv; echo "= $?"
cat $SOURCE_ROOT/libreplay/results/{schema,views}.sql $SOURCE_ROOT/tests/golden/render-small.sql | sqlite3 small.db
mmrender curve small.db --size 800x500 --format txt -o -; echo "= $?"
sqlite3 small.db "insert into request_stat values (1, 1000, 1, 500, 100, 400), (2, 4000, 1, 500, 300, 200)"
mmrender curve small.db --size 800x500 --format txt -o - | grep -E '"|line 2'
sqlite3 small.db "update trace set kernel_release = 'none'"
mmrender curve small.db --size 800x500 --format txt -o - | grep small.zst
sqlite3 small.db "update trace set kernel_release = '6.12.48'"
{
	echo memory,bytes,pages,refaults,refault_percent,miss_percent,lower_bound
	for kib in 0 4 8 16 32 64; do echo anon,$((kib << 10)),$((kib / 4)),$((640 - kib * 10)).0,$((64 - kib)).0,$((100 - kib)).0,0; done
	for mib in 0 1 4 16 64; do echo file,$((mib << 20)),$((mib << 8)),$((640 - mib * 10)).0,$((64 - mib)).0,$((100 - mib)).0,0; done
	echo both,0,0,0.0,0.0,0.0,0
} >narrow.csv
mmrender curve narrow.csv --size 800x500 --format txt -o - | grep -E '"|line 2'
echo "--- a recording's"
sqlite3 small.db "delete from request_stat; insert into memory_use values (1, 'anon', 1000, 400, 9000, 5000, 0, 100), (1, 'file', 50, 10, 700, 0, 1, 100);
	insert into miss_curve values (1, 'anon', 0, 600), (1, 'anon', 4000, 300), (1, 'anon', 9000, 0), (1, 'file', 0, 40), (1, 'file', 700, 0)"
mmrender curve small.db --run clock --size 800x500 --format txt -o - | grep -E '"|line|tip'
