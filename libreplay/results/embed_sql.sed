# SQL as C string literals, a line each, without comments: SQLite keeps the text of its statements in every database.
s/ *-- .*//
/^ *$/d
s/[\\"]/\\&/g
s/.*/"&\\n"/
