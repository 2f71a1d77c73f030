# The parts of scripts/build-guest: recipes, keys, the parallel build, the manifest and the pack.
# shellcheck shell=bash
#
# Expects ROOT, PORTS and CACHE.

readonly DEFAULT_SUITE=trixie
readonly OLD_KEYS_KEPT=2  # outputs of a port that stay in the cache

say() { printf 'build-guest: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

all_ports() {
  local recipe
  for recipe in "$PORTS"/*/recipe; do
    recipe=${recipe%/recipe}
    printf '%s\n' "${recipe##*/}"
  done
}

# optional_ports: those that are built only when asked for.
optional_ports() {
  local name
  for name in $(all_ports); do
    [[ -z $(recipe_value "$name" OPTIONAL) ]] || printf '%s\n' "$name"
  done
}

standard_ports() { all_ports | grep -vxFf <(optional_ports); }

# recipe_value NAME VARIABLE
recipe_value() (
  # shellcheck source=guest/ports/port.sh disable=SC1091
  . "$PORTS/port.sh"
  # shellcheck disable=SC1090
  . "$PORTS/$1/recipe"
  printf '%s' "${!2:-}"
)

# source_rows NAME: "package suite version sha256 path" of each source of a port, in recipe order.
source_rows() {
  local source package suite rows
  for source in $(recipe_value "$1" SOURCES); do
    package=${source%/*} suite=$DEFAULT_SUITE
    [[ $source == */* ]] && suite=${source#*/}
    rows=$(awk -v p="$package" -v s="$suite" '$1 == p && $2 == s && ($5 ~ /\.orig/ || s == "pypi")' \
      "$ROOT/guest/sources.tab")
    [[ -n $rows ]] || die "$1: $package of $suite is not in guest/sources.tab"
    printf '%s\n' "$rows"
  done
}

# Builds the sysroot if need be, puts its compiler on PATH and sets TOOLCHAIN_KEY. CLOCHE_SYSROOT names
# a ready sysroot instead.
prepare_toolchain() {
  if [[ -z ${CLOCHE_SYSROOT:-} ]]; then
    CLOCHE_SYSROOT=$("$ROOT/scripts/build-sysroot") || die "the sysroot does not build"
  fi
  [[ -e $CLOCHE_SYSROOT/lib/libc.a ]] || die "no sysroot at $CLOCHE_SYSROOT"
  export CLOCHE_SYSROOT
  PATH=$CLOCHE_SYSROOT/bin:$PATH
  command -v cloche-cc > /dev/null || die "there is no cloche-cc in $CLOCHE_SYSROOT/bin"
  TOOLCHAIN_KEY=$({
    clang-22 --version
    cat "$PORTS/port.sh" "$PORTS/build-port"
    cd "$CLOCHE_SYSROOT"
    find . -type f ! -name libcloche.a ! -path './include/cloche/*' -print0 | LC_ALL=C sort -z |
      xargs -0 sha256sum
  } | sha256)
  INTERFACE_KEY=$({
    clang-22 --version
    cat "$PORTS/port.sh"
    cd "$CLOCHE_SYSROOT"
    cloche-nm --defined-only --extern-only lib/libc.a 2> /dev/null | awk '{ print $NF }' | sort -u
    find include etc -type f ! -path 'include/cloche/*' -print0 | LC_ALL=C sort -z |
      xargs -0 sha256sum
  } | sha256)
  mkdir -p "$CACHE/ports" "$CACHE/configure"
}

sha256() { sha256sum | cut -d' ' -f1; }

# What configure found out about the libc stays true until the libc's headers or symbols change.
configure_cache() { printf '%s' "$CACHE/configure/$1-$(port_key "$1" "$INTERFACE_KEY")"; }

# port_key NAME [TOOLCHAIN_KEY]
port_key() {
  local name=$1 toolchain=${2:-$TOOLCHAIN_KEY} dependency
  {
    printf '%s\n' "$toolchain"
    for dependency in $(recipe_value "$name" DEPENDS); do port_key "$dependency" "$toolchain"; done
    source_rows "$name" | cut -d' ' -f4
    cd "$PORTS/$name"
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    # Our own library concerns only those who link it.
    if grep -q -e -lcloche recipe; then
      cd "$CLOCHE_SYSROOT"
      find lib/libcloche.a include/cloche -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    fi
    # Nor do the libraries of C++.
    if grep -q -e scripts/build-cxx "$PORTS/$name/recipe"; then
      cd "$ROOT"
      find guest/libcxx scripts/build-cxx -type f ! -name '*.md' -print0 | LC_ALL=C sort -z |
        xargs -0 sha256sum
    fi
  } | sha256 | cut -c1-24
}

port_files() { printf '%s' "$CACHE/ports/$1/$(port_key "$1")"; }

# ensure_port NAME: its files are in the cache. One at a time for each port.
ensure_port() {
  local name=$1 files dependency
  files=$(port_files "$name")
  [[ -d $files ]] && return
  for dependency in $(recipe_value "$name" DEPENDS); do ensure_port "$dependency"; done
  mkdir -p "$CACHE/ports/$name"
  (
    flock 9
    [[ -d $files ]] || build_one "$name" "$files"
  ) 9> "$CACHE/ports/$name/.lock"
}

# Runs the recipe with an environment that holds nothing of the caller's but what is named here.
build_one() {
  local name=$1 files=$2 answers work log archives=() row package suite path dependency
  log=$CACHE/ports/$name/build.log
  while read -r package suite _ _ path; do
    row=$("$ROOT/scripts/fetch-source" --files "$package" "$suite" | grep -F "/${path##*/}") ||
      die "$name: cannot fetch $package"
    archives+=("$row")
  done < <(source_rows "$name")
  work=$CACHE/work/$name  # ours: the port's lock is held
  rm -rf "$work"
  mkdir -p "$work"
  answers=$(configure_cache "$name")
  [[ ! -f $answers ]] || cp "$answers" "$work/config.cache"
  local environment=(
    "PATH=$PATH" "HOME=$HOME" "CLOCHE_SYSROOT=$CLOCHE_SYSROOT" "MAKEFLAGS=${PORT_MAKEFLAGS:-}"
    "TMPDIR=${TMPDIR:-/tmp}" "CLOCHE_BUILD_CACHE=$CACHE"
    "XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}"
  )
  for dependency in $(recipe_value "$name" DEPENDS); do
    environment+=("DEPENDENCY_$dependency=$(port_files "$dependency")")
  done
  if env -i "${environment[@]}" nice "$PORTS/build-port" "$name" "$work" "${archives[@]}" \
    > "$log" 2>&1 < /dev/null; then
    rm -rf "$files.new"
    mv "$work/out" "$files.new"
    mv "$files.new" "$files"
    [[ ! -f $work/config.cache ]] || mv "$work/config.cache" "$answers"
    rm -rf "$work"
    drop_old_keys "$name"
    return
  fi
  say "$name: failed; the end of $log:"
  tail -n 25 "$log" >&2
  if ((KEEP)); then say "its build folder is $work"; else rm -rf "$work"; fi
  return 1
}

drop_old_keys() {
  local name=$1
  # shellcheck disable=SC2012 # names are hashes
  ls -td "$CACHE/ports/$name"/*/ | tail -n +$((OLD_KEYS_KEPT + 1)) | xargs -r rm -rf
  find "$CACHE/configure" -name "$name-*" -printf '%T@ %p\n' | sort -rn | cut -d' ' -f2- |
    tail -n +$((OLD_KEYS_KEPT + 1)) | xargs -r rm -f
}

# The largest source first: the best guess of what takes longest.
by_size() {
  local name path bytes
  for name; do
    path=$(source_rows "$name" | head -n 1 | cut -d' ' -f5)
    bytes=$(stat -c %s "${XDG_CACHE_HOME:-$HOME/.cache}/cloche/sources/${path##*/}" 2> /dev/null ||
      echo 0)
    printf '%s %s\n' "$bytes" "$name"
  done | sort -rn | cut -d' ' -f2
}

# build_ports JOBS NAME...
build_ports() {
  local jobs=$1 name total started=0 running=0 failed=0
  shift
  total=$#
  if ((total == 1)); then PORT_MAKEFLAGS=-j$jobs; fi
  # shellcheck disable=SC2064
  trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
  for name in $(by_size "$@"); do
    if ((running == jobs)); then
      wait -n || failed=1
      running=$((running - 1))
    fi
    ((failed)) && break
    started=$((started + 1))
    report_port "$name" "$started/$total" &
    running=$((running + 1))
  done
  while ((running > 0)); do
    wait -n || failed=1
    running=$((running - 1))
  done
  trap - EXIT
  ((failed == 0)) || die "not all ports were built"
}

report_port() {
  local name=$1 place=$2 began=$SECONDS files
  files=$(port_files "$name")
  if [[ -d $files ]]; then
    say "[$place] $name: ready"
    return
  fi
  say "[$place] $name: building"
  ensure_port "$name" || return 1
  say "[$place] $name: built in $((SECONDS - began)) s, $(du -sk --apparent-size "$files" | cut -f1) KiB"
}

# --- the pack

json_string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# joined SEPARATED LINES: a JSON array's inside.
comma_lines() { paste -sd, | sed 's/,/, /g'; }

# source_url PACKAGE SUITE PATH
source_url() {
  case $2 in
    pypi) printf 'https://files.pythonhosted.org/packages/source/%.1s/%s/%s' "$1" "$1" "$3" ;;
    *) printf 'https://deb.debian.org/debian/%s' "$3" ;;
  esac
}

program_sources() {
  local package suite version sum path
  source_rows "$1" | while read -r package suite version sum path; do
    printf '{"package": "%s", "suite": "%s", "version": "%s", "file": "%s", ' \
      "$package" "$suite" "$version" "${path##*/}"
    printf '"url": "%s", "sha256": "%s"}\n' "$(source_url "$package" "$suite" "$path")" "$sum"
  done
}

program_patches() {
  local patch
  for patch in "$PORTS/$1"/patches/*.patch; do
    [[ -e $patch ]] || continue
    printf '{"file": "%s", "sha256": "%s"}\n' "${patch#"$ROOT"/}" "$(sha256 < "$patch")"
  done
}

# program_modules FILES TREE: its wasm modules, as far as TREE has them and not those of a port that
# replaces them.
program_modules() {
  local file
  find "$1/usr" -type f -perm -100 | LC_ALL=C sort | while read -r file; do
    [[ $(head -c 4 "$file" | od -An -tx1) == " 00 61 73 6d" ]] || continue
    cmp -s "$file" "$2${file#"$1"}" || continue
    printf '{"path": "%s", "size": %s, "sha256": "%s"}\n' "${file#"$1"}" \
      "$(stat -c %s "$file")" "$(sha256 < "$file")"
  done
}

program_json() {
  local name=$1 files=$2 tree=$3 commands=/dev/null size
  [[ -d $files/usr/bin ]] && commands=$files/usr/bin
  size=$(find "$files" -path "$files/.*" -prune -o -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
  printf '{"name": %s, "version": %s, "licence": %s, "summary": %s,\n' \
    "$(json_string "$name")" "$(json_string "$(recipe_value "$name" VERSION)")" \
    "$(json_string "$(recipe_value "$name" LICENCE)")" \
    "$(json_string "$(recipe_value "$name" SUMMARY)")"
  printf ' "sources": [%s],\n' "$(
    source_of=$(
      program_sources "$name"
      for dependency in $(recipe_value "$name" DEPENDS); do program_sources "$dependency"; done
    )
    comma_lines <<< "$source_of"
  )"
  printf ' "patches": [%s],\n' "$(program_patches "$name" | comma_lines)"
  printf ' "commands": [%s],\n' "$(
    find "$commands" -mindepth 1 -maxdepth 1 -printf '"%f"\n' | LC_ALL=C sort | comma_lines
  )"
  printf ' "modules": [%s],\n "size": %s}' "$(program_modules "$files" "$tree" | comma_lines)" "$size"
}

# manifest PACK TREE MEMBERS NAME...: the programs and what they were made of; MEMBERS are JSON members
# for what an added pack brings, or empty (docs/pack.md).
manifest() {
  local pack=$1 tree=$2 members=$3 name separator=
  shift 3
  printf '{"format": 1, "pack": "cloche-%s", %s"programs": [\n' "$pack" "$members"
  for name; do
    printf '%s' "$separator"
    program_json "$name" "$(port_files "$name")" "$tree"
    separator=$',\n'
  done
  printf '\n]}\n'
}

# added_paths CORE TREE FOLDER: the names of TREE that CORE lacks, not those below them.
added_paths() {
  local core=$1 tree=$2 folder=$3 entry
  while read -r entry; do
    entry=$folder/$entry
    if [[ -d $tree$entry && ! -L $tree$entry && -d $core$entry ]]; then
      added_paths "$core" "$tree" "$entry"
    else
      json_string "$entry"
      printf '\n'
    fi
  done < <(find "$tree$folder" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort)
}

# The writer: CLOCHE_PACK_WRITER, or built here, which takes a few seconds and needs no cmake.
pack_writer() {
  local writer=${CLOCHE_PACK_WRITER:-$CACHE/cloche-pack} sources
  sources=("$ROOT"/guest/pack/pack_{main,writer}.cc "$ROOT"/base/{sha256,result}.cc)
  if [[ -z ${CLOCHE_PACK_WRITER:-} ]] &&
    [[ ! -x $writer || -n $(find "${sources[@]}" "$ROOT"/guest/pack "$ROOT"/vfs/pack_format.h \
      -newer "$writer" -print -quit) ]]; then
    c++ -std=gnu++20 -O2 -fno-rtti -I"$ROOT" "${sources[@]}" -lzstd -o "$writer.$$" >&2 ||
      die "cloche-pack does not build"
    mv "$writer.$$" "$writer"
  fi
  printf '%s' "$writer"
}

# The tree that programs are put into: guest/base, the folders of a Unix, and the links of a merged
# /usr. The folders outside /usr and /etc are places to mount things on.
base_tree() {
  local tree=$1 folder
  for folder in dev etc home/user mnt opt proc root run srv sys tmp usr/bin usr/lib usr/local/bin \
    usr/sbin usr/share var/lib var/log var/tmp; do
    mkdir -p "$tree/$folder"
  done
  for folder in bin lib sbin; do ln -s "usr/$folder" "$tree/$folder"; done
  ln -s ../proc/self/mounts "$tree/etc/mtab"
  ln -s ../run "$tree/var/run"
  cp -a "$ROOT/guest/base/." "$tree/"
  rm "$tree/README.md"
}

# pack_of NAME: the pack of a program, "base" for the core.
pack_of() {
  local pack
  pack=$(recipe_value "$1" PACK)
  printf '%s' "${pack:-base}"
}

# make_pack FILE NAME...: the core as FILE, and each other pack as FILE with -PACK before its ending. The
# pack of a port that REPLACES one of another pack has all ports of that pack, too, and stands in for it.
make_pack() {
  local file=$1 name pack json replaced stage
  local -A members=() replaces=()
  shift
  for name; do
    [[ $(recipe_value "$name" KIND) == program ]] || continue
    pack=$(pack_of "$name")
    replaced=$(recipe_value "$name" REPLACES)
    members[$pack]+=" $name"
    [[ -z $replaced ]] || replaces[$pack]=$(pack_of "$replaced")
  done
  for pack in "${!replaces[@]}"; do
    replaced=${replaces[$pack]}
    [[ -n ${members[$replaced]:-} ]] || die "the pack $pack needs the ports of the pack $replaced"
    members[$pack]="${members[$replaced]} ${members[$pack]}"
  done
  stage=$(mktemp -d "${TMPDIR:-/tmp}/cloche-pack.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$stage'" EXIT
  mkdir -p "$(dirname "$file")"
  base_tree "$stage/base"
  # shellcheck disable=SC2086 # names of ports
  fill_tree "$stage/base" ${members[base]:-}
  # shellcheck disable=SC2086
  write_pack "$stage" base "" "$file" ${members[base]:-}
  unset 'members[base]'
  for pack in "${!members[@]}"; do
    mkdir "$stage/$pack"
    # shellcheck disable=SC2086
    fill_tree "$stage/$pack" ${members[$pack]}
    json="\"paths\": [$(added_paths "$stage/base" "$stage/$pack" "" | comma_lines)], "
    [[ -z ${replaces[$pack]:-} ]] || json+="\"replaces\": \"cloche-${replaces[$pack]}\", "
    # shellcheck disable=SC2086
    write_pack "$stage" "$pack" "$json" "${file%.pack}-$pack.pack" ${members[$pack]}
  done
}

# fill_tree TREE NAME...: the files of ports.
fill_tree() {
  local tree=$1 name files
  shift
  for name; do
    files=$(port_files "$name")
    check_no_clash "$name" "$files" "$tree"
    check_no_clash "$name" "$files" "${tree%/*}/base"
    cp -a "$files/." "$tree/"
    rm -rf "$tree/.suite" "$tree/.devel"
  done
}

# write_pack STAGE PACK MEMBERS FILE NAME...
write_pack() {
  local stage=$1 pack=$2 members=$3 file=$4 writer
  shift 4
  writer=$(pack_writer)
  manifest "$pack" "$stage/$pack" "$members" "$@" > "$stage/$pack.json"
  "$writer" --manifest "$stage/$pack.json" --output "$file" "$stage/$pack" >&2
  say "wrote $file"
}

# Two ports must not install the same file, but for one that replaces the other.
check_no_clash() {
  local name=$1 files=$2 tree=$3 path replaced
  replaced=$(recipe_value "$name" REPLACES)
  [[ -z $replaced ]] || replaced=$(port_files "$replaced")
  while read -r path; do
    [[ -n $replaced && -e $replaced/$path ]] && continue
    [[ ! -e $tree/$path && ! -L $tree/$path ]] || die "$name installs /$path, and so does another"
  done < <(find "$files" ! -type d -printf '%P\n')
}
