// The path walk and the path calls against the real kernel: the same random calls on memfs and, in
// a child that is locked into a folder of the host as a user without privileges, on the host. Each
// call must give the same error or the same file, and the trees must be equal in the end.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <tuple>

#include "vfs/hostfs.h"
#include "vfs/memfs.h"
#include "vfs/ops.h"
#include "vfs/overlay.h"
#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

constexpr uint32_t kUser = 1000;

enum class Op : uint8_t {
  kStat,
  kLstat,
  kOpen,
  kOpen2,
  kMkdir,
  kRmdir,
  kUnlink,
  kRename,
  kLink,
  kSymlink,
  kMkfifo,
  kChmod,
  kTruncate,
  kAccess,
  kReadlink,
  kChdir,
  kGetcwd,
  kList,
  kAppend,
  kCount
};

struct Call {
  Op op;
  std::string a, b;
  uint32_t flags = 0, number = 0;
};

// One world in which calls are made; the answer is a line of text.
class World {
 public:
  virtual ~World() = default;
  virtual std::string run(const Call& call) = 0;
};

std::string describe(FileType type, uint32_t mode, uint64_t nlink, uint64_t size) {
  const char* const names[] = {"file", "dir", "link", "chr", "fifo", "sock", "blk"};
  if (type == FileType::kDirectory) size = 0;
  char text[100];
  snprintf(text, sizeof text, "%s %o n%llu s%llu", names[static_cast<int>(type)], mode,
           static_cast<unsigned long long>(nlink), static_cast<unsigned long long>(size));
  return text;
}

std::string failed(Errno error) { return abi::errno_name(error); }

// --- the host

class HostWorld : public World {
 public:
  std::string run(const Call& call) override {
    const char *a = call.a.c_str(), *b = call.b.c_str();
    switch (call.op) {
      case Op::kStat:
        return stat_of(a, 0);
      case Op::kLstat:
        return stat_of(a, AT_SYMLINK_NOFOLLOW);
      case Op::kOpen:
        return opened(::open(a, static_cast<int>(call.flags) | O_NONBLOCK, call.number));
      case Op::kOpen2: {
        open_how how{O_PATH | O_NOFOLLOW, 0, call.flags};
        if (call.number & 1) how.flags &= ~uint64_t{O_NOFOLLOW};
        if (call.number & 2) how.flags |= O_DIRECTORY;
        return opened(static_cast<int>(syscall(SYS_openat2, AT_FDCWD, a, &how, sizeof how)));
      }
      case Op::kMkdir:
        return done(::mkdir(a, call.number));
      case Op::kRmdir:
        return done(::rmdir(a));
      case Op::kUnlink:
        return done(::unlink(a));
      case Op::kRename:
        return done(static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, call.flags)));
      case Op::kLink:
        return done(::linkat(AT_FDCWD, a, AT_FDCWD, b, call.flags ? AT_SYMLINK_FOLLOW : 0));
      case Op::kSymlink:
        return done(::symlink(b, a));
      case Op::kMkfifo:
        return done(::mkfifo(a, call.number));
      case Op::kChmod:
        return done(::chmod(a, call.number));
      case Op::kTruncate:
        return done(::truncate(a, call.number));
      case Op::kAccess:
        return done(::faccessat(AT_FDCWD, a, static_cast<int>(call.number & 7), 0));
      case Op::kReadlink: {
        char text[5000];
        ssize_t count = ::readlink(a, text, sizeof text);
        if (count < 0) return done(-1);
        return std::string(text, static_cast<size_t>(count));
      }
      case Op::kChdir:
        return done(::chdir(a));
      case Op::kGetcwd: {
        char text[8192];
        // The system call itself: libc would go and search.
        if (syscall(SYS_getcwd, text, sizeof text) < 0) return done(-1);
        return text;
      }
      case Op::kList:
        return list(a);
      case Op::kAppend: {
        int fd = ::open(a, O_WRONLY | O_APPEND | O_NONBLOCK);
        if (fd < 0) return errno == ENXIO ? "fifo" : done(-1);
        std::string data(call.number, 'x');
        ssize_t count = ::write(fd, data.data(), data.size());
        ::close(fd);
        return count == static_cast<ssize_t>(data.size()) ? "ok" : "short";
      }
      case Op::kCount:
        break;
    }
    return "?";
  }

 private:
  static std::string done(int result) {
    return result < 0 ? failed(abi::from_host_errno(errno)) : "ok";
  }

  static std::string text_of(const struct stat& s) {
    FileType type = S_ISDIR(s.st_mode)    ? FileType::kDirectory
                    : S_ISLNK(s.st_mode)  ? FileType::kSymlink
                    : S_ISFIFO(s.st_mode) ? FileType::kFifo
                                          : FileType::kRegular;
    return describe(type, s.st_mode & 07777, s.st_nlink, static_cast<uint64_t>(s.st_size));
  }

  static std::string stat_of(const char* path, int flags) {
    struct stat s;
    if (fstatat(AT_FDCWD, path, &s, flags) < 0) return done(-1);
    return text_of(s);
  }

  static std::string opened(int fd) {
    if (fd < 0) return errno == ENXIO ? "fifo" : done(-1);
    struct stat s;
    fstat(fd, &s);
    ::close(fd);
    return S_ISFIFO(s.st_mode) ? "fifo" : text_of(s);
  }

  static std::string list(const char* path) {
    int fd = ::open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (fd < 0) return done(-1);
    std::vector<std::string> names;
    char buffer[4096];
    long count;
    while ((count = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
      for (long at = 0; at < count;) {
        auto* entry = reinterpret_cast<dirent64*>(buffer + at);
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
        at += entry->d_reclen;
      }
    }
    std::string error = count < 0 ? done(-1) : "";
    ::close(fd);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) error += " " + name;
    return error;
  }
};

// --- ours

uint32_t walk_flags_of(uint32_t resolve) {
  uint32_t flags = 0;
  if (resolve & RESOLVE_BENEATH) flags |= kBeneath;
  if (resolve & RESOLVE_IN_ROOT) flags |= kInRoot;
  if (resolve & RESOLVE_NO_SYMLINKS) flags |= kNoSymlinks;
  if (resolve & RESOLVE_NO_XDEV) flags |= kNoXdev;
  if (resolve & RESOLVE_NO_MAGICLINKS) flags |= kNoMagicLinks;
  return flags;
}

class OurWorld : public World {
 public:
  explicit OurWorld(InodeRef root) : space_(std::move(root)), cwd_(space_.root()) {}

  std::string run(const Call& call) override {
    PathArg a{cwd_, call.a}, b{cwd_, call.b};
    switch (call.op) {
      case Op::kStat:
        return text_of(space_.walk(cwd_, call.a, who_, kFollowLast));
      case Op::kLstat:
        return text_of(space_.walk(cwd_, call.a, who_, 0));
      case Op::kOpen:
        return open_file(call);
      case Op::kOpen2: {
        uint32_t flags = walk_flags_of(call.flags);
        if (call.number & 1) flags |= kFollowLast;
        if (call.number & 2) flags |= kDirectoryOnly;
        return opened(space_.walk(cwd_, call.a, who_, flags));
      }
      case Op::kMkdir:
        return done(make_directory(space_, a, who_, call.number));
      case Op::kRmdir:
        return done(remove_directory(space_, a, who_));
      case Op::kUnlink:
        return done(remove_file(space_, a, who_));
      case Op::kRename:
        return done(rename(space_, a, b, who_, call.flags));
      case Op::kLink: {
        SysResult<Location> from =
            space_.walk(cwd_, call.a, who_, call.flags ? uint32_t{kFollowLast} : 0);
        if (!from.ok()) return failed(from.error());
        return done(make_link(space_, *from, b, who_));
      }
      case Op::kSymlink:
        return done(make_symlink(space_, a, who_, call.b));
      case Op::kMkfifo:
        return done(make_node(space_, a, who_, FileType::kFifo, call.number));
      case Op::kChmod: {
        SysResult<Location> at = space_.walk(cwd_, call.a, who_, kFollowLast);
        if (!at.ok()) return failed(at.error());
        SetAttr change;
        change.set_mode = true;
        change.mode = call.number;
        return done(change_attr(*at->inode, who_, change));
      }
      case Op::kTruncate: {
        SysResult<Location> at = space_.walk(cwd_, call.a, who_, kFollowLast);
        if (!at.ok()) return failed(at.error());
        return done(truncate(*at->inode, who_, call.number));
      }
      case Op::kAccess: {
        SysResult<Location> at = space_.walk(cwd_, call.a, who_, kFollowLast);
        if (!at.ok()) return failed(at.error());
        return done(access(*at->inode, who_, call.number & 7));
      }
      case Op::kReadlink: {
        SysResult<Location> at = space_.walk(cwd_, call.a, who_, 0);
        if (!at.ok()) return failed(at.error());
        SysResult<std::string> text = at->inode->readlink();
        return text.ok() ? *text : failed(text.error());
      }
      case Op::kChdir:
        return change_directory(call);
      case Op::kGetcwd: {
        SysResult<std::string> path = space_.current_path(cwd_);
        return path.ok() ? *path : failed(path.error());
      }
      case Op::kList:
        return list(call);
      case Op::kAppend:
        return append(call);
      case Op::kCount:
        break;
    }
    return "?";
  }

 private:
  template <class T>
  static std::string done(const SysResult<T>& result) {
    return result.ok() ? "ok" : failed(result.error());
  }

  static std::string text_of(const SysResult<Location>& at) {
    if (!at.ok()) return failed(at.error());
    SysResult<Stat> s = at->inode->stat();
    if (!s.ok()) return failed(s.error());
    return describe(s->type, s->mode, s->nlink, s->size);
  }

  static std::string opened(const SysResult<Location>& at) {
    if (at.ok() && at->inode->type() == FileType::kFifo) return "fifo";
    return text_of(at);
  }

  std::string open_file(const Call& call) {
    OpenRequest request;
    uint32_t access_mode = call.flags & O_ACCMODE;
    request.read = access_mode != O_WRONLY;
    request.write = access_mode != O_RDONLY;
    request.create = (call.flags & O_CREAT) != 0;
    request.exclusive = (call.flags & O_EXCL) != 0;
    request.truncate = (call.flags & O_TRUNC) != 0;
    request.directory = (call.flags & O_DIRECTORY) != 0;
    request.no_follow = (call.flags & O_NOFOLLOW) != 0;
    request.mode = call.number;
    SysResult<Opened> result = open(space_, PathArg{cwd_, call.a}, who_, request);
    if (!result.ok()) return failed(result.error());
    return opened(result->location);
  }

  std::string change_directory(const Call& call) {
    SysResult<Location> at = space_.walk(cwd_, call.a, who_, kFollowLast | kDirectoryOnly);
    if (!at.ok()) return failed(at.error());
    SysResult<Unit> allowed = at->inode->check_access(who_, kExecute);
    if (!allowed.ok()) return failed(allowed.error());
    cwd_ = *at;
    return "ok";
  }

  std::string list(const Call& call) {
    OpenRequest request;
    request.read = request.directory = true;
    SysResult<Opened> result = open(space_, PathArg{cwd_, call.a}, who_, request);
    if (!result.ok()) return failed(result.error());
    std::vector<std::string> names;
    SysResult<Unit> read =
        result->location.inode->readdir(0, &names, [](void* env, const DirEntry& entry) {
          static_cast<std::vector<std::string>*>(env)->emplace_back(entry.name);
          return true;
        });
    std::string text = read.ok() ? "" : failed(read.error());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) text += " " + name;
    return text;
  }

  std::string append(const Call& call) {
    OpenRequest request;
    request.write = true;
    SysResult<Opened> result = open(space_, PathArg{cwd_, call.a}, who_, request);
    if (!result.ok()) return failed(result.error());
    if (result->location.inode->type() == FileType::kFifo) return "fifo";
    auto body = result->location.inode->open(OpenAccess::kWrite);
    if (!body.ok()) return failed(body.error());
    std::vector<uint8_t> data(call.number, 'x');
    auto appended = (*body)->append(data);
    return appended.ok() && appended->written == data.size() ? "ok" : "short";
  }

  Namespace space_;
  Location cwd_;
  Credentials who_{kUser, kUser, {}};
};

// --- random calls

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  bool one_in(uint32_t n) { return below(n) == 0; }

  std::string name() {
    static const char* const kNames[] = {"a", "b", "c", "d", "e", "l1", "l2", "dd"};
    if (one_in(150)) return std::string(255 + below(2), 'n');
    if (one_in(9)) return ".";
    if (one_in(7)) return "..";
    return kNames[below(8)];
  }

  std::string path() {
    if (one_in(200)) return "";
    if (one_in(300)) return std::string(below(2), '/') + slashes_to(4094 + below(3));
    std::string text = one_in(4) ? "/" : "";
    if (one_in(40)) text += "//";
    uint32_t parts = 1 + below(4);
    if (!text.empty() && one_in(20)) parts = 0;
    for (uint32_t i = 0; i < parts; ++i) {
      if (i) text += one_in(15) ? "//" : "/";
      text += name();
    }
    if (one_in(8)) text += one_in(4) ? "//" : "/";
    return text;
  }

  Call call() {
    static const uint32_t kModes[] = {0755, 0755, 0755, 0700, 0777, 0500, 0300, 0100,
                                      0,    0644, 0444, 0222, 0755, 0711, 01777};
    Call call;
    call.op = static_cast<Op>(below(static_cast<uint32_t>(Op::kCount)));
    if (one_in(4)) call.op = one_in(2) ? Op::kMkdir : Op::kOpen;
    if (call.op == Op::kChdir && !one_in(3)) call.op = Op::kStat;
    if (call.op == Op::kChmod && !one_in(2)) call.op = Op::kSymlink;
    call.a = path();
    call.b = path();
    call.number = kModes[below(sizeof kModes / sizeof *kModes)];
    switch (call.op) {
      case Op::kRename:
        call.flags = one_in(3) ? below(4) : 0;
        break;
      case Op::kLink:
        call.flags = below(2);
        break;
      case Op::kOpen:
        call.flags = below(3);
        if (one_in(2)) call.flags |= O_CREAT;
        if (one_in(4)) call.flags |= O_EXCL & (call.flags & O_CREAT ? ~0u : 0u);
        if (one_in(5)) call.flags |= O_TRUNC;
        if (one_in(6)) call.flags |= O_NOFOLLOW;
        if (one_in(8) && !(call.flags & O_CREAT)) call.flags |= O_DIRECTORY;
        if (call.number == 01777) call.number = 0644;
        break;
      case Op::kOpen2: {
        static const uint32_t kResolve[] = {0,
                                            RESOLVE_BENEATH,
                                            RESOLVE_IN_ROOT,
                                            RESOLVE_NO_SYMLINKS,
                                            RESOLVE_NO_MAGICLINKS,
                                            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
        call.flags = kResolve[below(6)];
        break;
      }
      case Op::kMkfifo:
        call.number &= 0777;
        break;
      case Op::kTruncate:
      case Op::kAppend:
        call.number = below(9000);
        break;
      default:
        break;
    }
    return call;
  }

 private:
  std::string slashes_to(size_t size) {
    std::string text;
    while (text.size() < size) text += "./";
    text.resize(size);
    return text;
  }
  std::mt19937_64 random_;
};

// The tree both start from: some of it belongs to root. {path, type, mode, uid, target}
struct Seed {
  const char* path;
  FileType type;
  uint32_t mode, uid;
  const char* target;
};
constexpr FileType kDir = FileType::kDirectory, kLnk = FileType::kSymlink,
                   kReg = FileType::kRegular;
const Seed kSeeds[] = {
    {"/a", kDir, 0755, kUser, ""},
    {"/a/b", kDir, 0755, kUser, ""},
    {"/a/b/c", kReg, 0644, kUser, ""},
    {"/a/d", kReg, 0600, 0, ""},
    {"/b", kDir, 0755, 0, ""},
    {"/b/a", kReg, 0644, 0, ""},
    {"/b/b", kDir, 0777, 0, ""},
    {"/b/b/c", kDir, 0700, 0, ""},
    {"/b/b/d", kReg, 0666, 0, ""},
    {"/b/e", kDir, 0711, 0, ""},
    {"/b/e/a", kDir, 0755, kUser, ""},
    {"/l1", kLnk, 0777, kUser, "a/b"},
    {"/l2", kLnk, 0777, kUser, "/b/b"},
    {"/a/l1", kLnk, 0777, kUser, "../l2/"},
    {"/a/l2", kLnk, 0777, kUser, "l2"},
    {"/a/b/l1", kLnk, 0777, kUser, "/nowhere"},
    {"/b/l1", kLnk, 0777, 0, "../a/l1/../e"},
    {"/dd", kDir, 01775, 0, ""},
    {"/dd/a", kReg, 0644, 0, ""},
    {"/dd/b", kReg, 0644, kUser, ""},
    {"/dd/c", kDir, 0755, 0, ""},
};

void seed_host(const std::string& root) {
  for (const Seed& seed : kSeeds) {
    std::string path = root + seed.path;
    if (seed.type == kDir) {
      ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
    }
    if (seed.type == kReg) {
      int fd = ::open(path.c_str(), O_CREAT | O_WRONLY, 0600);
      ASSERT_GE(fd, 0);
      ::close(fd);
    }
    if (seed.type == kLnk) {
      ASSERT_EQ(symlink(seed.target, path.c_str()), 0);
    }
    ASSERT_EQ(lchown(path.c_str(), seed.uid, kUser), 0);
    if (seed.type != kLnk) {
      ASSERT_EQ(chmod(path.c_str(), seed.mode), 0);
    }
  }
  ASSERT_EQ(chown(root.c_str(), kUser, kUser), 0);
  ASSERT_EQ(chmod(root.c_str(), 0777), 0);
}

void seed_ours(InodeRef root) {
  for (const Seed& seed : kSeeds) {
    std::string_view path = seed.path;
    InodeRef at = root;
    for (size_t begin = 1, end; (end = path.find('/', begin)) != path.npos; begin = end + 1) {
      at = at->lookup(path.substr(begin, end - begin)).value();
    }
    std::string_view name = path.substr(path.rfind('/') + 1);
    CreateAttr attr{seed.mode, seed.uid, kUser};
    if (seed.type == kDir) {
      ASSERT_TRUE(at->mkdir(name, attr).ok());
    }
    if (seed.type == kReg) {
      ASSERT_TRUE(at->create(name, attr).ok());
    }
    if (seed.type == kLnk) {
      ASSERT_TRUE(at->symlink(name, seed.target, attr).ok());
    }
  }
}

// Runs the calls in the world that `make` makes in a child process, which is the user without
// privileges by then; the answers come through a pipe. `make` returns null when it fails.
template <class Make>
std::vector<std::string> answers_in_child(const std::vector<Call>& calls, Make make) {
  int channel[2];
  EXPECT_EQ(pipe(channel), 0);
  pid_t child = fork();
  if (child == 0) {
    ::close(channel[0]);
    umask(0);
    std::unique_ptr<World> world = make();
    if (!world) _exit(1);
    FILE* out = fdopen(channel[1], "w");
    for (const Call& call : calls) fprintf(out, "%s\n", world->run(call).c_str());
    fclose(out);
    world.reset();
    _exit(0);
  }
  ::close(channel[1]);
  FILE* in = fdopen(channel[0], "r");
  std::vector<std::string> answers;
  char line[20000];
  while (fgets(line, sizeof line, in)) answers.emplace_back(line, strcspn(line, "\n"));
  fclose(in);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return answers;
}

bool drop_privileges() {
  return !setgroups(0, nullptr) && !setresgid(kUser, kUser, kUser) &&
         !setresuid(kUser, kUser, kUser);
}

std::vector<std::string> answers_of_host(const std::string& root, const std::vector<Call>& calls) {
  return answers_in_child(calls, [&root]() -> std::unique_ptr<World> {
    if (chdir(root.c_str()) || chroot(".") || !drop_privileges()) return nullptr;
    return std::make_unique<HostWorld>();
  });
}

bool host_has_extra_rules() {
  // Rules for sticky directories that a sandbox of one user has no use for.
  for (const char* name : {"protected_regular", "protected_fifos", "protected_symlinks"}) {
    std::ifstream file(std::string("/proc/sys/fs/") + name);
    int value = 0;
    if (file >> value && value != 0) return true;
  }
  return false;
}

std::string show(const Call& call) {
  static const char* const kOps[] = {"stat",   "lstat",  "open",     "openat2", "mkdir",
                                     "rmdir",  "unlink", "rename",   "link",    "symlink",
                                     "mkfifo", "chmod",  "truncate", "access",  "readlink",
                                     "chdir",  "getcwd", "list",     "append"};
  return std::string(kOps[static_cast<int>(call.op)]) + " '" + call.a.substr(0, 80) + "' '" +
         call.b.substr(0, 80) + "' flags " + std::to_string(call.flags) + " number " +
         std::to_string(call.number);
}

enum class Backend : uint8_t { kMemfs, kOverlay, kHostfs };

class DifferentialTest : public testing::TestWithParam<std::tuple<Backend, uint64_t>> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "chroot needs root";
    ASSERT_NO_FATAL_FAILURE(make_host_tree(&expected_root_));
    if (backend() != Backend::kHostfs) return;
    ASSERT_NO_FATAL_FAILURE(make_host_tree(&mounted_root_));
  }
  void TearDown() override {
    for (const std::string& root : {expected_root_, mounted_root_}) {
      if (!root.empty()) std::filesystem::remove_all(root);
    }
  }
  static void make_host_tree(std::string* root) {
    std::string name = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    name += "/cloche-vfs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    *root = name;
    ASSERT_NO_FATAL_FAILURE(seed_host(*root));
  }
  static Backend backend() { return std::get<0>(GetParam()); }

  InodeRef make_seeded_memfs() {
    InodeRef root = make_memfs({&clock_, budget_, 1, 0777, kUser, kUser});
    seed_ours(root);
    return root;
  }

  // A call that this back end does not have, by design.
  static bool is_left_out(const Call& call) {
    return backend() == Backend::kHostfs && call.op == Op::kMkfifo;
  }

  std::vector<Call> make_calls() {
    Generator generator(std::get<1>(GetParam()));
    std::vector<Call> calls;
    for (int i = 0; i < kCalls; ++i) {
      Call call = generator.call();
      if (is_left_out(call)) call.op = Op::kLstat;
      // Makes most of the tree usable again, so that the calls do not all end at EACCES.
      if (i % 50 == 49) call = Call{Op::kChmod, i % 100 == 49 ? "/a" : "/", "", 0, 0777};
      if (i % 97 == 0) call = Call{Op::kChdir, "/", "", 0, 0};
      if ((call.op == Op::kChmod || call.op == Op::kMkdir) && host_has_extra_rules()) {
        call.number &= 0777;
      }
      calls.push_back(call);
      if (i % 301 == 300) work_in_a_removed_directory(&calls, &generator);
    }
    return calls;
  }

  static void work_in_a_removed_directory(std::vector<Call>* calls, Generator* generator) {
    calls->push_back(Call{Op::kMkdir, "/a/gone", "", 0, 0755});
    calls->push_back(Call{Op::kChdir, "/a/gone", "", 0, 0});
    calls->push_back(Call{Op::kRmdir, "/a/gone", "", 0, 0});
    calls->push_back(Call{Op::kGetcwd, "", "", 0, 0});
    for (int i = 0; i < 12; ++i) {
      Call call = generator->call();
      if (!is_left_out(call)) calls->push_back(call);
    }
    calls->push_back(Call{Op::kStat, "..", "", 0, 0});
    calls->push_back(Call{Op::kList, ".", "", 0, 0});
  }

  std::vector<std::string> our_answers(const std::vector<Call>& calls) {
    if (backend() == Backend::kHostfs) {
      return answers_in_child(calls, [this]() -> std::unique_ptr<World> {
        if (!drop_privileges()) return nullptr;
        // Few handles, so that they are given up and opened again all the time.
        Result<InodeRef> root =
            open_hostfs(mounted_root_, {HostMode::kReadWrite, 1, kUser, kUser, /*max_handles=*/5});
        if (!root.ok()) return nullptr;
        return std::make_unique<OurWorld>(*root);
      });
    }
    InodeRef root = make_seeded_memfs();
    if (backend() == Backend::kOverlay) root = make_overlay(root, {&clock_, budget_, 2});
    OurWorld world(root);
    std::vector<std::string> answers;
    for (const Call& call : calls) answers.push_back(world.run(call));
    return answers;
  }

  static constexpr int kCalls = 4000;
  HostClock clock_;
  Ref<Budget> budget_ = make_budget(1 << 30, 100000);
  std::string expected_root_, mounted_root_;
};

TEST_P(DifferentialTest, SameAnswersAsTheKernel) {
  std::vector<Call> calls = make_calls();
  std::vector<std::string> expected = answers_of_host(expected_root_, calls);
  std::vector<std::string> ours = our_answers(calls);
  ASSERT_EQ(expected.size(), calls.size());
  ASSERT_EQ(ours.size(), calls.size());
  int succeeded = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    ASSERT_EQ(ours[i], expected[i]) << "call " << i << ": " << show(calls[i]);
    if (ours[i][0] != 'E') ++succeeded;
  }
  EXPECT_GT(succeeded, kCalls / 20);
  EXPECT_EQ(budget_->bytes_used(), 0u);
  EXPECT_EQ(budget_->inodes_used(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DifferentialTest,
                         testing::Combine(testing::Values(Backend::kMemfs, Backend::kOverlay,
                                                          Backend::kHostfs),
                                          testing::Range<uint64_t>(1, 21)));

}  // namespace
}  // namespace cloche::vfs
