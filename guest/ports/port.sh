# What a recipe can use. Sourced by guest/ports/build-port, in the port's unpacked source folder.
#
# A recipe (guest/ports/NAME/recipe) sets
#   VERSION   upstream's version
#   LICENCE   SPDX expression
#   SUMMARY   one line
#   SOURCES   rows of guest/sources.tab; the first is unpacked and is the working folder, the others
#             are unpacked beside it as ../ROW
#   DEPENDS   ports whose files this one needs at build time (libraries)
#   KIND      program (default) or library: a library is not packed
#   STACK     bytes of stack of the programs, if 1 MiB is not right
#   CFLAGS    if -O2 is not right
#   LTO       -flto for link-time optimization: a fifth less time in shells, nothing in most tools
#   CONFIGURE arguments of configure, an array
# and may redefine prepare, configure, build and install_files, which run in this order. Patches in
# guest/ports/NAME/patches/*.patch are applied before (patch -p1); guest/ports/NAME/config.cache holds
# answers for configure that it could find only by running a program.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

HOST=wasm32-cloche-linux-musl
KIND=program
CFLAGS=-O2
LTO=
STACK=1048576
SOURCES=
DEPENDS=
CONFIGURE=()

# Answers that a cross build cannot find out by running a program, common to all of them.
COMMON_CONFIGURE=(
  --build=x86_64-pc-linux-gnu "--host=$HOST" --prefix=/usr --sysconfdir=/etc --disable-nls
  --disable-dependency-tracking --disable-silent-rules
)

# gnulib's c-stack and sigsegv want to see the direction of a stack that they cannot probe.
STACK_GROWS_DOWN=(
  ac_cv_c_stack_direction=-1 sv_cv_stack_direction=-1 "sv_cv_stack_direction_msg=grows down"
)

prepare() { :; }

run_configure() {
  "$CONFIG_SHELL" ./configure --cache-file="$ANSWERS" "${COMMON_CONFIGURE[@]}" "${CONFIGURE[@]}" "CFLAGS=$CFLAGS" "LDFLAGS=$LDFLAGS" "$@"
}

configure() { run_configure; }

# make with the recipe's LTO. configure runs without: its probes look into object files.
make_optimized() { make CFLAGS="$CFLAGS $LTO" "$@"; }

build() { make_optimized; }

# dependency PORT: the folder of its installed files.
dependency() {
  local variable=DEPENDENCY_$1
  printf '%s' "${!variable}"
}

# program FILE [PATH]: installs a module, stripped; PATH defaults to /usr/bin/<FILE's name>.
program() {
  local path=${2:-/usr/bin/${1##*/}}
  mkdir -p "$OUT${path%/*}"
  cloche-strip --strip-all -o "$OUT$path" "$1"
  chmod 755 "$OUT$path"
}

# link TARGET NAME...: symbolic links to TARGET in /usr/bin.
link() {
  local target=$1 name
  shift
  mkdir -p "$OUT/usr/bin"
  for name; do ln -sfn "$target" "$OUT/usr/bin/$name"; done
}

# script NAME: installs standard input as an executable script in /usr/bin.
script() {
  mkdir -p "$OUT/usr/bin"
  cat > "$OUT/usr/bin/$1"
  chmod 755 "$OUT/usr/bin/$1"
}

# for_suite FILE...: keeps files that only the upstream's own tests need, out of the pack.
for_suite() {
  mkdir -p "$OUT/.suite"
  cp "$@" "$OUT/.suite/"
}

# data FILE PATH: installs a plain file.
data() {
  mkdir -p "$OUT${2%/*}"
  cp "$1" "$OUT$2"
  chmod 644 "$OUT$2"
}
