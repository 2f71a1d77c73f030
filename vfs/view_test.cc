#include "vfs/view.h"

#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

// A tree with a folder /part, and what a view of that folder shows.
class ViewTest : public testing::Test {
 protected:
  ViewTest() : all_(make_memfs({&clock_, budget_, 1, 0755, 1000, 1000})) {
    all_.mkdir("/part");
    all_.mkdir("/part/dir");
    all_.write("/part/dir/a", "one");
    all_.write("/secret", "not shown");
    all_.mkdir("/outside");
  }
  TestSpace view(bool read_only) {
    return TestSpace(make_view(all_.inode("/part"),
                               {read_only, 7, all_.space.mount_points(*all_.space.root().mount)}));
  }

  ManualClock clock_;
  Ref<Budget> budget_ = make_budget(1 << 30, 100000);
  TestSpace all_;
};

TEST_F(ViewTest, ReadsAndWritesAreTheOtherFileSystems) {
  const TestSpace inside = view(false);
  EXPECT_EQ(inside.read("/dir/a"), "one");
  EXPECT_EQ(inside.write("/dir/b", "two"), "ok");
  EXPECT_EQ(all_.read("/part/dir/b"), "two");
  EXPECT_EQ(all_.write("/part/dir/a", "changed"), "ok");
  EXPECT_EQ(inside.read("/dir/a"), "changed");
  EXPECT_EQ(inside.mkdir("/new"), "ok");
  EXPECT_EQ(inside.rename("/dir/b", "/new/b"), "ok");
  EXPECT_EQ(inside.link("/new/b", "/hard"), "ok");
  EXPECT_EQ(inside.symlink("/link", "hard"), "ok");
  EXPECT_EQ(all_.read("/part/link"), "two");
  EXPECT_EQ(inside.unlink("/new/b"), "ok");
  EXPECT_EQ(inside.rmdir("/new"), "ok");
  EXPECT_EQ(all_.read("/part/hard"), "two");
}

TEST_F(ViewTest, ReadOnlyRefusesEveryChange) {
  const TestSpace inside = view(true);
  EXPECT_EQ(inside.read("/dir/a"), "one");
  EXPECT_EQ(inside.write("/dir/a", "x"), "EROFS");
  EXPECT_EQ(inside.write("/new", "x"), "EROFS");
  EXPECT_EQ(inside.mkdir("/new"), "EROFS");
  EXPECT_EQ(inside.symlink("/new", "x"), "EROFS");
  EXPECT_EQ(inside.link("/dir/a", "/b"), "EROFS");
  EXPECT_EQ(inside.unlink("/dir/a"), "EROFS");
  EXPECT_EQ(inside.rmdir("/dir"), "EROFS");
  EXPECT_EQ(inside.rename("/dir/a", "/b"), "EROFS");
  const InodeRef file = inside.inode("/dir/a");
  EXPECT_EQ(outcome(truncate(*file, kGuest, 0)), "EROFS");
  SetAttr mode;
  mode.set_mode = true;
  EXPECT_EQ(outcome(change_attr(*file, kGuest, mode)), "EROFS");
  // Also past the checks of the path calls.
  EXPECT_EQ(outcome(file->open(OpenAccess::kWrite)), "EROFS");
  EXPECT_EQ(outcome(file->truncate(0)), "EROFS");
  EXPECT_EQ(outcome(file->set_attr(mode)), "EROFS");
  const InodeRef root = inside.inode("/");
  EXPECT_EQ(outcome(root->create("x", {})), "EROFS");
  EXPECT_EQ(outcome(root->create_open("x", {}, OpenAccess::kWrite)), "EROFS");
  EXPECT_EQ(outcome(root->create_unnamed({})), "EROFS");
  EXPECT_EQ(outcome(root->mknod("x", FileType::kFifo, {})), "EROFS");
  EXPECT_TRUE(root->statfs().value().read_only);
  EXPECT_EQ(all_.read("/part/dir/a"), "one");
}

TEST_F(ViewTest, AWritableViewOfWhatIsReadOnlyIsReadOnly) {
  const TestSpace shown = view(true);
  const TestSpace inside(make_view(shown.inode("/dir"), {false, 8}));
  EXPECT_EQ(inside.read("/a"), "one");
  EXPECT_EQ(inside.write("/a", "x"), "EROFS");
}

TEST_F(ViewTest, NothingLeadsUp) {
  const TestSpace inside = view(false);
  EXPECT_EQ(inside.read("/../secret"), "!ENOENT");
  EXPECT_EQ(inside.read("/dir/../../secret"), "!ENOENT");
  EXPECT_EQ(inside.symlink("/up", "../secret"), "ok");
  EXPECT_EQ(inside.read("/up"), "!ENOENT");
  EXPECT_EQ(inside.symlink("/absolute", "/secret"), "ok");
  EXPECT_EQ(inside.read("/absolute"), "!ENOENT");
  EXPECT_FALSE(inside.inode("/")->parent());
}

TEST_F(ViewTest, AFolderMovedOutHasNoWayUp) {
  const TestSpace inside = view(false);
  const Location folder = inside.walk("/dir").value();
  ASSERT_EQ(all_.rename("/part/dir", "/outside/dir"), "ok");
  // Who is in it may stay, as in a bind mount, but not climb.
  EXPECT_EQ(read_all(*inside.space.walk(folder, "a", kGuest, 0)->inode), "one");
  EXPECT_EQ(outcome(inside.space.walk(folder, "..", kGuest, 0)), "ENOENT");
  EXPECT_EQ(outcome(inside.space.walk(folder, "../../secret", kGuest, 0)), "ENOENT");
  EXPECT_FALSE(folder.inode->parent());
  EXPECT_EQ(outcome(inside.space.path_of(folder)), "ENOENT");
}

TEST_F(ViewTest, DevicesFifosAndSocketsAreShownButDoNotOpen) {
  const InodeRef part = all_.inode("/part");
  ASSERT_TRUE(part->mknod("pipe", FileType::kFifo, {0666, 1000, 1000}).ok());
  ASSERT_TRUE(part->mknod("socket", FileType::kSocket, {0666, 1000, 1000}).ok());
  const TestSpace inside = view(false);
  for (const char* path : {"/pipe", "/socket"}) {
    const InodeRef special = inside.inode(path);
    EXPECT_EQ(outcome(special->may_open_special()), "EACCES") << path;
    // What the kernel keeps there for one side is not there for the other.
    EXPECT_NE(special.get(), all_.inode(std::string("/part") + path).get());
  }
  EXPECT_EQ(inside.stat("/pipe").type, FileType::kFifo);
  const InodeRef root = inside.inode("/");
  EXPECT_EQ(outcome(root->mknod("p", FileType::kFifo, {})), "EPERM");
  EXPECT_EQ(outcome(root->mknod("s", FileType::kSocket, {})), "EPERM");
}

TEST_F(ViewTest, TheSameFileIsTheSameInode) {
  const TestSpace inside = view(false);
  EXPECT_EQ(inside.inode("/dir/a"), inside.inode("/dir/../dir/a"));
  EXPECT_EQ(inside.inode("/dir")->parent(), inside.inode("/"));
  EXPECT_EQ(inside.stat("/dir/a").dev, 7u);
  EXPECT_EQ(inside.stat("/dir/a").ino, all_.stat("/part/dir/a").ino);
}

TEST_F(ViewTest, NothingOfAnotherFileSystemGetsIn) {
  const TestSpace inside = view(false), other(make_view(all_.inode("/outside"), {false, 8}));
  const InodeRef root = inside.inode("/");
  EXPECT_EQ(outcome(root->link("x", all_.inode("/secret"))), "EXDEV");
  EXPECT_EQ(outcome(root->rename("dir", other.inode("/"), "x", 0)), "EXDEV");
  EXPECT_EQ(outcome(root->rename("dir", all_.inode("/outside"), "x", 0)), "EXDEV");
}

TEST_F(ViewTest, WhatLiesUnderAMountIsClosed) {
  all_.mkdir("/part/dir/covered");
  all_.write("/part/dir/covered/a", "under the mount");
  all_.write("/part/file", "under the other");
  const TestSpace folder(make_memfs({&clock_, budget_, 2, 0755, 1000, 1000}));
  folder.write("/f", "on the mount");
  ASSERT_TRUE(all_.space.mount("/part/dir/covered", folder.inode("/"), "", "tmpfs", "ro").ok());
  ASSERT_TRUE(all_.space.mount("/part/file", folder.inode("/f"), "", "tmpfs", "ro").ok());
  const TestSpace inside = view(false);
  EXPECT_EQ(inside.stat("/dir/covered").type, FileType::kDirectory);
  EXPECT_EQ(inside.stat("/dir/covered").mode, 0u);
  EXPECT_EQ(inside.read("/dir/covered/a"), "!EACCES");
  EXPECT_EQ(inside.read("/file"), "!EACCES");
  EXPECT_EQ(inside.write("/file", "x"), "EACCES");
  EXPECT_EQ(inside.mkdir("/dir/covered/new"), "EACCES");
  EXPECT_EQ(inside.write("/new", "x"), "ok");
  for (const auto& outcome :
       {inside.rename("/dir/covered", "/dir/out"), inside.rename("/file", "/out"),
        inside.rename("/new", "/file"), inside.unlink("/file"), inside.rmdir("/dir/covered")}) {
    EXPECT_EQ(outcome, "EBUSY");
  }
  EXPECT_EQ(inside.link("/file", "/hard"), "EPERM");
  EXPECT_EQ(outcome(inside.inode("/")->link("hard", inside.inode("/file"))), "EXDEV");
  // Also past the checks of the path calls.
  const InodeRef root = inside.inode("/"), dir = inside.inode("/dir");
  EXPECT_EQ(outcome(root->rename("new", dir, "covered", Inode::kExchange)), "EBUSY");
  EXPECT_EQ(outcome(dir->rename("covered", root, "new", Inode::kExchange)), "EBUSY");
  EXPECT_EQ(outcome(inside.inode("/file")->open(OpenAccess::kRead)), "EACCES");
  EXPECT_EQ(outcome(inside.inode("/file")->truncate(0)), "EINVAL");
  EXPECT_EQ(outcome(dir->lookup("covered").value()->lookup("a")), "EACCES");
  // It moves with the folder in which it is.
  ASSERT_EQ(inside.rename("/dir", "/moved"), "ok");
  EXPECT_EQ(inside.read("/moved/covered/a"), "!EACCES");
  EXPECT_EQ(read_all(*all_.inode("/part/moved")->lookup("covered").value()->lookup("a").value()),
            "under the mount");
}

TEST_F(ViewTest, AViewOfAFileIsAFile) {
  const InodeRef file = make_view(all_.inode("/secret"), {true, 7});
  EXPECT_EQ(read_all(*file), "not shown");
  EXPECT_EQ(write_all(*file, "x"), "EROFS");
}

TEST(BudgetTest, WhatIsTakenInsideIsTakenOutside) {
  const Ref<Budget> outer = make_budget(100, 3);
  {
    const Ref<Budget> inner = make_ref<Budget>(80u, 10u, outer);
    EXPECT_TRUE(inner->take_bytes(60));
    EXPECT_FALSE(inner->take_bytes(30));  // its own limit
    EXPECT_TRUE(outer->take_bytes(35));
    EXPECT_FALSE(inner->take_bytes(10));  // the other's
    EXPECT_EQ(inner->bytes_used(), 60u);
    EXPECT_EQ(outer->bytes_used(), 95u);
    EXPECT_TRUE(inner->take_inodes(3));
    EXPECT_FALSE(inner->take_inodes());
    inner->give_inodes(3);
    inner->give_bytes(60);
  }
  EXPECT_EQ(outer->bytes_used(), 35u);
  EXPECT_EQ(outer->inodes_used(), 0u);
}

}  // namespace
}  // namespace cloche::vfs
