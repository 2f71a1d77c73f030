# git between folders: clone, push to a bare repository, fetch, pull, a rejected push, shallow clone, bundle,
# archive, worktree, submodule, format-patch and am.
#@ needs: git
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export GIT_AUTHOR_DATE='2026-01-02T03:04:05 +0100' GIT_COMMITTER_DATE='2026-01-02T03:04:05 +0100'
top=$PWD
git config --global protocol.file.allow always
git config --global advice.detachedHead false
git config --global init.defaultBranch main
git init -q -b main one && cd one && seq 1000 >file && git add . && git commit -q -m one && cd ..
git init -q -b main --bare hub.git
git -C one remote add origin "$top/hub.git" && git -C one push -q -u origin main && git -C one status -sb
git clone -q hub.git two && git -C two log --format=%s && cmp one/file two/file && echo same
git clone -q --no-local "file://$top/one" three && git -C three rev-parse HEAD
(cd two && echo two >second && git add . && git commit -q -m two && git push -q)
(cd one && git fetch -q && git status -sb && git pull -q --ff-only && git log --format=%s)
(cd three && git remote set-url origin "$top/hub.git" && echo three >third && git add . && git commit -q -m three
  git push -q origin main 2>&1 | grep -c rejected
  git pull -q --rebase origin main && git push -q origin main && git log --format=%s)
git clone -q --depth 1 "file://$top/hub.git" shallow && git -C shallow log --format=%s
git -C one pull -q && git -C one bundle create -q "$top/all.bundle" --all && git clone -q all.bundle four -b main &&
  git -C four log --format=%s | wc -l
git -C one archive --prefix=p/ HEAD | tar -tf - | sort
git -C one worktree add -q -b side "$top/side" && git -C side status -sb && git -C one worktree list | wc -l
git -C one format-patch -q -o "$top/patches" -2 && ls patches
git -C two checkout -q -b mail origin/main~1 2>/dev/null && git -C two am -q "$top"/patches/0002-* && git -C two log -1 --format='%s %an'
git init -q -b main super && cd super && git submodule --quiet add ../hub.git lib && git commit -q -m super && cat .gitmodules &&
  git submodule status | cut -c43- && cd .. && git clone -q --recurse-submodules super again && ls again/lib
git ls-remote hub.git | cut -f2
cd / && rm -rf "$top"/{one,two,three,four,again,super,side,shallow,hub.git,patches,all.bundle,.gitconfig}
