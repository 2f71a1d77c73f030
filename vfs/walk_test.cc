#include "vfs/walk.h"

#include "vfs/synthfs.h"
#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

class WalkTest : public testing::Test {
 protected:
  InodeRef memfs(uint64_t dev, uint32_t mode = 0755, uint32_t uid = 1000) {
    return make_memfs({&clock_, budget_, dev, mode, uid, uid});
  }
  std::string path(std::string_view name, uint32_t flags = kFollowLast) {
    auto found = t_.walk(name, flags);
    if (!found.ok()) return abi::errno_name(found.error());
    auto text = t_.space.path_of(*found);
    return text.ok() ? *text : abi::errno_name(text.error());
  }
  std::string mount(std::string_view path, InodeRef root) {
    return outcome(t_.space.mount(path, std::move(root), "src", "memfs", "rw"));
  }

  ManualClock clock_;
  Ref<Budget> budget_ = make_budget(1 << 20, 1000);
  TestSpace t_{memfs(1)};
};

TEST_F(WalkTest, MountsAreCrossedBothWays) {
  ASSERT_EQ(t_.mkdir("/m"), "ok");
  ASSERT_EQ(t_.write("/m/hidden", "x"), "ok");
  InodeRef other = memfs(2);
  ASSERT_TRUE(other->mkdir("sub", {0755, 1000, 1000}).ok());
  ASSERT_EQ(mount("/m", other), "ok");
  EXPECT_EQ(path("/m/hidden"), "ENOENT");
  EXPECT_EQ(path("/m/sub"), "/m/sub");
  EXPECT_EQ(path("/m/sub/../.."), "/");
  EXPECT_EQ(path("/m/sub/../../../.."), "/");
  EXPECT_EQ(t_.stat("/m").dev, 2u);
  EXPECT_EQ(path("/m/sub", kFollowLast | kNoXdev), "EXDEV");
  EXPECT_TRUE(t_.space.is_mount_point(t_.space.root(), "m"));
  // A mount in the mount, also when the directory below it is moved.
  ASSERT_EQ(mount("/m/sub", memfs(3)), "ok");
  EXPECT_EQ(path("/m/sub/.."), "/m");
  EXPECT_EQ(t_.space.mounts().back().path, "/m/sub");
}

TEST_F(WalkTest, MountPointsStayWhereTheyAre) {
  ASSERT_EQ(t_.mkdir("/d"), "ok");
  ASSERT_EQ(t_.mkdir("/d/m"), "ok");
  ASSERT_EQ(mount("/d/m", memfs(2)), "ok");
  EXPECT_EQ(t_.rmdir("/d/m"), "EBUSY");
  EXPECT_EQ(t_.rename("/d/m", "/x"), "EBUSY");
  ASSERT_EQ(t_.mkdir("/e"), "ok");
  EXPECT_EQ(t_.rename("/e", "/d/m"), "EBUSY");
  EXPECT_EQ(t_.rename("/e", "/d/m", Inode::kExchange), "EBUSY");
  // The directory above can be renamed; the mount moves along.
  EXPECT_EQ(t_.rename("/d", "/e/d"), "ok");
  EXPECT_EQ(t_.stat("/e/d/m").dev, 2u);
  EXPECT_EQ(path("/e/d/m/.."), "/e/d");
  // A new directory of the old name has nothing on it.
  ASSERT_EQ(t_.mkdir("/d"), "ok");
  ASSERT_EQ(t_.mkdir("/d/m"), "ok");
  EXPECT_EQ(t_.stat("/d/m").dev, 1u);
}

TEST_F(WalkTest, MountRefuses) {
  ASSERT_EQ(t_.mkdir("/m"), "ok");
  ASSERT_EQ(t_.write("/f", "x"), "ok");
  ASSERT_EQ(t_.symlink("/l", "m"), "ok");
  EXPECT_EQ(mount("/none", memfs(2)), "ENOENT");
  EXPECT_EQ(mount("m", memfs(2)), "EINVAL");
  EXPECT_EQ(mount("/m/../m", memfs(2)), "EINVAL");
  EXPECT_EQ(mount("/", memfs(2)), "EBUSY");
  EXPECT_EQ(mount("/f", memfs(2)), "ENOTDIR");
  EXPECT_EQ(mount("/l", memfs(2)), "ENOTDIR");
  EXPECT_EQ(mount("/l/x", memfs(2)), "ENOTDIR");
  InodeRef file = memfs(2)->create("x", {0644, 0, 0}).value();
  EXPECT_EQ(mount("/m", file), "EISDIR");
  EXPECT_EQ(mount("/m", memfs(2)), "ok");
  EXPECT_EQ(mount("/m", memfs(3)), "EBUSY");
}

TEST_F(WalkTest, FilesCanBeMountedOverFiles) {
  ASSERT_EQ(t_.write("/f", "below"), "ok");
  InodeRef other = memfs(2);
  InodeRef file = other->create("x", {0644, 1000, 1000}).value();
  ASSERT_EQ(write_all(*file, "above"), "ok");
  ASSERT_EQ(mount("/f", file), "ok");
  EXPECT_EQ(t_.read("/f"), "above");
  EXPECT_EQ(path("/f"), "/f");
  EXPECT_EQ(t_.unlink("/f"), "EBUSY");
  ASSERT_EQ(t_.write("/g", ""), "ok");
  EXPECT_EQ(t_.rename("/g", "/f"), "EBUSY");
  EXPECT_EQ(t_.link("/f", "/h"), "EXDEV");
}

TEST_F(WalkTest, LinksAndRenamesStayInTheirMount) {
  ASSERT_EQ(t_.mkdir("/m"), "ok");
  ASSERT_EQ(mount("/m", memfs(2)), "ok");
  ASSERT_EQ(t_.write("/f", "x"), "ok");
  EXPECT_EQ(t_.link("/f", "/m/f"), "EXDEV");
  EXPECT_EQ(t_.rename("/f", "/m/f"), "EXDEV");
}

TEST_F(WalkTest, APartOfAFileSystemCannotBeLeftUpwards) {
  InodeRef other = memfs(2, 0777);
  InodeRef part = other->mkdir("part", {0777, 1000, 1000}).value();
  InodeRef inner = part->mkdir("inner", {0777, 1000, 1000}).value();
  ASSERT_TRUE(other->create("secret", {0644, 1000, 1000}).ok());
  ASSERT_EQ(t_.mkdir("/m"), "ok");
  ASSERT_EQ(mount("/m", part), "ok");
  Location inside = t_.walk("/m/inner").value();
  EXPECT_EQ(path("/m/inner/../.."), "/");
  // Moved out of the part by someone who holds the whole, the directory does not lead to the rest.
  ASSERT_TRUE(part->rename("inner", other, "inner", 0).ok());
  EXPECT_EQ(outcome(t_.space.walk(inside, "../secret", kGuest, 0)), "ENOENT");
  EXPECT_EQ(outcome(t_.space.path_of(inside)), "ENOENT");
  EXPECT_FALSE(t_.space.reachable(inside));
}

TEST_F(WalkTest, MovedDirectoriesAreWhereTheyAre) {
  ASSERT_EQ(t_.mkdir("/a"), "ok");
  ASSERT_EQ(t_.mkdir("/a/b"), "ok");
  ASSERT_EQ(t_.mkdir("/c"), "ok");
  Location cwd = t_.walk("/a/b").value();
  ASSERT_EQ(t_.rename("/a/b", "/c/d"), "ok");
  EXPECT_EQ(t_.space.current_path(cwd).value(), "/c/d");
  EXPECT_EQ(t_.space.walk(cwd, "..", kGuest, 0)->inode, t_.inode("/c"));
  ASSERT_EQ(t_.rmdir("/c/d"), "ok");
  EXPECT_EQ(outcome(t_.space.current_path(cwd)), "ENOENT");
  EXPECT_EQ(t_.space.path_of(cwd).value(), "/c/d (deleted)");
  EXPECT_FALSE(t_.space.reachable(cwd));
  EXPECT_EQ(t_.space.walk(cwd, "..", kGuest, 0)->inode, t_.inode("/c"));
  EXPECT_EQ(outcome(t_.space.walk(cwd, "x", kGuest, 0)), "ENOENT");
}

TEST_F(WalkTest, PathsOfFiles) {
  ASSERT_EQ(t_.write("/f", "x"), "ok");
  Location file = t_.walk("/f").value();
  EXPECT_EQ(t_.space.path_of(file).value(), "/f");
  ASSERT_EQ(t_.unlink("/f"), "ok");
  EXPECT_EQ(t_.space.path_of(file).value(), "/f (deleted)");
  ASSERT_EQ(t_.write("/f", "another"), "ok");
  EXPECT_EQ(t_.space.path_of(file).value(), "/f (deleted)");
  Location nowhere{file.inode, nullptr, nullptr, {}};
  EXPECT_EQ(outcome(t_.space.path_of(nowhere)), "ENOENT");
}

TEST_F(WalkTest, FortyLinksAndNoMore) {
  ASSERT_EQ(t_.write("/l0", "end"), "ok");
  for (int i = 1; i <= 41; ++i) {
    ASSERT_EQ(t_.symlink("/l" + std::to_string(i), "l" + std::to_string(i - 1)), "ok");
  }
  EXPECT_EQ(t_.read("/l40"), "end");
  EXPECT_EQ(t_.read("/l41"), "!ELOOP");
  ASSERT_EQ(t_.symlink("/self", "self"), "ok");
  EXPECT_EQ(t_.read("/self"), "!ELOOP");
  EXPECT_EQ(path("/self/x"), "ELOOP");
}

// Targets that are long, many times over: the work is bounded by 40 links of 4095 bytes.
TEST_F(WalkTest, LongTargetsEndInTime) {
  std::string dots;
  while (dots.size() < 4000) dots += "./";
  ASSERT_EQ(t_.symlink("/bomb", dots + "bomb/bomb/bomb/bomb"), "ok");
  EXPECT_EQ(path("/bomb"), "ELOOP");
}

TEST_F(WalkTest, HostilePaths) {
  EXPECT_EQ(path(std::string_view("a\0b", 3)), "EINVAL");
  EXPECT_EQ(path(std::string(4096, '/')), "ENAMETOOLONG");
  EXPECT_EQ(path(std::string(4095, '/')), "/");
  EXPECT_EQ(path(std::string(256, 'x')), "ENAMETOOLONG");
  EXPECT_EQ(path(std::string(255, 'x')), "ENOENT");
  EXPECT_EQ(path(""), "ENOENT");
  Location none;
  EXPECT_EQ(outcome(t_.space.walk(none, "x", kGuest, 0)), "ENOTDIR");
  EXPECT_EQ(outcome(t_.space.walk(none, "/", kGuest, 0)), "ok");
  EXPECT_EQ(outcome(t_.space.walk(none, "/", kGuest, kInRoot)), "ENOENT");
}

TEST_F(WalkTest, NamesMayHoldAnythingElse) {
  for (std::string name : {"\n", "\xff\xfe", "a b", "-", "...", "\\"}) {
    ASSERT_EQ(t_.write("/" + name, name), "ok");
    EXPECT_EQ(t_.read("/" + name), name);
  }
}

// --- magic links

class MagicLinkTest : public WalkTest {
 protected:
  void SetUp() override {
    auto table = std::make_shared<SynthTable>();
    SynthSpec link = SynthSpec::symlink("pipe:[1]");
    link.follow = [this](Location& target) -> SysResult<Unit> {
      if (error_) return *error_;
      target = target_;
      return Unit{};
    };
    table->set("magic", link);
    ASSERT_EQ(t_.mkdir("/proc"), "ok");
    ASSERT_EQ(mount("/proc", make_synthfs({&clock_, 9}, SynthSpec::directory(table))), "ok");
    ASSERT_EQ(t_.mkdir("/d"), "ok");
    ASSERT_EQ(t_.write("/d/f", "text"), "ok");
  }
  Location target_;
  std::optional<Errno> error_;
};

TEST_F(MagicLinkTest, LeadToTheFileItself) {
  target_ = t_.walk("/d/f").value();
  ASSERT_EQ(t_.unlink("/d/f"), "ok");
  // Its path is gone; the link reaches it all the same.
  EXPECT_EQ(t_.read("/proc/magic"), "text");
  EXPECT_EQ(t_.inode("/proc/magic", 0)->readlink().value(), "pipe:[1]");
  target_ = t_.walk("/d").value();
  EXPECT_EQ(path("/proc/magic/.."), "/");
  EXPECT_EQ(path("/proc/magic/", kDirectoryOnly), "/d");
}

TEST_F(MagicLinkTest, EndTheWalkWithTheirError) {
  error_ = Errno::kACCES;
  EXPECT_EQ(path("/proc/magic"), "EACCES");
  error_.reset();
  EXPECT_EQ(path("/proc/magic"), "ENOENT");  // an empty location leads nowhere
}

TEST_F(MagicLinkTest, AreRefusedWhereResolveFlagsSaySo) {
  target_ = t_.walk("/d").value();
  EXPECT_EQ(path("/proc/magic", kFollowLast | kNoMagicLinks), "ELOOP");
  EXPECT_EQ(path("/proc/magic", kFollowLast | kNoSymlinks), "ELOOP");
  Location proc = t_.walk("/proc").value();
  EXPECT_EQ(outcome(t_.space.walk(proc, "magic", kGuest, kFollowLast | kBeneath)), "EXDEV");
  EXPECT_EQ(outcome(t_.space.walk(proc, "magic", kGuest, kFollowLast | kInRoot)), "EXDEV");
  EXPECT_EQ(outcome(t_.space.walk(proc, "magic", kGuest, kFollowLast | kNoXdev)), "EXDEV");
  EXPECT_EQ(outcome(t_.space.walk(proc, "magic", kGuest, kBeneath)), "ok");  // not followed
}

// --- ops on what does not change by itself: sticky, read-only, owners

TEST_F(WalkTest, StickyDirectoriesProtectWhatOthersOwn) {
  InodeRef tmp = t_.inode("/")->mkdir("tmp", {01777, 0, 0}).value();
  ASSERT_TRUE(tmp->create("other", {0666, 2000, 2000}).ok());
  ASSERT_TRUE(tmp->create("mine", {0666, 1000, 1000}).ok());
  EXPECT_EQ(t_.unlink("/tmp/other"), "EPERM");
  EXPECT_EQ(t_.rename("/tmp/other", "/tmp/x"), "EPERM");
  EXPECT_EQ(t_.rename("/tmp/mine", "/tmp/other"), "EPERM");
  EXPECT_EQ(t_.unlink("/tmp/mine"), "ok");
}

TEST_F(WalkTest, OnlyOwnersChangeAttributes) {
  InodeRef other = t_.inode("/")->create("other", {0666, 2000, 2000}).value();
  ASSERT_EQ(t_.write("/mine", "x"), "ok");
  InodeRef mine = t_.inode("/mine");
  SetAttr mode;
  mode.set_mode = true;
  mode.mode = 0600;
  EXPECT_EQ(outcome(change_attr(*other, kGuest, mode)), "EPERM");
  EXPECT_EQ(outcome(change_attr(*mine, kGuest, mode)), "ok");
  SetAttr owner;
  owner.set_uid = true;
  owner.uid = 0;
  EXPECT_EQ(outcome(change_attr(*mine, kGuest, owner)), "EPERM");
  owner.uid = 1000;
  EXPECT_EQ(outcome(change_attr(*mine, kGuest, owner)), "ok");
  SetAttr group;
  group.set_gid = true;
  group.gid = 5;
  EXPECT_EQ(outcome(change_attr(*mine, kGuest, group)), "EPERM");
  EXPECT_EQ(outcome(change_attr(*mine, Credentials{1000, 1000, {5}}, group)), "ok");
  SetAttr times;
  times.set_mtime = true;
  EXPECT_EQ(outcome(change_attr(*other, kGuest, times)), "EPERM");
  EXPECT_EQ(outcome(change_attr(*other, kGuest, times, TimesChange::kNow)), "ok");
  // There is no root.
  EXPECT_EQ(outcome(change_attr(*mine, Credentials{0, 0, {}}, mode)), "EPERM");
}

}  // namespace
}  // namespace cloche::vfs
