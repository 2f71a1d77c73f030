# Long names and paths.
n=$(printf 'n%.0s' {1..255})
touch "$n"
ls | awk '{print length($0)}'
touch "${n}x" 2>/dev/null || echo "too long"
mkdir -p "$(printf 'd/%.0s' {1..200})"
find d -type d | wc -l
p=$(printf 'long_component_name_%.0s' 1 2 3 4 5)
path=.
for i in $(seq 45); do path=$path/$p; done
mkdir -p "$path" 2>/dev/null || echo "path too long"
(
  for i in $(seq 5); do mkdir "$p" && cd "$p" || exit; done
  pwd | awk '{print (length($0) > 500)}'
)
rm -rf "$n" d long*
