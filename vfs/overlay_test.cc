#include "vfs/overlay.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "vfs/hostfs.h"
#include "vfs/pack_builder.h"
#include "vfs/packfs.h"
#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

// Everything in a tree as text, to see whether it changed.
void dump(Inode& directory, const std::string& path, std::string* out) {
  std::vector<std::string> names = names_in(directory);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    InodeRef child = directory.lookup(name).value();
    Stat stat = child->stat().value();
    *out += path + "/" + name + " " + std::to_string(static_cast<int>(stat.type)) + " " +
            std::to_string(stat.mode) + " " + std::to_string(stat.nlink) + " " +
            std::to_string(stat.mtime.seconds);
    if (stat.type == FileType::kRegular) *out += " " + read_all(*child);
    if (stat.type == FileType::kSymlink) *out += " -> " + child->readlink().value();
    *out += "\n";
    if (stat.type == FileType::kDirectory) dump(*child, path + "/" + name, out);
  }
}

class OverlayTest : public testing::Test {
 protected:
  OverlayTest() {
    lower_ = make_memfs({&clock_, make_budget(1 << 30, 100000), 1, 0755, 1000, 1000});
    TestSpace below(lower_);
    below.write("/file", "lower text");
    below.write("/other", "other text");
    below.mkdir("/dir");
    below.mkdir("/dir/sub");
    below.write("/dir/a", "a");
    below.write("/dir/sub/b", "b");
    below.symlink("/link", "dir/a");
    below.link("/file", "/hard");
    dump(*lower_, "", &before_);
    clock_.advance_seconds(100);
    t_ = std::make_unique<TestSpace>(make_overlay(lower_, {&clock_, budget_, 2}));
  }
  ~OverlayTest() override {
    std::string after;
    dump(*lower_, "", &after);
    EXPECT_EQ(after, before_);  // nothing below was ever written
    t_.reset();
    EXPECT_EQ(budget_->bytes_used(), 0u);
    EXPECT_EQ(budget_->inodes_used(), 0u);
  }
  std::vector<std::string> list(std::string_view path) {
    auto names = names_in(*t_->inode(path));
    std::sort(names.begin(), names.end());
    return names;
  }
  using Names = std::vector<std::string>;

  ManualClock clock_;
  Ref<Budget> budget_ = make_budget(1 << 20, 50);
  InodeRef lower_;
  std::string before_;
  std::unique_ptr<TestSpace> t_;
};

TEST_F(OverlayTest, ShowsWhatIsBelowForNothing) {
  EXPECT_EQ(t_->read("/file"), "lower text");
  EXPECT_EQ(t_->read("/link"), "a");
  EXPECT_EQ(list("/"), (Names{"dir", "file", "hard", "link", "other"}));
  EXPECT_EQ(t_->stat("/file").dev, 2u);
  EXPECT_EQ(t_->inode("/dir"), t_->inode("/dir/sub/.."));
  EXPECT_EQ(t_->space.path_of(*t_->walk("/dir/sub/b")).value(), "/dir/sub/b");
  EXPECT_EQ(budget_->inodes_used(), 0u);
}

TEST_F(OverlayTest, WritesStayAbove) {
  uint64_t ino = t_->stat("/file").ino;
  auto reader = t_->inode("/file")->open(OpenAccess::kRead).value();
  auto body = t_->inode("/file")->open(OpenAccess::kReadWrite).value();
  EXPECT_EQ(budget_->bytes_used(), 0u);  // opening copies nothing
  EXPECT_EQ(body->write_at(6, bytes_of("TEXT")).value(), 4u);
  EXPECT_EQ(t_->read("/file"), "lower TEXT");
  std::vector<uint8_t> out(10);
  EXPECT_EQ(reader->read_at(0, out).value(), 10u);
  EXPECT_EQ(std::string(out.begin(), out.end()), "lower TEXT");  // opened before the copy
  EXPECT_EQ(t_->stat("/file").ino, ino);
  EXPECT_EQ(t_->stat("/file").uid, 1000u);
  EXPECT_EQ(body->append(bytes_of("!")).value().end, 11u);
  body.reset();
  reader.reset();
  EXPECT_EQ(t_->read("/file"), "lower TEXT!");  // kept though nobody holds it
}

TEST_F(OverlayTest, HardLinksBelowStayOneFile) {
  ASSERT_EQ(t_->write("/hard", "changed"), "ok");
  EXPECT_EQ(t_->read("/file"), "changed");
  EXPECT_EQ(t_->stat("/file").nlink, 2u);
  ASSERT_EQ(t_->unlink("/hard"), "ok");
  EXPECT_EQ(t_->read("/file"), "changed");
  EXPECT_EQ(t_->stat("/file").nlink, 1u);
  ASSERT_EQ(t_->link("/file", "/third"), "ok");
  EXPECT_EQ(t_->stat("/third").nlink, 2u);
  EXPECT_EQ(t_->read("/third"), "changed");
}

TEST_F(OverlayTest, TruncatingToNothingCopiesNothing) {
  ASSERT_EQ(t_->write("/file", ""), "ok");
  EXPECT_EQ(t_->read("/file"), "");
  EXPECT_EQ(budget_->bytes_used(), 0u);
  EXPECT_EQ(outcome(truncate(*t_->inode("/other"), kGuest, 5)), "ok");
  EXPECT_EQ(t_->read("/other"), "other");
}

TEST_F(OverlayTest, AttributesChangeAlone) {
  SetAttr change;
  change.set_mode = true;
  change.mode = 0400;
  ASSERT_TRUE(change_attr(*t_->inode("/file"), kGuest, change).ok());
  EXPECT_EQ(t_->stat("/file").mode, 0400u);
  EXPECT_EQ(budget_->bytes_used(), 0u);
  EXPECT_EQ(t_->read("/file"), "lower text");
  EXPECT_EQ(t_->write("/file", ""), "EACCES");
  change.mode = 0;
  ASSERT_TRUE(change_attr(*t_->inode("/dir"), kGuest, change).ok());
  EXPECT_EQ(outcome(t_->walk("/dir/a")), "EACCES");
}

TEST_F(OverlayTest, RemovedNamesStayRemoved) {
  ASSERT_EQ(t_->unlink("/other"), "ok");
  EXPECT_EQ(t_->read("/other"), "!ENOENT");
  EXPECT_EQ(list("/"), (Names{"dir", "file", "hard", "link"}));
  EXPECT_EQ(t_->unlink("/other"), "ENOENT");
  ASSERT_EQ(t_->write("/other", "new"), "ok");
  EXPECT_EQ(t_->read("/other"), "new");
  ASSERT_EQ(t_->unlink("/other"), "ok");
  EXPECT_EQ(t_->read("/other"), "!ENOENT");
}

TEST_F(OverlayTest, ANewDirectoryHidesTheOldOne) {
  EXPECT_EQ(t_->rmdir("/dir"), "ENOTEMPTY");
  ASSERT_EQ(t_->unlink("/dir/a"), "ok");
  ASSERT_EQ(t_->unlink("/dir/sub/b"), "ok");
  ASSERT_EQ(t_->rmdir("/dir/sub"), "ok");
  EXPECT_EQ(t_->stat("/dir").nlink, 2u);
  ASSERT_EQ(t_->rmdir("/dir"), "ok");
  uint64_t used = budget_->inodes_used();
  ASSERT_EQ(t_->mkdir("/dir"), "ok");
  EXPECT_EQ(list("/dir"), Names{});
  EXPECT_EQ(t_->read("/dir/a"), "!ENOENT");
  EXPECT_EQ(budget_->inodes_used(), used + 1);
}

TEST_F(OverlayTest, DirectoriesBelowCanBeRenamed) {
  ASSERT_EQ(t_->write("/dir/sub/new", "new"), "ok");
  Location inside = t_->walk("/dir/sub").value();
  ASSERT_EQ(t_->rename("/dir", "/moved"), "ok");
  EXPECT_EQ(list("/"), (Names{"file", "hard", "link", "moved", "other"}));
  EXPECT_EQ(t_->read("/moved/a"), "a");
  EXPECT_EQ(t_->read("/moved/sub/b"), "b");
  EXPECT_EQ(t_->read("/moved/sub/new"), "new");
  EXPECT_EQ(t_->space.path_of(inside).value(), "/moved/sub");
  ASSERT_EQ(t_->rename("/moved/sub", "/sub"), "ok");
  EXPECT_EQ(t_->read("/sub/b"), "b");
  EXPECT_EQ(t_->rename("/moved", "/sub/deep"), "ok");
  EXPECT_EQ(t_->rename("/sub", "/sub/deep/x"), "EINVAL");
  EXPECT_EQ(t_->read("/sub/deep/a"), "a");
  EXPECT_EQ(t_->rename("/sub", "/file", Inode::kExchange), "ok");
  EXPECT_EQ(t_->read("/sub"), "lower text");
  EXPECT_EQ(t_->read("/file/deep/a"), "a");
  EXPECT_EQ(budget_->bytes_used(), 4096u);  // only "new"
}

TEST_F(OverlayTest, InodesRunOutWithoutHarm) {
  for (int i = 0; budget_->inodes_used() < 50; ++i) {
    ASSERT_EQ(t_->write("/n" + std::to_string(i), ""), "ok");
  }
  std::string before;
  dump(*t_->inode("/"), "", &before);
  EXPECT_EQ(t_->write("/more", ""), "ENOSPC");
  EXPECT_EQ(t_->unlink("/other"), "ENOSPC");
  EXPECT_EQ(t_->rename("/dir", "/moved"), "ENOSPC");
  EXPECT_EQ(t_->mkdir("/dir/sub/x"), "ENOSPC");
  EXPECT_EQ(t_->write("/other", ""), "ENOSPC");
  std::string after;
  dump(*t_->inode("/"), "", &after);
  EXPECT_EQ(after, before);
  EXPECT_EQ(t_->rename("/n0", "/n1"), "ok");
  EXPECT_EQ(t_->unlink("/n1"), "ok");
  EXPECT_EQ(t_->write("/more", ""), "ok");
}

TEST_F(OverlayTest, CopiesThatDoNotFitChangeNothing) {
  TestSpace below(lower_);
  auto small = make_budget(8192, 50);
  std::string big(20000, 'x');
  InodeRef file = lower_->create("big", {0644, 1000, 1000}).value();
  ASSERT_EQ(write_all(*file, big), "ok");
  {
    TestSpace t(make_overlay(lower_, {&clock_, small, 3}));
    EXPECT_EQ(write_all(*t.inode("/big"), "y"), "ENOSPC");
    EXPECT_EQ(t.read("/big"), big);
    EXPECT_EQ(small->bytes_used(), 0u);
    EXPECT_EQ(outcome(truncate(*t.inode("/big"), kGuest, 5000)), "ok");
    EXPECT_EQ(t.read("/big"), big.substr(0, 5000));
  }
  EXPECT_EQ(small->inodes_used(), 0u);
  ASSERT_TRUE(lower_->unlink("big").ok());
  before_.clear();
  dump(*lower_, "", &before_);
}

TEST_F(OverlayTest, ReaddirIsStableUnderChanges) {
  InodeRef root = t_->inode("/dir");

  std::set<std::string> stay;
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(t_->write("/dir/new" + std::to_string(i), ""), "ok");
    stay.insert("new" + std::to_string(i));
  }
  stay.insert("a");
  stay.insert("sub");
  // One at a time; each is changed (and so copied) right after it was seen, and one is removed.
  std::map<std::string, int> seen;
  struct Env {
    std::string name;
    uint64_t next = 0;
  };
  for (uint64_t cookie = 0;;) {
    Env env;
    ASSERT_TRUE(root->readdir(cookie, &env,
                              [](void* opaque, const DirEntry& entry) {
                                auto* e = static_cast<Env*>(opaque);
                                if (!e->name.empty()) return false;
                                e->name = entry.name;
                                e->next = entry.next;
                                return true;
                              })
                    .ok());
    if (env.name.empty()) break;
    ++seen[env.name];
    cookie = env.next;
    SetAttr change;
    change.set_mode = true;
    change.mode = 0700;
    ASSERT_TRUE(t_->inode("/dir/" + env.name)->set_attr(change).ok());
  }
  for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
  for (const std::string& name : stay) EXPECT_TRUE(seen.count(name)) << name;
}

TEST_F(OverlayTest, ReaddirGoesOnFromAnyCookie) {
  ASSERT_EQ(t_->write("/new", ""), "ok");
  ASSERT_EQ(t_->unlink("/file"), "ok");
  InodeRef root = t_->inode("/");
  struct Env {
    size_t left;
    std::vector<std::pair<std::string, uint64_t>> entries;
  };
  auto read = [&root](uint64_t cookie, size_t count) {
    Env env{count, {}};
    EXPECT_TRUE(root->readdir(cookie, &env,
                              [](void* opaque, const DirEntry& entry) {
                                auto* e = static_cast<Env*>(opaque);
                                if (e->left == 0) return false;
                                --e->left;
                                e->entries.emplace_back(entry.name, entry.next);
                                return true;
                              })
                    .ok());
    return env.entries;
  };
  const auto all = read(0, 100);
  ASSERT_EQ(all.size(), 5u);
  // Backwards, and with reads cut short in between, which leave a place to resume elsewhere.
  for (size_t i = all.size(); i-- > 0;) {
    auto rest = read(all[i].second, 100);
    ASSERT_EQ(rest.size(), all.size() - i - 1);
    for (size_t k = 0; k < rest.size(); ++k) EXPECT_EQ(rest[k], all[i + 1 + k]);
    (void)read(0, 1 + i % 4);
  }
}

TEST_F(OverlayTest, DeepTreesGoAway) {
  constexpr int kDepth = 50000;
  auto budget = make_budget(1 << 20, kDepth * 2);
  InodeRef root = make_overlay(lower_, {&clock_, budget, 3});
  InodeRef at = root->lookup("dir").value();
  for (int i = 0; i < kDepth; ++i) at = at->mkdir("d", {0755, 1000, 1000}).value();
  root = nullptr;
  at = nullptr;
  EXPECT_EQ(budget->inodes_used(), 0u);
}

TEST_F(OverlayTest, InodesOutliveTheTree) {
  ASSERT_EQ(t_->write("/dir/sub/b", "changed"), "ok");
  InodeRef sub = t_->inode("/dir/sub"), b = t_->inode("/dir/sub/b");
  auto body = b->open(OpenAccess::kReadWrite).value();
  t_ = std::make_unique<TestSpace>(make_overlay(lower_, {&clock_, budget_, 2}));
  EXPECT_EQ(body->append(bytes_of("!")).value().end, 8u);
  (void)sub->parent();
  EXPECT_TRUE(sub->lookup("b").ok());
}

TEST(OverlayPackTest, AWritablePack) {
  ManualClock clock;
  std::string bytes = PackBuilder::sample("content").bytes();
  auto image = PackImage::open(pack_in_memory({bytes.begin(), bytes.end()})).value();
  auto budget = make_budget(1 << 20, 100);
  TestSpace t(make_overlay(make_packfs(image, 1), {&clock, budget, 2}));
  EXPECT_EQ(t.read("/bin/sh"), "#!shell");
  EXPECT_FALSE(t.inode("/bin/sh")->content_hash().empty());
  EXPECT_EQ(t.write("/bin/sh", ""), "EACCES");  // root's, by its mode
  ASSERT_EQ(write_all(*t.inode("/bin/sh"), "?"), "ok");
  EXPECT_EQ(t.read("/bin/sh"), "?!shell");
  EXPECT_TRUE(t.inode("/bin/sh")->content_hash().empty());
  ASSERT_TRUE(t.inode("/")->rename("bin", t.inode("/etc"), "bin", 0).ok());
  EXPECT_EQ(t.read("/etc/bin/big"), "content");
  EXPECT_EQ(t.read("/etc/link"), "!ENOENT");
}

class OverlayHostTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/cloche-overlay-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directories(folder_ + "/dir/sub");
    std::ofstream(folder_ + "/dir/file") << "host text";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
  ManualClock clock_;
  Ref<Budget> budget_ = make_budget(1 << 20, 100);
};

TEST_F(OverlayHostTest, ACopyOnWriteMount) {
  InodeRef lower = open_hostfs(folder_, {HostMode::kReadOnly, 1, 1000, 1000, 4}).value();
  TestSpace t(make_overlay(lower, {&clock_, budget_, 2}));
  EXPECT_EQ(t.write("/dir/file", "guest text"), "ok");
  EXPECT_EQ(t.write("/dir/new", "new"), "ok");
  EXPECT_EQ(t.rename("/dir/sub", "/sub"), "ok");
  EXPECT_EQ(t.write("/sub/inner", "inner"), "ok");
  EXPECT_EQ(t.read("/dir/file"), "guest text");
  EXPECT_EQ(t.read("/sub/inner"), "inner");
  ASSERT_EQ(t.unlink("/dir/file"), "ok");
  ASSERT_EQ(t.unlink("/dir/new"), "ok");
  EXPECT_EQ(t.rmdir("/dir"), "ok");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names, (std::set<std::string>{"dir", "file", "sub"}));
  std::ifstream file(folder_ + "/dir/file");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "host text");
}

TEST_F(OverlayHostTest, AFileAlone) {
  InodeRef lower = open_hostfs(folder_ + "/dir/file", {HostMode::kReadOnly, 1}).value();
  InodeRef file = make_overlay(lower, {&clock_, budget_, 2});
  EXPECT_EQ(read_all(*file), "host text");
  ASSERT_EQ(write_all(*file, "HOST"), "ok");
  EXPECT_EQ(read_all(*file), "HOST text");
  std::ifstream below(folder_ + "/dir/file");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(below), {}), "host text");
}

// What the host removes or replaces behind our back may lose changes; it must not lose us.
TEST_F(OverlayHostTest, TheHostChangesThings) {
  InodeRef lower = open_hostfs(folder_, {HostMode::kReadOnly, 1, 1000, 1000, 4}).value();
  TestSpace t(make_overlay(lower, {&clock_, budget_, 2}));
  ASSERT_EQ(t.write("/dir/sub/x", "x"), "ok");
  Location sub = t.walk("/dir/sub").value();
  std::filesystem::rename(folder_ + "/dir/sub", folder_ + "/elsewhere");
  (void)t.read("/dir/sub/x");
  (void)t.read("/elsewhere/x");
  ASSERT_EQ(t.unlink("/dir/file"), "ok");
  (void)t.rmdir("/dir");
  std::filesystem::remove_all(folder_ + "/dir");
  (void)t.walk("/dir");
  (void)t.space.walk(sub, "../..", kGuest, 0);
  (void)t.space.path_of(sub);
  (void)sub.inode->readdir(0, nullptr, [](void*, const DirEntry&) { return true; });
}

}  // namespace
}  // namespace cloche::vfs
