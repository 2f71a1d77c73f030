# find -exec, +, -ok, -delete, -quit, -print0, -execdir.
mkdir -p d/e
for i in 1 2 3; do echo $i >"d/f $i"; done
touch d/e/x
find d -type f -name 'f*' -exec cat {} \; | sort
find d -type f -exec sh -c 'echo "$# files"' sh {} +
find d -name 'f 1' -exec test -s {} \; -print
find d -name 'f 2' -exec false {} \; -print
find d -type f -print0 | sort -z | xargs -0 -n1 basename
find d -name x -execdir pwd \; | sed 's,.*/w/,,'
find d -name 'f 3' -delete
find d | sort
find d -type f -exec nosuchprogram {} \;
echo $?
find d -name 'f 1' -exec sh -c 'exit 3' \;
echo $?
find d -name 'f*' -quit
