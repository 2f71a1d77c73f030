#include "vfs/memfs.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "vfs/page_store.h"
#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

// --- PageStore

std::vector<uint8_t> pattern(size_t size, uint8_t seed) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(seed + i * 7 + 1);
  return bytes;
}

TEST(PageStoreTest, BehavesAsAPlainArray) {
  std::mt19937 random(7);
  auto budget = make_budget(1 << 20, 10);
  for (int round = 0; round < 30; ++round) {
    PageStore store(budget);
    std::vector<uint8_t> model;
    for (int step = 0; step < 200; ++step) {
      size_t offset = random() % 100000, size = random() % 20000;
      switch (random() % 5) {
        case 0:
        case 1: {
          auto bytes = pattern(size, static_cast<uint8_t>(step));
          auto written = store.write(offset, bytes);
          ASSERT_TRUE(written.ok());
          ASSERT_EQ(*written, size);
          if (size && model.size() < offset + size) model.resize(offset + size);
          std::copy(bytes.begin(), bytes.end(), model.begin() + static_cast<long>(offset));
          break;
        }
        case 2:
          store.resize(offset);
          model.resize(offset);
          break;
        case 3:
          store.punch(offset, size);
          for (size_t i = offset; i < std::min(model.size(), offset + size); ++i) model[i] = 0;
          break;
        case 4:
          ASSERT_TRUE(store.reserve(offset, size + 1).ok());
          break;
      }
      ASSERT_EQ(store.size(), model.size());
      std::vector<uint8_t> all(model.size() + 100);
      ASSERT_EQ(store.read(0, all), model.size());
      all.resize(model.size());
      ASSERT_EQ(all, model);
      ASSERT_EQ(budget->bytes_used(), store.pages() * PageStore::kPageSize);
    }
  }
  EXPECT_EQ(budget->bytes_used(), 0u);
}

TEST(PageStoreTest, SparseFilesCostWhatIsWritten) {
  auto budget = make_budget(1 << 20, 10);
  PageStore store(budget);
  uint8_t byte = 1;
  ASSERT_TRUE(store.write(uint64_t{1} << 40, {&byte, 1}).ok());
  EXPECT_EQ(store.size(), (uint64_t{1} << 40) + 1);
  EXPECT_EQ(budget->bytes_used(), PageStore::kPageSize);
  EXPECT_EQ(store.seek_data(0).value(), uint64_t{1} << 40);
  EXPECT_EQ(store.seek_hole(0).value(), 0u);
  EXPECT_EQ(store.seek_hole(uint64_t{1} << 40).value(), (uint64_t{1} << 40) + 1);
  EXPECT_EQ(outcome(store.seek_data(store.size())), "ENXIO");
}

TEST(PageStoreTest, StopsAtTheLargestFile) {
  PageStore store(make_budget(1 << 20, 10));
  std::vector<uint8_t> two(2, 'x');
  EXPECT_EQ(store.write(PageStore::kMaxSize - 1, two).value(), 1u);
  EXPECT_EQ(outcome(store.write(PageStore::kMaxSize, two)), "EFBIG");
  EXPECT_EQ(outcome(store.write(UINT64_MAX, two)), "EFBIG");
  EXPECT_EQ(outcome(store.reserve(PageStore::kMaxSize, 1)), "EFBIG");
  EXPECT_EQ(outcome(store.reserve(1, UINT64_MAX)), "EFBIG");
}

TEST(PageStoreTest, WritesWhatFitsThenRefuses) {
  auto budget = make_budget(3 * PageStore::kPageSize, 10);
  PageStore store(budget);
  auto bytes = pattern(5 * PageStore::kPageSize, 1);
  EXPECT_EQ(store.write(0, bytes).value(), 3 * PageStore::kPageSize);
  EXPECT_EQ(outcome(store.write(store.size(), bytes)), "ENOSPC");
  // What is there can be overwritten on a full disk.
  EXPECT_EQ(store.write(0, std::span(bytes).first(100)).value(), 100u);
  EXPECT_EQ(outcome(store.reserve(0, 100 * PageStore::kPageSize)), "ENOSPC");
  EXPECT_EQ(budget->bytes_used(), 3 * PageStore::kPageSize);
}

TEST(BudgetTest, TellsOfWhatItRefuses) {
  auto budget = make_budget(PageStore::kPageSize, 1);
  std::string told;
  budget->on_refusal(
      [&told](Budget::Kind kind) { told += kind == Budget::Kind::kBytes ? "bytes " : "inodes "; });
  PageStore store(budget);
  EXPECT_EQ(outcome(store.reserve(0, PageStore::kPageSize)), "ok");
  EXPECT_TRUE(budget->take_inodes());
  EXPECT_EQ(told, "");
  EXPECT_EQ(outcome(store.write(PageStore::kPageSize, bytes_of("x"))), "ENOSPC");
  EXPECT_EQ(told, "bytes ");
  EXPECT_FALSE(budget->take_inodes());
  EXPECT_EQ(outcome(store.reserve(0, 100 * PageStore::kPageSize)), "ENOSPC");
  EXPECT_EQ(told, "bytes inodes bytes ");
}

// --- memfs

class MemfsTest : public testing::Test {
 protected:
  ManualClock clock_;
  Ref<Budget> budget_ = make_budget(1 << 20, 100);
  TestSpace t_{make_memfs({&clock_, budget_, 7, 0755, 1000, 1000})};
};

TEST_F(MemfsTest, HardLinksAreOneFile) {
  ASSERT_EQ(t_.write("/a", "one"), "ok");
  ASSERT_EQ(t_.link("/a", "/b"), "ok");
  EXPECT_EQ(t_.stat("/a").ino, t_.stat("/b").ino);
  EXPECT_EQ(t_.stat("/a").nlink, 2u);
  ASSERT_EQ(t_.write("/b", "two"), "ok");
  EXPECT_EQ(t_.read("/a"), "two");
  ASSERT_EQ(t_.unlink("/a"), "ok");
  EXPECT_EQ(t_.read("/b"), "two");
  EXPECT_EQ(t_.stat("/b").nlink, 1u);
}

TEST_F(MemfsTest, FilesWorkOnAfterUnlink) {
  ASSERT_EQ(t_.write("/a", "text"), "ok");
  auto body = t_.inode("/a")->open(OpenAccess::kReadWrite).value();
  ASSERT_EQ(t_.unlink("/a"), "ok");
  std::vector<uint8_t> out(10);
  EXPECT_EQ(body->read_at(0, out).value(), 4u);
  EXPECT_EQ(body->append(bytes_of("more")).value().end, 8u);
  EXPECT_GT(budget_->bytes_used(), 0u);
  body.reset();
  EXPECT_EQ(budget_->bytes_used(), 0u);
  EXPECT_EQ(budget_->inodes_used(), 0u);
}

TEST_F(MemfsTest, InodesRunOut) {
  for (int i = 0; i < 100; ++i) ASSERT_EQ(t_.write("/f" + std::to_string(i), ""), "ok");
  EXPECT_EQ(t_.write("/more", ""), "ENOSPC");
  EXPECT_EQ(t_.mkdir("/more"), "ENOSPC");
  EXPECT_EQ(t_.symlink("/more", "x"), "ENOSPC");
  EXPECT_EQ(t_.link("/f0", "/more"), "ENOSPC");
  EXPECT_EQ(t_.rename("/f0", "/more"), "ok");
  ASSERT_EQ(t_.unlink("/f1"), "ok");
  EXPECT_EQ(t_.link("/f2", "/second"), "ok");
  EXPECT_EQ(t_.inode("/")->statfs()->files_free, 0u);
}

TEST_F(MemfsTest, BytesRunOutAndComeBack) {
  std::string big(2 << 20, 'x');
  EXPECT_EQ(t_.write("/big", big), "short");
  EXPECT_EQ(t_.write("/other", "x"), "ENOSPC");
  EXPECT_EQ(t_.stat("/big").size, 1u << 20);
  ASSERT_EQ(t_.unlink("/big"), "ok");
  EXPECT_EQ(t_.write("/other", "x"), "ok");
}

TEST_F(MemfsTest, LongSymlinksAreCharged) {
  auto small = make_budget(1000, 100);
  TestSpace t(make_memfs({&clock_, small, 7, 0755, 1000, 1000}));
  EXPECT_EQ(t.symlink("/a", std::string(900, 'x')), "ok");
  EXPECT_EQ(t.symlink("/b", std::string(900, 'x')), "ENOSPC");
  EXPECT_EQ(t.symlink("/c", std::string(64, 'x')), "ok");
  EXPECT_EQ(t.symlink("/d", std::string(4096, 'x')), "ENAMETOOLONG");
  EXPECT_EQ(t.symlink("/d", ""), "ENOENT");
  ASSERT_EQ(t.unlink("/a"), "ok");
  EXPECT_EQ(small->bytes_used(), 0u);
}

TEST_F(MemfsTest, TreesDeeperThanTheStackGoAway) {
  constexpr int kDepth = 300000;
  auto budget = make_budget(1 << 20, kDepth + 10);
  InodeRef root = make_memfs({&clock_, budget, 7, 0755, 1000, 1000});
  InodeRef at = root;
  for (int i = 0; i < kDepth; ++i) at = at->mkdir("d", {0755, 1000, 1000}).value();
  root = nullptr;
  // The deepest directory outlives the rest and has lost its way up.
  EXPECT_FALSE(static_cast<bool>(at->parent()));
  at = nullptr;
  EXPECT_EQ(budget->inodes_used(), 0u);
}

TEST_F(MemfsTest, ChainsOfRemovedDirectoriesGoAway) {
  constexpr int kDepth = 200000;
  auto budget = make_budget(1 << 20, kDepth + 10);
  InodeRef root = make_memfs({&clock_, budget, 7, 0755, 1000, 1000});
  InodeRef at = root;
  for (int i = 0; i < kDepth; ++i) at = at->mkdir("d", {0755, 1000, 1000}).value();
  InodeRef deepest = at;
  while (InodeRef above = at->parent()) {
    ASSERT_TRUE(above->rmdir("d").ok());
    at = above;
  }
  at = nullptr;
  EXPECT_TRUE(deepest->removed());
  EXPECT_TRUE(static_cast<bool>(deepest->parent()));
  deepest = nullptr;
  EXPECT_EQ(budget->inodes_used(), 0u);
}

TEST_F(MemfsTest, ReaddirIsStableUnderChanges) {
  std::set<std::string> stay;
  for (int i = 0; i < 40; ++i) {
    std::string name = "f" + std::to_string(i);
    ASSERT_EQ(t_.write("/" + name, ""), "ok");
    if (i % 2) stay.insert(name);
  }
  InodeRef root = t_.inode("/");
  std::map<std::string, int> seen;
  uint64_t cookie = 0;
  struct Env {
    std::map<std::string, int>* seen;
    uint64_t* cookie;
    int left;
  };
  for (int round = 0;; ++round) {
    Env env{&seen, &cookie, 3};
    uint64_t before = cookie;
    ASSERT_TRUE(root->readdir(cookie, &env,
                              [](void* opaque, const DirEntry& entry) {
                                auto* e = static_cast<Env*>(opaque);
                                if (e->left-- == 0) return false;
                                ++(*e->seen)[std::string(entry.name)];
                                *e->cookie = entry.next;
                                return true;
                              })
                    .ok());
    if (cookie == before) break;
    // Between two reads: one goes, one comes, one is renamed.
    t_.unlink("/f" + std::to_string(round * 2));
    t_.write("/new" + std::to_string(round), "");
    if (round > 30) break;
  }
  for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
  for (const std::string& name : stay) EXPECT_TRUE(seen.count(name)) << name;
}

TEST_F(MemfsTest, TimesMove) {
  ASSERT_EQ(t_.write("/a", "x"), "ok");
  Stat before = t_.stat("/a");
  clock_.advance_seconds(10);
  EXPECT_EQ(t_.read("/a"), "x");
  EXPECT_EQ(t_.stat("/a").atime.seconds, before.atime.seconds + 10);  // read since the change
  clock_.advance_seconds(10);
  EXPECT_EQ(t_.read("/a"), "x");
  EXPECT_EQ(t_.stat("/a").atime.seconds, before.atime.seconds + 10);  // relatime
  clock_.advance_seconds(25 * 3600);
  EXPECT_EQ(t_.read("/a"), "x");
  EXPECT_GT(t_.stat("/a").atime.seconds, before.atime.seconds + 24 * 3600);
  Stat directory = t_.stat("/");
  clock_.advance_seconds(1);
  ASSERT_EQ(t_.unlink("/a"), "ok");
  EXPECT_GT(t_.stat("/").mtime.seconds, directory.mtime.seconds);
}

TEST_F(MemfsTest, TimesOutOfAllRangeAreKept) {
  ASSERT_EQ(t_.write("/a", "x"), "ok");
  SetAttr change;
  change.set_atime = change.set_mtime = true;
  change.atime = {INT64_MAX, 999'999'999};
  change.mtime = {INT64_MIN, 0};
  ASSERT_TRUE(change_attr(*t_.inode("/a"), kGuest, change).ok());
  EXPECT_EQ(t_.read("/a"), "x");
  EXPECT_EQ(t_.stat("/a").mtime.seconds, INT64_MIN);
}

TEST_F(MemfsTest, UnnamedFilesCanBeLinkedOnce) {
  OpenRequest request;
  request.write = request.unnamed = true;
  request.mode = 0600;
  auto opened = open(t_.space, t_.arg("/"), kGuest, request);
  ASSERT_TRUE(opened.ok());
  Inode& inode = *opened->location.inode;
  EXPECT_EQ(inode.stat()->nlink, 0u);
  ASSERT_EQ(write_all(inode, "text"), "ok");
  ASSERT_TRUE(make_link(t_.space, opened->location, t_.arg("/a"), kGuest).ok());
  EXPECT_EQ(t_.read("/a"), "text");
  ASSERT_EQ(t_.unlink("/a"), "ok");
  EXPECT_EQ(outcome(make_link(t_.space, opened->location, t_.arg("/b"), kGuest)), "ENOENT");
}

TEST_F(MemfsTest, RenameKeepsTheTreeATree) {
  ASSERT_EQ(t_.mkdir("/a"), "ok");
  ASSERT_EQ(t_.mkdir("/a/b"), "ok");
  ASSERT_EQ(t_.mkdir("/a/b/c"), "ok");
  InodeRef root = t_.inode("/"), a = t_.inode("/a"), b = t_.inode("/a/b"), c = t_.inode("/a/b/c");
  // Below the checks of ops.cc the file system itself refuses cycles.
  EXPECT_EQ(outcome(root->rename("a", b, "x", 0)), "EINVAL");
  EXPECT_EQ(outcome(root->rename("a", c, "x", 0)), "EINVAL");
  EXPECT_EQ(outcome(b->rename("c", root, "a", Inode::kExchange)), "EINVAL");
  EXPECT_EQ(outcome(root->rename("a", a, "a", 0)), "EINVAL");
  EXPECT_EQ(t_.rename("/a/b/c", "/c"), "ok");
  EXPECT_EQ(t_.rename("/a", "/c", Inode::kExchange), "ok");
  EXPECT_EQ(t_.space.path_of(*t_.walk("/c/b")).value(), "/c/b");
}

TEST_F(MemfsTest, DevicesAreNotMade) {
  InodeRef root = t_.inode("/");
  EXPECT_EQ(outcome(root->mknod("x", FileType::kCharDevice, {0666, 0, 0})), "EPERM");
  EXPECT_EQ(outcome(make_node(t_.space, t_.arg("/x"), kGuest, FileType::kCharDevice, 0666)),
            "EPERM");
  EXPECT_EQ(outcome(make_node(t_.space, t_.arg("/x"), kGuest, FileType::kFifo, 0666)), "ok");
  EXPECT_TRUE(t_.inode("/x")->may_open_special().ok());
}

TEST_F(MemfsTest, AllocateAsFallocate) {
  ASSERT_EQ(t_.write("/a", "0123456789"), "ok");
  auto body = t_.inode("/a")->open(OpenAccess::kReadWrite).value();
  ASSERT_TRUE(body->allocate(AllocateMode::kKeepSize, 0, 10000).ok());
  EXPECT_EQ(body->size().value(), 10u);
  ASSERT_TRUE(body->allocate(AllocateMode::kExtend, 0, 12).ok());
  EXPECT_EQ(body->size().value(), 12u);
  ASSERT_TRUE(body->allocate(AllocateMode::kPunchHole, 2, 3).ok());
  EXPECT_EQ(t_.read("/a"), std::string("01\0\0\00056789\0\0", 12));
  ASSERT_TRUE(body->allocate(AllocateMode::kZeroRange, 10, 10).ok());
  EXPECT_EQ(body->size().value(), 20u);
  EXPECT_EQ(outcome(body->allocate(AllocateMode::kExtend, 0, 0)), "EINVAL");
  EXPECT_EQ(outcome(body->allocate(AllocateMode::kExtend, UINT64_MAX, 2)), "EFBIG");
  EXPECT_EQ(outcome(body->allocate(AllocateMode::kExtend, 0, 2 << 20)), "ENOSPC");
  EXPECT_EQ(body->size().value(), 20u);
}

TEST_F(MemfsTest, BodiesKeepTheirAccess) {
  ASSERT_EQ(t_.write("/a", "text"), "ok");
  auto reader = t_.inode("/a")->open(OpenAccess::kRead).value();
  auto writer = t_.inode("/a")->open(OpenAccess::kWrite).value();
  std::vector<uint8_t> out(4);
  EXPECT_EQ(outcome(reader->write_at(0, out)), "EBADF");
  EXPECT_EQ(outcome(reader->append(out)), "EBADF");
  EXPECT_EQ(outcome(reader->truncate(0)), "EINVAL");
  EXPECT_EQ(outcome(reader->allocate(AllocateMode::kExtend, 0, 1)), "EBADF");
  EXPECT_EQ(outcome(writer->read_at(0, out)), "EBADF");
}

TEST_F(MemfsTest, WritingTakesPrivilegeBitsAway) {
  ASSERT_EQ(t_.write("/a", "x"), "ok");
  SetAttr change;
  change.set_mode = true;
  change.mode = 06755;
  ASSERT_TRUE(change_attr(*t_.inode("/a"), kGuest, change).ok());
  EXPECT_EQ(t_.stat("/a").mode, 06755u);
  ASSERT_EQ(write_all(*t_.inode("/a"), "y"), "ok");
  EXPECT_EQ(t_.stat("/a").mode, 0755u);
}

TEST_F(MemfsTest, AHundredMegabytesByAppending) {
  auto budget = make_budget(200 << 20, 10);
  TestSpace t(make_memfs({&clock_, budget, 7, 0755, 1000, 1000}));
  ASSERT_EQ(t.write("/big", ""), "ok");
  auto body = t.inode("/big")->open(OpenAccess::kWrite).value();
  std::vector<uint8_t> part = pattern(1000, 3);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(body->append(part).value().written, 1000u);
  EXPECT_EQ(body->size().value(), 100'000'000u);
  EXPECT_LE(budget->bytes_used(), 100'000'000u + PageStore::kPageSize);
}

}  // namespace
}  // namespace cloche::vfs
