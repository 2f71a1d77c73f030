# git: a repository from its first commit on: add, status, commit, log, diff, show, mv, rm, ignore, tag, stash.
#@ needs: git
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export GIT_AUTHOR_DATE='2026-01-02T03:04:05 +0100' GIT_COMMITTER_DATE='2026-01-02T03:04:05 +0100'
git init -q -b main project && cd project || exit
git status --short --branch
seq 20 >numbers
printf 'all:\n\techo built\n' >Makefile
mkdir src && echo 'int main(void) { return 0; }' >src/main.c
ln -s src/main.c link
printf '#!/bin/sh\necho run\n' >run && chmod +x run
git add . && git status --short
git commit -q -m 'First commit' && git log --stat --format='%H%n%an <%ae> %ad%n%s'
sed -i 's/^7$/seven/' numbers
git diff
git diff --stat
git commit -q -a -m 'Change a number

With a body.' && git log --format='%h %s%n%b'
printf '*.o\nbuild/\n' >.gitignore
touch src/main.o && mkdir build && touch build/out
git status --short --ignored
git add .gitignore && git mv src/main.c src/program.c && git rm -q link
git status --short
git commit -q -m 'Move' && git show --stat -M --format=%s HEAD
git show HEAD~1:numbers | sed -n 7p
git tag -a v1 -m 'Version 1' && git tag light HEAD~1 && git describe HEAD && git tag -n1
echo more >>numbers && git stash -q && cat numbers | tail -n 1 && git stash pop -q && tail -n 1 numbers
git checkout -q -- numbers && git status --short
git blame -s numbers | sed -n 6,8p
git grep -n seven
git ls-files -s
git rev-parse HEAD HEAD^{tree} v1^{commit}
git commit -m nothing
echo "status $?"
git checkout -q no-such-branch
echo "status $?"
cd .. && git -C /dev log 2>&1 | head -c 24
echo
rm -rf project
