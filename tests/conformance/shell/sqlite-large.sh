#@ needs: sqlite3
# A database of some megabytes: bulk insert, index, update, vacuum.
sqlite3 t.db <<'E'
CREATE TABLE t(a INTEGER PRIMARY KEY, b INT, c TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, (i * 7919) % 10007, 'row ' || i FROM n;
CREATE INDEX tb ON t(b);
SELECT count(*), sum(b), max(c) FROM t;
UPDATE t SET b = b + 1 WHERE a % 3 = 0;
DELETE FROM t WHERE a % 5 = 0;
SELECT count(*), sum(b) FROM t;
VACUUM;
SELECT count(DISTINCT b) FROM t;
PRAGMA integrity_check;
E
[ "$(stat -c %s t.db)" -gt 100000 ] && echo "on disk"
(sqlite3 t.db 'SELECT count(*) FROM t') &
sqlite3 t.db 'SELECT max(a) FROM t' >other
wait
cat other
rm t.db
