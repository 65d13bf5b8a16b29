# SQL as C string literals, a line each, without comments and indentation: SQLite keeps the text of its statements in every database.
s/ *-- .*//
/^ *$/d
s/^ *//
s/[\\"]/\\&/g
s/.*/"&\\n"/
