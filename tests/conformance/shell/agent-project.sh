# Another: build a small tree, search it, change it, pack it, prove it.
set -euo pipefail
mkdir -p proj/{src,test,docs}
for m in alpha beta gamma; do
  printf 'def %s():\n    return "%s"  # TODO: improve\n' $m $m >proj/src/$m.py
  printf 'from src import %s\nassert %s.%s() == "%s"\n' $m $m $m $m >proj/test/test_$m.py
done
echo '# Project' >proj/docs/README.md
grep -rn TODO proj | sort
find proj -name '*.py' -exec sed -i 's/TODO/DONE/' {} +
grep -rc DONE proj/src | sort
find proj -type f | xargs wc -l | sort -k2 | tail -n 3
cp -r proj proj.orig
sed -i '1i import os' proj/src/beta.py
diff -r proj.orig proj || true
tar -czf p.tgz proj
rm -r proj
tar -xzf p.tgz
(cd proj && find . -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum
python() { echo "no python here"; }
python
rm -r proj.orig p.tgz
