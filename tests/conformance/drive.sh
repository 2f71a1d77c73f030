#!/bin/sh
# drive.sh FILES OUT COMMAND...: runs COMMAND in the folder FILES and leaves an archive of what it
# wrote there in OUT. Both sides of a case start through it when the folder is in memory inside,
# where the host can't look. What this shell says itself (a command ended by a signal) is dropped.
files=$1 out=$2
shift 2
umask 022
mkdir -p "$files" && cd "$files" || exit 125
exec 3>&2 2>/dev/null
"$@" 2>&3 3>&-
status=$?
chmod -R u+r .
tar -cf "$out/files.tar" .
exit "$status"
