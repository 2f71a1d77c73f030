// The file calls of a guest: opening, names, attributes, listing, locks. What path walking itself
// does is tested in vfs/.
#include <gtest/gtest.h>

#include <set>

#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEacces = -13, kEagain = -11, kEbadf = -9, kEdeadlk = -35, kEexist = -17,
                  kEfault = -14, kEinval = -22, kEisdir = -21, kEloop = -40, kEnoent = -2,
                  kEnotdir = -20, kEopnotsupp = -95, kEperm = -1, kErange = -34, kExdev = -18,
                  kEspipe = -29, kE2big = -7, kEnxio = -6;
constexpr uint32_t kEmptyPath = 0x1000;
using Lines = std::vector<std::string>;

// --- opening

TEST(OpenTest, FlagsMeanWhatTheyMeanOnLinux) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(open(g, "/tmp/a", kO_RDONLY) == kEnoent);
    GUEST_CHECK(open(g, "/tmp/a", kO_WRONLY | kO_CREAT | kO_EXCL, 0600) == 0);
    GUEST_CHECK(open(g, "/tmp/a", kO_WRONLY | kO_CREAT | kO_EXCL) == kEexist);
    write(g, 0, "content");
    GUEST_CHECK(open(g, "/tmp/a", kO_RDONLY | kO_DIRECTORY) == kEnotdir);
    GUEST_CHECK(open(g, "/tmp", kO_WRONLY) == kEisdir);
    GUEST_CHECK(open(g, "/tmp", kO_RDONLY | kO_CREAT) == kEisdir);
    GUEST_CHECK(open(g, "/tmp", kO_RDONLY | kO_CREAT | kO_DIRECTORY) == kEinval);
    GUEST_CHECK(g.call("symlinkat", g.text(kTextAt, "a"), kAtFdCwd, g.text(kPathAt, "/tmp/l")) ==
                0);
    GUEST_CHECK(open(g, "/tmp/l", kO_RDONLY | kO_NOFOLLOW) == kEloop);
    const int32_t link = open(g, "/tmp/l", kO_PATH | kO_NOFOLLOW);
    GUEST_CHECK(link == 1);
    GUEST_CHECK(g.call("read", link, kTextAt, 1) == kEbadf);
    GUEST_CHECK(g.call("readlinkat", link, g.text(kPathAt, ""), kFree, 9) == 1);
    GUEST_CHECK(file_text(g, "/tmp/l") == "content");
    g.call("close", open(g, "/tmp/a", kO_WRONLY | kO_TRUNC));
    GUEST_CHECK(file_text(g, "/tmp/a").empty());
    GUEST_CHECK(open(g, "", kO_RDONLY) == kEnoent);
    GUEST_CHECK(g.call("openat", kAtFdCwd, 0xfffffff0u, 0, 0) == kEfault);
    GUEST_CHECK(g.call("openat", 99, g.text(kPathAt, "x"), 0, 0) == kEbadf);
    GUEST_CHECK(g.call("openat", 0, g.text(kPathAt, "x"), 0, 0) == kEnotdir);
    GUEST_CHECK(g.call("openat", 99, g.text(kPathAt, "/tmp/a"), 0, 0) == 2);
    g.exit(0);
  });
}

TEST(OpenTest, UmaskAndModes) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(g.call("umask", 077) == 022);
    open(g, "/tmp/a", kO_WRONLY | kO_CREAT, 0666);
    g.call("statx", 0, g.text(kPathAt, ""), kEmptyPath, 0x7ff, kFree);
    GUEST_CHECK(g.load<uint16_t>(kFree + 28) == 0100600);
    g.call("mkdirat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0777);
    g.call("statx", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0, 0x7ff, kFree);
    GUEST_CHECK(g.load<uint16_t>(kFree + 28) == 0040700);
    GUEST_CHECK(g.call("fchmod", 0, 0) == 0);
    GUEST_CHECK(open(g, "/tmp/a", kO_RDONLY) == kEacces);
    GUEST_CHECK(write(g, 0, "open files stay open") == 20);
    g.exit(0);
  });
}

TEST(OpenTest, UnnamedFilesGetNames) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(open(g, "/tmp", kO_TMPFILE | kO_RDONLY) == kEinval);
    const int32_t fd = open(g, "/tmp", kO_TMPFILE | kO_RDWR, 0600);
    GUEST_CHECK(fd == 0);
    write(g, fd, "late");
    GUEST_CHECK(g.call("linkat", kAtFdCwd, g.text(kTextAt, "/proc/self/fd/0"), kAtFdCwd,
                       g.text(kPathAt, "/tmp/named"), 0x400) == 0);
    GUEST_CHECK(file_text(g, "/tmp/named") == "late");
    g.exit(0);
  });
}

TEST(OpenTest, Openat2) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    make_file(g, "/tmp/a", "x");
    const int32_t tmp = open(g, "/tmp", kO_RDONLY | kO_DIRECTORY);
    const auto openat2 = [&g, tmp](const std::string& path, uint64_t flags, uint64_t mode,
                                   uint64_t resolve, uint32_t size = 24) {
      g.store<uint64_t>(kFree, flags);
      g.store<uint64_t>(kFree + 8, mode);
      g.store<uint64_t>(kFree + 16, resolve);
      return g.call("openat2", tmp, g.text(kPathAt, path), kFree, size);
    };
    constexpr uint64_t kBeneath = 8, kInRoot = 16, kNoLinks = 4;
    GUEST_CHECK(openat2("a", 0, 0, kBeneath) > 0);
    GUEST_CHECK(openat2("../tmp/a", 0, 0, kBeneath) == kExdev);
    GUEST_CHECK(openat2("/tmp/a", 0, 0, kBeneath) == kExdev);
    GUEST_CHECK(openat2("/a", 0, 0, kInRoot) > 0);
    GUEST_CHECK(openat2("/../../a", 0, 0, kInRoot) > 0);
    g.call("symlinkat", g.text(kTextAt, "a"), tmp, g.text(kPathAt, "l"));
    GUEST_CHECK(openat2("l", 0, 0, kNoLinks) == kEloop);
    GUEST_CHECK(openat2("a", 0, 0, kBeneath | kInRoot) == kEinval);
    GUEST_CHECK(openat2("a", 0, 0, 64) == kEinval);
    GUEST_CHECK(openat2("a", 0, 0600, 0) == kEinval);
    GUEST_CHECK(openat2("a", 1ull << 40, 0, 0) == kEinval);
    GUEST_CHECK(openat2("a", 0, 0, 0, 16) == kEinval);
    g.store<uint64_t>(kFree + 24, 1);
    GUEST_CHECK(openat2("a", 0, 0, 0, 32) == kE2big);
    g.store<uint64_t>(kFree + 24, 0);
    GUEST_CHECK(openat2("a", 0, 0, 0, 32) > 0);
    g.exit(0);
  });
}

TEST(OpenTest, MemoryFiles) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(g.call("memfd_create", g.text(kPathAt, "scratch"), 1) == 0);
    GUEST_CHECK(g.call("memfd_create", g.text(kPathAt, std::string(250, 'n')), 0) == kEinval);
    GUEST_CHECK(g.call("memfd_create", g.text(kPathAt, "x"), 4) == kEinval);
    write(g, 0, "kept");
    g.call("_llseek", 0, 0, 0, kFree, 0);
    GUEST_CHECK(read_all(g, 0) == "kept");
    const int32_t again = open(g, "/proc/self/fd/0", kO_RDONLY);
    GUEST_CHECK(again == 1);
    GUEST_CHECK(read_all(g, again) == "kept");
    GUEST_CHECK(g.call("readlinkat", kAtFdCwd, g.text(kPathAt, "/proc/self/fd/0"), kFree, 99) ==
                24);
    g.exit(0);
  });
}

// --- attributes

TEST(AttributeTest, StatxLayout) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    make_file(g, "/tmp/a", "12345");
    GUEST_CHECK(g.call("statx", kAtFdCwd, g.text(kPathAt, "/tmp/a"), 0, 0x7ff, kFree) == 0);
    GUEST_CHECK((g.load<uint32_t>(kFree) & 0x7ff) == 0x7ff);
    GUEST_CHECK(g.load<uint32_t>(kFree + 4) == 4096);
    GUEST_CHECK(g.load<uint32_t>(kFree + 16) == 1);     // links
    GUEST_CHECK(g.load<uint32_t>(kFree + 20) == 1000);  // uid
    GUEST_CHECK(g.load<uint32_t>(kFree + 24) == 1000);  // gid
    GUEST_CHECK(g.load<uint16_t>(kFree + 28) == 0100644);
    GUEST_CHECK(g.load<uint64_t>(kFree + 40) == 5);           // size
    GUEST_CHECK(g.load<int64_t>(kFree + 64) == 1700000001);   // atime
    GUEST_CHECK(g.load<int64_t>(kFree + 112) == 1700000001);  // mtime
    GUEST_CHECK(g.call("statx", kAtFdCwd, g.text(kPathAt, "/dev/null"), 0, 0x7ff, kFree) == 0);
    GUEST_CHECK(g.load<uint16_t>(kFree + 28) == 0020666);
    GUEST_CHECK(g.load<uint32_t>(kFree + 128) == 1 && g.load<uint32_t>(kFree + 132) == 3);
    GUEST_CHECK(g.call("statx", kAtFdCwd, kPathAt, 0x8000, 0, kFree) == kEinval);
    GUEST_CHECK(g.call("statx", kAtFdCwd, kPathAt, 0, 0x80000000u, kFree) == kEinval);
    GUEST_CHECK(g.call("statx", kAtFdCwd, kPathAt, 0, 0, g.memory_size() - 255) == kEfault);
    GUEST_CHECK(g.call("statx", kAtFdCwd, g.text(kPathAt, ""), 0, 0, kFree) == kEnoent);
    GUEST_CHECK(g.call("statx", 77, g.text(kPathAt, ""), kEmptyPath, 0, kFree) == kEbadf);
    const PipeFds fds = pipe(g);
    GUEST_CHECK(g.call("statx", fds.read, g.text(kPathAt, ""), kEmptyPath, 0, kFree) == 0);
    GUEST_CHECK(g.load<uint16_t>(kFree + 28) == 0010600);
    g.exit(0);
  });
}

TEST(AttributeTest, TimesOwnersAccess) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr int64_t kNow = 0x3fffffff, kOmit = 0x3ffffffe;
    make_file(g, "/tmp/a", "x");
    const auto times = [&g](int64_t access, int64_t access_ns, int64_t modify, int64_t modify_ns) {
      const int64_t values[] = {access, access_ns, modify, modify_ns};
      for (uint32_t i = 0; i < 4; ++i) g.store<int64_t>(kFree + i * 8, values[i]);
      return g.call("utimensat_time64", kAtFdCwd, g.text(kPathAt, "/tmp/a"), kFree, 0);
    };
    const auto stat = [&g] { g.call("statx", kAtFdCwd, g.text(kPathAt, "/tmp/a"), 0, 0, kFree); };
    GUEST_CHECK(times(5, 6, 7, 8) == 0);
    stat();
    GUEST_CHECK(g.load<int64_t>(kFree + 64) == 5 && g.load<uint32_t>(kFree + 72) == 6);
    GUEST_CHECK(g.load<int64_t>(kFree + 112) == 7 && g.load<uint32_t>(kFree + 120) == 8);
    GUEST_CHECK(times(0, kOmit, 9, 0) == 0);
    stat();
    GUEST_CHECK(g.load<int64_t>(kFree + 64) == 5 && g.load<int64_t>(kFree + 112) == 9);
    GUEST_CHECK(times(0, kNow, 0, kNow) == 0);
    stat();
    GUEST_CHECK(g.load<int64_t>(kFree + 64) == 1700000001);
    GUEST_CHECK(times(0, 1'000'000'000, 0, 0) == kEinval);
    GUEST_CHECK(times(0, -1, 0, 0) == kEinval);
    GUEST_CHECK(g.call("fchownat", kAtFdCwd, kPathAt, 1000, -1, 0) == 0);
    GUEST_CHECK(g.call("fchownat", kAtFdCwd, kPathAt, 0, -1, 0) == kEperm);
    GUEST_CHECK(g.call("fchmodat", kAtFdCwd, kPathAt, 0400) == 0);
    GUEST_CHECK(g.call("faccessat", kAtFdCwd, kPathAt, 4) == 0);
    GUEST_CHECK(g.call("faccessat", kAtFdCwd, kPathAt, 2) == kEacces);
    GUEST_CHECK(g.call("faccessat2", kAtFdCwd, kPathAt, 1, 0x200) == kEacces);
    GUEST_CHECK(g.call("faccessat", kAtFdCwd, kPathAt, 8) == kEinval);
    GUEST_CHECK(g.call("getxattr", kPathAt, kPathAt, kFree, 10) == kEopnotsupp);
    GUEST_CHECK(g.call("chroot", g.text(kPathAt, "/tmp")) == kEperm);
    GUEST_CHECK(g.call("statfs64", kPathAt, 88, kFree) == 0);
    GUEST_CHECK(g.load<uint32_t>(kFree) == 0x01021994);
    GUEST_CHECK(g.load<uint32_t>(kFree + 56) == 255);
    GUEST_CHECK(g.call("statfs64", kPathAt, 64, kFree) == kEinval);
    g.exit(0);
  });
}

// --- names

TEST(NameTest, MakeRenameRemove) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const auto mkdir = [&g](const char* path) {
      return g.call("mkdirat", kAtFdCwd, g.text(kPathAt, path), 0755);
    };
    const auto rename = [&g](const char* from, const char* to, uint32_t flags) {
      return g.call("renameat2", kAtFdCwd, g.text(kPathAt, from), kAtFdCwd, g.text(kTextAt, to),
                    flags);
    };
    GUEST_CHECK(mkdir("/tmp/d") == 0 && mkdir("/tmp/d") == kEexist);
    GUEST_CHECK(g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0) == kEisdir);
    make_file(g, "/tmp/d/f", "x");
    GUEST_CHECK(g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0x200) == -39);
    GUEST_CHECK(rename("/tmp/d/f", "/tmp/g", 0) == 0);
    make_file(g, "/tmp/h", "y");
    GUEST_CHECK(rename("/tmp/g", "/tmp/h", 1) == kEexist);
    GUEST_CHECK(rename("/tmp/g", "/tmp/h", 2) == 0 && file_text(g, "/tmp/h") == "x");
    GUEST_CHECK(rename("/tmp/g", "/tmp/h", 3) == kEinval);
    GUEST_CHECK(rename("/tmp/g", "/dev/shm/g", 0) == kExdev);
    GUEST_CHECK(g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0x200) == 0);
    GUEST_CHECK(g.call("unlinkat", kAtFdCwd, kPathAt, 1) == kEinval);
    GUEST_CHECK(g.call("mknodat", kAtFdCwd, g.text(kPathAt, "/tmp/n"), 0020666, 0x103) == kEperm);
    GUEST_CHECK(g.call("mknodat", kAtFdCwd, kPathAt, 0140644, 0) == 0);
    GUEST_CHECK(open(g, "/tmp/n", kO_RDWR) == kEnxio);
    GUEST_CHECK(g.call("linkat", kAtFdCwd, g.text(kPathAt, "/tmp/h"), kAtFdCwd,
                       g.text(kTextAt, "/tmp/i"), 0) == 0);
    g.exit(0);
  });
}

TEST(NameTest, CurrentDirectory) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.call("mkdirat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0755);
    GUEST_CHECK(g.call("chdir", g.text(kPathAt, "/tmp/d")) == 0);
    GUEST_CHECK(g.call("getcwd", kFree, 7) == 7 && g.string_at(kFree) == "/tmp/d");
    GUEST_CHECK(g.call("getcwd", kFree, 6) == kErange);
    make_file(g, "f", "x");
    GUEST_CHECK(file_text(g, "/tmp/d/f") == "x");
    GUEST_CHECK(g.call("chdir", g.text(kPathAt, "f")) == kEnotdir);
    GUEST_CHECK(g.call("fchdir", open(g, "f", kO_RDONLY)) == kEnotdir);
    g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "f"), 0);
    GUEST_CHECK(g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0x200) == 0);
    GUEST_CHECK(g.call("getcwd", kFree, 100) == kEnoent);
    GUEST_CHECK(open(g, "f", kO_WRONLY | kO_CREAT) == kEnoent);
    GUEST_CHECK(g.call("fchdir", open(g, "/", kO_PATH)) == 0);
    g.exit(0);
  });
}

TEST(NameTest, ListingGivesEveryEntryOnce) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.call("mkdirat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0755);
    for (int i = 0; i < 100; ++i) make_file(g, "/tmp/d/file" + std::to_string(i), "");
    const int32_t fd = open(g, "/tmp/d", kO_RDONLY);
    GUEST_CHECK(g.call("getdents64", fd, kFree, 10) == kEinval);
    std::multiset<std::string> names;
    for (;;) {
      const int32_t size = g.call("getdents64", fd, kFree, 200);
      GUEST_CHECK(size >= 0);
      if (size == 0) break;
      for (uint32_t at = 0; at < static_cast<uint32_t>(size);) {
        const uint16_t length = g.load<uint16_t>(kFree + at + 16);
        GUEST_CHECK(length % 8 == 0);
        names.insert(g.string_at(kFree + at + 19));
        at += length;
      }
    }
    GUEST_CHECK(names.size() == 102);
    GUEST_CHECK(names.count(".") == 1 && names.count("..") == 1 && names.count("file99") == 1);
    GUEST_CHECK(g.call("_llseek", fd, 0, 0, kFree, 0) == 0);
    GUEST_CHECK(g.call("getdents64", fd, kFree, 32) == 24);
    GUEST_CHECK(g.string_at(kFree + 19) == ".");
    GUEST_CHECK(g.call("getdents64", fd, kFree, 24) == 24);
    GUEST_CHECK(g.string_at(kFree + 19) == "..");
    GUEST_CHECK(g.call("getdents64", open(g, "/tmp/d/file1", 0), kFree, 200) == kEnotdir);
    GUEST_CHECK(g.call("read", fd, kFree, 1) == kEisdir);
    g.call("mkdirat", kAtFdCwd, g.text(kPathAt, "/tmp/gone"), 0755);
    const int32_t gone = open(g, "/tmp/gone", kO_RDONLY);
    g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "/tmp/gone"), 0x200);
    GUEST_CHECK(g.call("getdents64", gone, kFree, 200) == kEnoent);
    g.exit(0);
  });
}

TEST(NameTest, ListingWorksInBuffersOfAnySize) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.call("mkdirat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0755);
    for (uint32_t length : {1u, 4u, 5u, 12u, 13u, 100u, 255u})
      make_file(g, "/tmp/d/" + std::string(length, 'n'), "");
    for (uint32_t buffer = 280; buffer < 700; buffer += 3) {
      const int32_t fd = open(g, "/tmp/d", kO_RDONLY);
      size_t total = 0;
      for (;;) {
        g.store<uint64_t>(kFree + buffer, 0x1122334455667788);
        const int32_t size = g.call("getdents64", fd, kFree, buffer);
        GUEST_CHECK(size >= 0 && size <= static_cast<int32_t>(buffer));
        GUEST_CHECK(g.load<uint64_t>(kFree + buffer) == 0x1122334455667788);
        if (size == 0) break;
        uint32_t at = 0;
        for (; at < static_cast<uint32_t>(size); ++total) at += g.load<uint16_t>(kFree + at + 16);
        GUEST_CHECK(at == static_cast<uint32_t>(size));
      }
      GUEST_CHECK(total == 9);
      g.call("close", fd);
    }
    g.exit(0);
  });
}

TEST(NameTest, SizesAndSpace) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    GUEST_CHECK(g.call("fallocate", fd, 0, 0, 0, 100, 0) == 0);
    GUEST_CHECK(g.call("_llseek", fd, 0, 0, kFree, 2) == 0 && g.load<uint64_t>(kFree) == 100);
    GUEST_CHECK(g.call("fallocate", fd, 0, 0, 0, 0, 0) == kEinval);
    GUEST_CHECK(g.call("fallocate", fd, 8, 0, 0, 100, 0) == kEopnotsupp);
    GUEST_CHECK(g.call("fallocate", pipe(g).write, 0, 0, 0, 100, 0) == kEspipe);
    GUEST_CHECK(g.call("truncate64", g.text(kPathAt, "/tmp/a"), 3, 0) == 0);
    GUEST_CHECK(file_text(g, "/tmp/a").size() == 3);
    GUEST_CHECK(g.call("truncate64", g.text(kPathAt, "/tmp"), 3, 0) == kEisdir);
    GUEST_CHECK(g.call("truncate64", kPathAt, 3, -1) == kEinval);
    const int32_t reader = open(g, "/tmp/a", kO_RDONLY);
    GUEST_CHECK(g.call("ftruncate64", reader, 0, 0) == kEinval);
    GUEST_CHECK(g.call("fsync", fd) == 0 && g.call("fsync", pipe(g).read) == kEinval);
    GUEST_CHECK(g.call("fadvise64_64", fd, 0, 0, 0, 0, 6) == kEinval);
    g.exit(0);
  });
}

// --- locks

constexpr int32_t kGetLock = 12, kSetLock = 13, kSetLockWait = 14, kOfdSetLock = 37;

int32_t lock(FakeGuest& g, int32_t fd, int32_t command, int16_t type, int64_t start,
             int64_t length) {
  g.store<int16_t>(kFree, type);
  g.store<int16_t>(kFree + 2, 0);
  g.store<int64_t>(kFree + 8, start);
  g.store<int64_t>(kFree + 16, length);
  g.store<int32_t>(kFree + 24, 0);
  return g.call("fcntl64", fd, command, kFree);
}

TEST(LockTest, RecordLocksExcludeOtherProcesses) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 10, 10) == 0);
    GUEST_CHECK(lock(g, fd, kSetLock, 2, 14, 2) == 0);  // in the middle: two pieces stay
    const int32_t parent = g.call("getpid");
    const int32_t child = g.fork();
    if (child == 0) {
      GUEST_CHECK(lock(g, fd, kSetLock, 0, 0, 11) == kEagain);
      GUEST_CHECK(lock(g, fd, kSetLock, 1, 14, 2) == 0);
      GUEST_CHECK(lock(g, fd, kGetLock, 1, 16, 0) == 0);
      GUEST_CHECK(g.load<int16_t>(kFree) == 1 && g.load<int64_t>(kFree + 8) == 16);
      GUEST_CHECK(g.load<int64_t>(kFree + 16) == 4 && g.load<int32_t>(kFree + 24) == parent);
      GUEST_CHECK(lock(g, fd, kGetLock, 1, 20, 0) == 0 && g.load<int16_t>(kFree) == 2);
      GUEST_CHECK(lock(g, fd, kSetLockWait, 1, 10, 4) == 0);
      g.say("child has it");
      g.exit(0);
    }
    g.call("sched_yield");
    g.call("sched_yield");
    g.say("parent lets go");
    // POSIX: closing any descriptor of the file drops all locks of the process.
    g.call("close", open(g, "/tmp/a", kO_RDONLY));
    int32_t status = 0;
    g.wait(child, &status);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 0, 0) == 0);
    g.exit(status);
  });
  EXPECT_EQ(box.said(), (Lines{"parent lets go", "child has it"}));
}

TEST(LockTest, ChecksAndDeadlocks) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    const int32_t reader = open(g, "/tmp/a", kO_RDONLY);
    GUEST_CHECK(lock(g, reader, kSetLock, 1, 0, 1) == kEbadf);
    GUEST_CHECK(lock(g, fd, kSetLock, 3, 0, 1) == kEinval);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, -1, 1) == kEinval);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, INT64_MAX, 2) == -75);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 5, -5) == 0);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 2, -5) == kEinval);
    const int32_t child = g.fork();
    if (child == 0) {
      GUEST_CHECK(lock(g, fd, kSetLock, 1, 100, 1) == 0);
      GUEST_CHECK(lock(g, fd, kSetLockWait, 1, 0, 1) == 0);
      g.exit(0);
    }
    g.call("sched_yield");
    GUEST_CHECK(lock(g, fd, kSetLockWait, 1, 100, 1) == kEdeadlk);
    g.call("close", fd);
    int32_t status = 0;
    g.wait(child, &status);
    g.exit(status);
  });
}

TEST(LockTest, RecordsAreBounded) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    for (int64_t i = 0; i < 4096; ++i) GUEST_CHECK(lock(g, fd, kSetLock, 1, i * 2, 1) == 0);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 9000, 1) == -37);
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 0, 0) == 0);  // one record in place of all
    GUEST_CHECK(lock(g, fd, kSetLock, 1, 9000, 1) == 0);
    g.exit(0);
  });
}

TEST(LockTest, DescriptionLocks) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t a = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    const int32_t b = open(g, "/tmp/a", kO_RDWR);
    GUEST_CHECK(lock(g, a, kOfdSetLock, 1, 0, 0) == 0);
    GUEST_CHECK(lock(g, b, kOfdSetLock, 0, 5, 1) == kEagain);
    GUEST_CHECK(lock(g, b, kSetLock, 0, 5, 1) == kEagain);
    GUEST_CHECK(g.call("flock", a, 2) == 0);
    GUEST_CHECK(g.call("flock", b, 1 | 4) == kEagain);
    GUEST_CHECK(g.call("flock", a, 1) == 0 && g.call("flock", b, 1 | 4) == 0);
    GUEST_CHECK(g.call("flock", a, 16) == kEinval);
    const int32_t copy = g.call("dup", a);
    g.call("close", a);
    GUEST_CHECK(lock(g, b, kOfdSetLock, 0, 5, 1) == kEagain);  // the description lives
    g.call("close", copy);
    GUEST_CHECK(lock(g, b, kOfdSetLock, 0, 5, 1) == 0);
    GUEST_CHECK(g.call("flock", b, 2 | 4) == 0);
    if (g.fork() == 0) {
      const int32_t c = open(g, "/tmp/a", kO_RDWR);
      GUEST_CHECK(g.call("flock", c, 2) == 0);  // waits for the parent
      g.say("second");
      g.exit(0);
    }
    for (int i = 0; i < 3; ++i) g.call("sched_yield");
    g.say("first");
    g.call("flock", b, 8);
    int32_t status = 0;
    g.wait(-1, &status);
    g.exit(status);
  });
  EXPECT_EQ(box.said(), (Lines{"first", "second"}));
}

// --- /dev and /proc

TEST(DeviceTest, MemoryDevices) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t null = open(g, "/dev/null", kO_RDWR);
    GUEST_CHECK(write(g, null, "gone") == 4 && read(g, null).empty());
    GUEST_CHECK(g.call("_llseek", null, 0, 5, kFree, 2) == 0);
    const int32_t zero = open(g, "/dev/zero", kO_RDWR);
    g.store<uint32_t>(kFree, 7);
    GUEST_CHECK(g.call("read", zero, kFree, 4) == 4 && g.load<uint32_t>(kFree) == 0);
    const int32_t full = open(g, "/dev/full", kO_RDWR);
    GUEST_CHECK(write(g, full, "x") == -28 && g.call("write", full, kFree, 0) == 0);
    const int32_t random = open(g, "/dev/urandom", kO_RDONLY);
    GUEST_CHECK(g.call("read", random, kFree, 8) == 8 && g.load<uint64_t>(kFree) != 0);
    GUEST_CHECK(g.call("ioctl", null, 0x5401, kFree) == -25);
    GUEST_CHECK(open(g, "/dev/new", kO_WRONLY | kO_CREAT) < 0);
    GUEST_CHECK(g.call("unlinkat", kAtFdCwd, g.text(kPathAt, "/dev/null"), 0) < 0);
    GUEST_CHECK(make_file(g, "/dev/shm/x", "shared") == 6);
    GUEST_CHECK(open(g, "/dev/tty", kO_RDWR) == kEnxio);
    g.exit(0);
  });
}

TEST(ProcTest, OwnProcesses) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const std::string pid = std::to_string(g.call("getpid"));
    GUEST_CHECK(file_text(g, "/proc/self/stat").starts_with(pid + " (program"));
    GUEST_CHECK(file_text(g, "/proc/" + pid + "/comm").starts_with("program"));
    GUEST_CHECK(file_text(g, "/proc/self/cmdline").back() == '\0');
    GUEST_CHECK(file_text(g, "/proc/self/environ").starts_with("PATH=/bin"));
    GUEST_CHECK(file_text(g, "/proc/self/status").find("Uid:\t1000\t1000") != std::string::npos);
    GUEST_CHECK(file_text(g, "/proc/self/limits").starts_with("Limit "));
    GUEST_CHECK(file_text(g, "/proc/mounts").find(" /proc proc ") != std::string::npos);
    GUEST_CHECK(file_text(g, "/proc/meminfo").starts_with("MemTotal:"));
    GUEST_CHECK(file_text(g, "/proc/sys/kernel/hostname") == "cloche\n");
    GUEST_CHECK(file_text(g, "/proc/thread-self/comm").starts_with("program"));
    GUEST_CHECK(g.call("readlinkat", kAtFdCwd, g.text(kPathAt, "/proc/self/cwd"), kFree, 99) == 5);
    GUEST_CHECK(g.call("readlinkat", kAtFdCwd, g.text(kPathAt, "/proc/self/exe"), kFree, 99) > 5);
    GUEST_CHECK(open(g, "/proc/1/stat", kO_RDONLY) == kEnoent);
    GUEST_CHECK(open(g, "/proc/0" + pid, kO_RDONLY) == kEnoent);
    GUEST_CHECK(open(g, "/proc/self/stat", kO_WRONLY) < 0);
    GUEST_CHECK(open(g, "/proc/new", kO_WRONLY | kO_CREAT) < 0);
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("nanosleep", kFree + 512, 0);
      g.exit(0);
    }
    const int32_t stat = open(g, "/proc/" + std::to_string(child) + "/stat", kO_RDONLY);
    GUEST_CHECK(stat >= 0);
    int32_t status = 0;
    g.wait(child, &status);
    GUEST_CHECK(open(g, "/proc/" + std::to_string(child) + "/stat", kO_RDONLY) == kEnoent);
    g.exit(status);
  });
}

TEST(ProcTest, DescriptorsAreListed) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    const int32_t directory = open(g, "/proc/self/fd", kO_RDONLY);
    const int32_t size = g.call("getdents64", directory, kFree, 1000);
    int found = 0;
    for (uint32_t at = 0; at < static_cast<uint32_t>(size);
         at += g.load<uint16_t>(kFree + at + 16)) {
      const std::string name = g.string_at(kFree + at + 19);
      found += name == "0" || name == "1" || name == "2" ? 1 : 0;
    }
    GUEST_CHECK(found == 3);
    GUEST_CHECK(g.call("readlinkat", kAtFdCwd, g.text(kPathAt, "/proc/self/fd/0"), kFree, 99) > 6);
    GUEST_CHECK(g.string_at(kFree).starts_with("pipe:["));
    GUEST_CHECK(open(g, "/proc/self/fd/9", kO_RDONLY) == kEnoent);
    GUEST_CHECK(open(g, "/dev/fd/0", kO_RDONLY) == 3);
    g.call("close", fds.read);
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
