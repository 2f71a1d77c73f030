# git: objects by hand, packs and their checks, fast-import, large and binary files, many files.
#@ needs: git
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export GIT_AUTHOR_DATE='2026-01-02T03:04:05 +0100' GIT_COMMITTER_DATE='2026-01-02T03:04:05 +0100'
git init -q -b main plumbing && cd plumbing || exit
blob=$(echo content | git hash-object -w --stdin) && echo "$blob" && git cat-file -p "$blob" && git cat-file -t "$blob"
git update-index --add --cacheinfo "100644,$blob,name" && tree=$(git write-tree) && git cat-file -p "$tree"
commit=$(echo made by hand | git commit-tree "$tree") && git update-ref refs/heads/main "$commit" && git log --format='%H %s'
git reset -q --hard && cat name
seq 100000 >large && seq 200 | xargs -I{} sh -c 'mkdir -p d{}; echo {} >d{}/f' && printf '\0\1\2' >binary
git add . && git commit -q -m many && sed -i 5000d large && printf '\0\2' >binary && git diff --stat
git commit -q -a -m less && git gc -q && git count-objects -v | grep -E '^(count|in-pack|packs)' && git fsck --strict 2>/dev/null && echo sound
git verify-pack -v .git/objects/pack/*.idx | grep -c blob
git repack -q -a -d --window=20 && git fsck 2>/dev/null && git show HEAD:large | cksum
git fast-export --all >../stream && git init -q -b main ../copy && git -C ../copy fast-import --quiet <../stream && git -C ../copy rev-parse main && git rev-parse main
git rev-list --objects --all | wc -l
pack=$(ls .git/objects/pack/*.pack) && chmod u+w "$pack" && printf X | dd of="$pack" bs=1 seek=200 conv=notrunc status=none
git fsck >/dev/null 2>&1
echo "damaged: $(($? != 0))"
cd .. && rm -rf plumbing copy stream
