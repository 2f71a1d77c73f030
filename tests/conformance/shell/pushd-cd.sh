# cd, pushd, popd, dirs, CDPATH, symlinks with -L and -P.
mkdir -p a/b real/x
ln -s real/x link
here=$PWD
cd a/b
echo "${PWD#$here}"
cd ..
echo "${PWD#$here}"
cd - >/dev/null
echo "${PWD#$here}"
cd "$here"
cd link
echo "${PWD#$here}"
cd ..
echo "[${PWD#$here}]"
cd -P link
echo "${PWD#$here}"
cd ..
echo "${PWD#$here}"
cd "$here"
(
  cd missing
  echo $?
)
(
  cd a/b c
  echo $?
) 2>/dev/null
CDPATH=$here/a
(
  cd b >/dev/null
  echo "${PWD#$here}"
)
unset CDPATH
pushd a >/dev/null
pushd b >/dev/null
dirs | tr ' ' '\n' | wc -l
popd >/dev/null
echo "${PWD#$here}"
popd >/dev/null
cd ""
echo $?
cd link
pwd -P | sed "s,.*/w,,"
pwd -L | sed 's,.*/w,,'
cd "$here"
mkdir gone
cd gone
rmdir ../gone
pwd -P 2>/dev/null >&2
cd ..
echo "[${PWD#$here}]"
