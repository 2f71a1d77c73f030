#!/bin/bash
# package-report.sh STATUS
#
# What an agent might write when it is asked "what is installed here, and what is odd about it?".
# Reads a Debian package database (/var/lib/dpkg/status) and prints a report. It is ordinary bash on
# purpose: pipelines, functions, arrays, process substitution, background jobs, temporary files, awk,
# sort, join and SQLite. Nothing in it knows of a sandbox.

set -euo pipefail
export LC_ALL=C

status=${1:?usage: package-report.sh STATUS}
[[ -r $status ]] || { echo "package-report: cannot read $status" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line a package: name, version, section, installed KiB, priority, number of dependencies.
extract() {
  awk -v OFS='\t' '
    function flush_record() {
      if (name != "" && state ~ /installed$/) {
        print name, version, section, size + 0, priority, dependencies + 0
      }
      name = version = section = priority = state = ""; size = dependencies = 0
    }
    /^Package: /        { name = $2 }
    /^Version: /        { version = $2 }
    /^Section: /        { section = $2 }
    /^Priority: /       { priority = $2 }
    /^Installed-Size: / { size = $2 }
    /^Status: /         { state = $0 }
    /^(Pre-)?Depends: / { dependencies += gsub(/,/, ",") + 1 }
    /^$/                { flush_record() }
    END                 { flush_record() }
  ' "$1" | sort
}

# "package dependency", one line each, alternatives and versions left out.
edges() {
  awk '
    /^Package: / { name = $2 }
    /^(Pre-)?Depends: / {
      sub(/^[^:]*: /, "")
      count = split($0, parts, /, */)
      for (i = 1; i <= count; i++) {
        split(parts[i], words, /[ (|:]/)
        print name "\t" words[1]
      }
    }
  ' "$1" | sort -u
}

heading() { printf '\n%s\n%s\n' "$1" "${1//?/-}"; }

human() {
  local kib=$1 units=(KiB MiB GiB) unit=0
  while ((kib >= 10240 && unit < 2)); do
    kib=$((kib / 1024))
    unit=$((unit + 1))
  done
  printf '%d %s' "$kib" "${units[unit]}"
}

# Both passes over the file at the same time.
extract "$status" > "$work/packages" &
extracting=$!
edges "$status" > "$work/edges" &
wait "$extracting"
wait

total=$(wc -l < "$work/packages")
((total > 0)) || { echo "package-report: no installed package in $status" >&2; exit 1; }
kib=$(cut -f4 "$work/packages" | paste -sd+ | { read -r sum; echo $((sum)); })

printf 'Packages: %d\nInstalled size: %s\nDependencies: %d\n' \
  "$total" "$(human "$kib")" "$(wc -l < "$work/edges")"

heading 'Sections'
declare -A count=() size=()
while IFS=$'\t' read -r _ _ section package_size _; do
  section=${section:-none}
  count[$section]=$((${count[$section]:-0} + 1))
  size[$section]=$((${size[$section]:-0} + package_size))
done < "$work/packages"
for section in "${!count[@]}"; do
  printf '%s\t%d\t%d\n' "$section" "${count[$section]}" "${size[$section]}"
done | sort -t $'\t' -k3,3nr -k1,1 | sed -n '1,12p' |
  while IFS=$'\t' read -r section number package_size; do
    printf '%-20s %5d packages %10s\n' "$section" "$number" "$(human "$package_size")"
  done

heading 'Largest'
sort -t $'\t' -k4,4nr -k1,1 "$work/packages" | sed -n '1,10p' |
  awk -F '\t' '{ printf "%2d. %-32s %9d KiB  %s\n", NR, $1, $4, $2 }'

heading 'Most needed'
join -t $'\t' -1 2 -2 1 \
  <(cut -f2 "$work/edges" | sort | uniq -c | awk '{ print $1 "\t" $2 }' | sort -k2,2) \
  <(cut -f1,2 "$work/packages" | sort -u -t $'\t' -k1,1) |
  sort -t $'\t' -k2,2nr -k1,1 | sed -n '1,10p' |
  while IFS=$'\t' read -r name needed_by version; do
    printf '%-24s by %4d  (%s)\n' "$name" "$needed_by" "$version"
  done

heading 'Needed but not installed under that name'
comm -13 <(cut -f1 "$work/packages" | sort -u) <(cut -f2 "$work/edges" | sort -u) |
  grep -Ev '^(perlapi|python3-dbus-)' | sed -n '1,10p' | tr '\n' ' ' | fold -s -w 76
echo

heading 'By SQL'
sqlite3 -batch "$work/report.db" << 'SQL'
CREATE TABLE packages(name TEXT, version TEXT, section TEXT, kib INTEGER, priority TEXT, deps INTEGER);
CREATE TABLE edges(name TEXT, needs TEXT);
CREATE INDEX edges_by_need ON edges(needs);
SQL
sqlite3 -batch -separator $'\t' "$work/report.db" \
  ".import $work/packages packages" ".import $work/edges edges"
sqlite3 -batch -separator ' | ' "$work/report.db" << 'SQL'
SELECT printf('%-10s', priority), count(*), sum(kib) FROM packages GROUP BY priority ORDER BY 2 DESC, 1;
SELECT 'nobody needs', count(*) FROM packages p
  WHERE NOT EXISTS (SELECT 1 FROM edges e WHERE e.needs = p.name);
WITH RECURSIVE reach(name) AS (
  SELECT 'bash' UNION SELECT e.needs FROM reach r JOIN edges e ON e.name = r.name)
SELECT 'bash needs, all in all', count(*) - 1 FROM reach;
SQL

heading 'Odd versions'
epochs=0 natives=0
mapfile -t versions < <(cut -f2 "$work/packages")
for version in "${versions[@]}"; do
  case $version in
    [0-9]*:*) epochs=$((epochs + 1)) ;;&
    *-*) ;;
    *) natives=$((natives + 1)) ;;
  esac
done
printf 'with an epoch: %d\nwithout a Debian revision: %d\n' "$epochs" "$natives"
printf 'checksum of all that: '
cat "$work/packages" "$work/edges" | sha256sum | cut -c1-16
