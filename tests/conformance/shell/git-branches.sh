# git: branches: merges with and without conflicts, rebase, cherry-pick, revert, reset, bisect, a hook.
#@ needs: git
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat GIT_EDITOR=true
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export GIT_AUTHOR_DATE='2026-01-02T03:04:05 +0100' GIT_COMMITTER_DATE='2026-01-02T03:04:05 +0100'
git init -q -b main project && cd project || exit
commit() { git add -A && git commit -q -m "$1"; }
seq 30 >a && commit start
git checkout -q -b feature
sed -i 's/^3$/three/' a && commit three
sed -i 's/^25$/twenty-five/' a && commit twenty-five
git checkout -q main
sed -i 's/^15$/fifteen/' a && commit fifteen
git merge -q -m 'Merge feature' feature && sed -n '3p;15p;25p' a
git log --graph --format='%s' | sed 's/ *$//'
git checkout -q -b left && sed -i 's/^10$/left/' a && commit left
git checkout -q main && sed -i 's/^10$/right/' a && commit right
git merge left >/dev/null 2>&1
echo "merge $?"
git status --short
cat a | sed -n '/^<<<<<<< /,/^>>>>>>> /p'
git checkout --theirs a 2>/dev/null && git add a && git commit -q -m resolved && sed -n 10p a
git checkout -q -b topic HEAD~2 && echo t >t && commit topic-1 && echo u >u && commit topic-2
git rebase -q main && git log -3 --format=%s
git rebase -q --onto feature main topic && git log -3 --format=%s
git checkout -q main && git cherry-pick topic >/dev/null && git log -1 --format=%s && ls
git revert --no-edit HEAD >/dev/null && git log -1 --format=%s && ls
git reset -q --hard HEAD~2 && git log -1 --format=%s
git branch --contains feature --format='%(refname:short)'
git merge-base main topic | git name-rev --stdin 2>/dev/null | cut -c1-12
GIT_SEQUENCE_EDITOR="sed -i '1s/pick/reword/;2s/pick/drop/'" git rebase -q -i topic~2 topic 2>/dev/null
git log -2 --format=%s
git checkout -q -b long main
for i in 1 2 3 4 5 6 7 8; do
  echo $i >n && commit "number $i"
done
git bisect start -q HEAD HEAD~8 >/dev/null
git bisect run sh -c 'test $(cat n) -lt 6' | grep 'is the first'
git bisect reset >/dev/null 2>&1
printf '#!/bin/bash\necho "hook in ${PWD##*/}"\nexit 1\n' >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
echo x >x && git add x && git commit -m refused
echo "commit $?"
git commit -q -n -m forced && git log -1 --format=%s
cd .. && rm -rf project
