#@ needs: sqlite3
# sqlite3: tables, joins, aggregates, transactions, files, errors.
sqlite3 t.db 'CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT, age INT); INSERT INTO p(name, age) VALUES ("al", 30), ("bo", 25), ("cy", 35);'
sqlite3 t.db 'SELECT * FROM p ORDER BY age'
sqlite3 -header -separator , t.db 'SELECT name, age * 2 AS twice FROM p WHERE age > 26 ORDER BY name'
sqlite3 t.db 'SELECT count(*), sum(age), avg(age), min(name), group_concat(name) FROM p'
sqlite3 t.db <<'E'
CREATE TABLE o(pid INT, item TEXT);
BEGIN;
INSERT INTO o VALUES (1, 'pen'), (1, 'ink'), (3, 'cup');
COMMIT;
SELECT p.name, count(o.item) FROM p LEFT JOIN o ON o.pid = p.id GROUP BY p.id ORDER BY p.id;
BEGIN; DELETE FROM o; ROLLBACK;
SELECT count(*) FROM o;
CREATE INDEX i ON o(item);
SELECT item FROM o WHERE item > 'd' ORDER BY 1;
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100) SELECT sum(n) FROM c;
SELECT upper('x') || substr('hello', 2, 3), printf('%05.2f', 3.14159), coalesce(NULL, 5), 7 / 2, 7 % 3;
SELECT name FROM sqlite_master ORDER BY name;
E
sqlite3 t.db 'SELECT nonsense' 2>/dev/null || echo failed
printf 'a,1\nb,2\n' >in.csv
sqlite3 t.db 'CREATE TABLE csv_in(k, v)' '.import --csv in.csv csv_in'
sqlite3 t.db 'SELECT count(*), sum(v) FROM csv_in'
sqlite3 :memory: 'SELECT 1; SELECT "two"'
sqlite3 t.db 'PRAGMA integrity_check'
rm t.db
