#include "vfs/hostfs.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

namespace fs = std::filesystem;

class HostfsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/cloche-hostfs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = name;
    folder_ = base_ + "/mount";
    fs::create_directory(folder_);
    put(base_ + "/secret", "do not read");
    put(folder_ + "/file", "text");
    fs::create_directory(folder_ + "/dir");
    put(folder_ + "/dir/inner", "inner text");
  }
  void TearDown() override { fs::remove_all(base_); }

  static void put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
  }
  static std::string get(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  InodeRef mount(HostMode mode, size_t handles = 128) {
    auto root = open_hostfs(folder_, {mode, 3, 1000, 1000, handles});
    EXPECT_TRUE(root.ok()) << root.error().message;
    return root.value();
  }
  static size_t open_descriptors() {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) ++count;
    return count;
  }

  std::string base_, folder_;
};

TEST_F(HostfsTest, ShowsTheFolder) {
  TestSpace t(mount(HostMode::kReadOnly));
  EXPECT_EQ(t.read("/file"), "text");
  EXPECT_EQ(t.read("/dir/../dir/inner"), "inner text");
  auto names = names_in(*t.inode("/"));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"dir", "file"}));
  Stat stat = t.stat("/file");
  EXPECT_EQ(stat.uid, 1000u);
  EXPECT_EQ(stat.dev, 3u);
  EXPECT_EQ(stat.size, 4u);
  EXPECT_EQ(t.space.path_of(*t.walk("/dir/inner")).value(), "/dir/inner");
  put(folder_ + "/file", "changed by the host");
  EXPECT_EQ(t.read("/file"), "changed by the host");
}

TEST_F(HostfsTest, ReadOnlyRefusesEveryChange) {
  TestSpace t(mount(HostMode::kReadOnly));
  EXPECT_EQ(t.write("/file", ""), "EROFS");
  EXPECT_EQ(t.write("/new", ""), "EROFS");
  EXPECT_EQ(t.mkdir("/new"), "EROFS");
  EXPECT_EQ(t.symlink("/new", "file"), "EROFS");
  EXPECT_EQ(t.link("/file", "/new"), "EROFS");
  EXPECT_EQ(t.unlink("/file"), "EROFS");
  EXPECT_EQ(t.rmdir("/dir"), "EROFS");
  EXPECT_EQ(t.rename("/file", "/new"), "EROFS");
  EXPECT_EQ(t.rename("/file", "/dir", Inode::kExchange), "EROFS");
  InodeRef root = t.inode("/"), file = t.inode("/file"), dir = t.inode("/dir");
  SetAttr change;
  change.set_mode = change.set_mtime = true;
  EXPECT_EQ(outcome(change_attr(*file, kGuest, change)), "EROFS");
  EXPECT_EQ(outcome(truncate(*file, kGuest, 0)), "EROFS");
  EXPECT_EQ(outcome(access(*file, kGuest, kWrite)), "EROFS");
  // And below the checks of ops.cc.
  CreateAttr attr{0777, 1000, 1000};
  EXPECT_EQ(outcome(root->create("x", attr)), "EROFS");
  EXPECT_EQ(outcome(root->create_open("x", attr, OpenAccess::kRead)), "EROFS");
  EXPECT_EQ(outcome(root->mkdir("x", attr)), "EROFS");
  EXPECT_EQ(outcome(root->symlink("x", "y", attr)), "EROFS");
  EXPECT_EQ(outcome(root->mknod("x", FileType::kFifo, attr)), "EROFS");
  EXPECT_EQ(outcome(root->create_unnamed(attr)), "EROFS");
  EXPECT_EQ(outcome(root->link("x", file)), "EROFS");
  EXPECT_EQ(outcome(root->unlink("file")), "EROFS");
  EXPECT_EQ(outcome(root->rmdir("dir")), "EROFS");
  EXPECT_EQ(outcome(root->rename("file", dir, "x", 0)), "EROFS");
  EXPECT_EQ(outcome(file->set_attr(change)), "EROFS");
  EXPECT_EQ(outcome(file->truncate(0)), "EROFS");
  EXPECT_EQ(outcome(file->open(OpenAccess::kWrite)), "EROFS");
  EXPECT_EQ(outcome(file->open(OpenAccess::kReadWrite)), "EROFS");
  auto body = file->open(OpenAccess::kRead).value();
  EXPECT_EQ(outcome(body->write_at(0, bytes_of("x"))), "EBADF");
  EXPECT_EQ(outcome(body->append(bytes_of("x"))), "EBADF");
  EXPECT_EQ(outcome(body->truncate(0)), "EINVAL");
  EXPECT_EQ(outcome(body->allocate(AllocateMode::kExtend, 0, 10)), "EBADF");
  EXPECT_EQ(get(folder_ + "/file"), "text");
}

TEST_F(HostfsTest, ReadWriteWritesThrough) {
  TestSpace t(mount(HostMode::kReadWrite));
  EXPECT_EQ(t.write("/file", "new text"), "ok");
  EXPECT_EQ(get(folder_ + "/file"), "new text");
  EXPECT_EQ(t.write("/dir/made", "made"), "ok");
  EXPECT_EQ(get(folder_ + "/dir/made"), "made");
  EXPECT_EQ(t.mkdir("/dir2"), "ok");
  EXPECT_EQ(t.rename("/dir/made", "/dir2/moved"), "ok");
  EXPECT_EQ(get(folder_ + "/dir2/moved"), "made");
  EXPECT_EQ(t.link("/dir2/moved", "/second"), "ok");
  EXPECT_EQ(t.stat("/second").nlink, 2u);
  EXPECT_EQ(t.inode("/second"), t.inode("/dir2/moved"));
  EXPECT_EQ(t.symlink("/l", "file"), "ok");
  EXPECT_EQ(fs::read_symlink(folder_ + "/l"), "file");
  EXPECT_EQ(t.unlink("/file"), "ok");
  EXPECT_FALSE(fs::exists(folder_ + "/file"));
  EXPECT_EQ(t.rmdir("/dir2"), "ENOTEMPTY");
  auto body = t.inode("/second")->open(OpenAccess::kReadWrite).value();
  EXPECT_EQ(body->append(bytes_of("+more")).value().end, 9u);
  EXPECT_TRUE(body->truncate(6).ok());
  EXPECT_TRUE(body->sync().ok());
  EXPECT_EQ(get(folder_ + "/second"), "made+m");
  EXPECT_TRUE(truncate(*t.inode("/second"), kGuest, 2).ok());
  EXPECT_EQ(get(folder_ + "/second"), "ma");
  // Nothing else was left behind.
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(base_)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"dir", "dir2", "inner", "l", "mount", "moved",
                                             "second", "secret"}));
}

TEST_F(HostfsTest, ModesAreTheGuestsAndHaveNoPrivilegeBits) {
  mode_t old = umask(077);
  TestSpace t(mount(HostMode::kReadWrite));
  OpenRequest request;
  request.write = request.create = true;
  request.mode = 06755;
  ASSERT_TRUE(open(t.space, t.arg("/new"), kGuest, request).ok());
  ASSERT_TRUE(make_directory(t.space, t.arg("/newdir"), kGuest, 01777).ok());
  umask(old);
  struct stat s;
  ASSERT_EQ(::stat((folder_ + "/new").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0755u);
  ASSERT_EQ(::stat((folder_ + "/newdir").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 01777u);
  SetAttr change;
  change.set_mode = change.set_mtime = true;
  change.mode = 06711;
  change.mtime = {1234567, 89};
  ASSERT_TRUE(change_attr(*t.inode("/new"), kGuest, change).ok());
  ASSERT_EQ(::stat((folder_ + "/new").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0711u);
  EXPECT_EQ(s.st_mtim.tv_sec, 1234567);
  EXPECT_EQ(s.st_mtim.tv_nsec, 89);
  ASSERT_EQ(::chmod((folder_ + "/file").c_str(), 06755), 0);
  EXPECT_EQ(t.stat("/file").mode, 0755u);
}

// For a test as a user whom modes bind, as they do not bind root.
class WithoutPrivileges {
 public:
  explicit WithoutPrivileges(const std::string& folder) {
    constexpr uid_t kNobody = 65534;
    if (old_ != 0) return;
    EXPECT_EQ(chown(folder.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(seteuid(kNobody), 0);
  }
  ~WithoutPrivileges() { EXPECT_EQ(seteuid(old_), 0); }

 private:
  const uid_t old_ = geteuid();
};

TEST_F(HostfsTest, NewFilesAreOpenWhateverTheirMode) {
  fs::permissions(base_, fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
  const WithoutPrivileges drop(folder_);
  TestSpace t(mount(HostMode::kReadWrite));
  OpenRequest request;
  request.read = request.write = request.create = request.exclusive = request.truncate = true;
  for (uint32_t mode : {0u, 0200u, 0400u}) {
    request.mode = mode;
    const std::string name = "/new" + std::to_string(mode);
    auto opened = open(t.space, t.arg(name), kGuest, request);
    ASSERT_TRUE(opened.ok()) << name << ": " << abi::errno_name(opened.error());
    ASSERT_TRUE(opened->body);
    EXPECT_EQ(opened->body->write_at(0, bytes_of("text")).value(), 4u);
    std::vector<uint8_t> out(9);
    EXPECT_EQ(opened->body->read_at(0, out).value(), 4u);
    EXPECT_EQ(t.stat(name).mode, mode);
    // Nobody can open it once more.
    request.exclusive = false;
    EXPECT_EQ(outcome(open(t.space, t.arg(name), kGuest, request)), "EACCES");
    request.exclusive = true;
    EXPECT_EQ(outcome(open(t.space, t.arg(name), kGuest, request)), "EEXIST");
  }
}

TEST_F(HostfsTest, NewFilesAreOpenAsAsked) {
  TestSpace t(mount(HostMode::kReadWrite));
  OpenRequest request;
  request.create = request.write = true;
  request.mode = 0600;
  auto writer = open(t.space, t.arg("/w"), kGuest, request).value();
  std::vector<uint8_t> out(4);
  EXPECT_EQ(outcome(writer.body->read_at(0, out)), "EBADF");
  EXPECT_EQ(outcome(writer.body->write_at(0, bytes_of("x"))), "ok");
  request.write = false;
  request.read = true;
  auto reader = open(t.space, t.arg("/r"), kGuest, request).value();
  EXPECT_EQ(outcome(reader.body->read_at(0, out)), "ok");
  EXPECT_EQ(outcome(reader.body->write_at(0, bytes_of("x"))), "EBADF");
  EXPECT_EQ(outcome(reader.body->truncate(0)), "EINVAL");
}

// The body is the file that was made, whatever the host puts at its name.
TEST_F(HostfsTest, NewFilesAreNotLookedUpAgain) {
  TestSpace t(mount(HostMode::kReadWrite));
  Created made =
      t.inode("/")->create_open("new", {0644, 1000, 1000}, OpenAccess::kReadWrite).value();
  fs::rename(folder_ + "/new", folder_ + "/moved");
  put(folder_ + "/new", "of the host");
  EXPECT_EQ(outcome(made.body->write_at(0, bytes_of("mine"))), "ok");
  EXPECT_EQ(made.inode->stat()->size, 4u);
  EXPECT_EQ(get(folder_ + "/moved"), "mine");
  EXPECT_EQ(get(folder_ + "/new"), "of the host");
  EXPECT_EQ(outcome(t.inode("/")->create_open("new", {}, OpenAccess::kRead)), "EEXIST");
  EXPECT_EQ(outcome(t.inode("/file")->create_open("x", {}, OpenAccess::kRead)), "ENOTDIR");
}

TEST_F(HostfsTest, SymlinksLeadInsideTheGuest) {
  fs::create_symlink(base_ + "/secret", folder_ + "/absolute");
  fs::create_symlink("../secret", folder_ + "/up");
  fs::create_symlink("../../../../../../../../../etc/passwd", folder_ + "/far");
  fs::create_symlink("/file", folder_ + "/root");
  fs::create_symlink("/proc/self/root/etc/passwd", folder_ + "/magic");
  TestSpace t(mount(HostMode::kReadWrite));
  EXPECT_EQ(t.read("/absolute"), "!ENOENT");
  EXPECT_EQ(t.read("/up"), "!ENOENT");
  EXPECT_EQ(t.read("/far"), "!ENOENT");
  EXPECT_EQ(t.read("/root"), "text");  // the guest's /file
  EXPECT_EQ(t.read("/magic"), "!ENOENT");
  EXPECT_EQ(t.read("/../secret"), "!ENOENT");
  EXPECT_EQ(t.read("/dir/../../secret"), "!ENOENT");
  EXPECT_EQ(t.read("/file/"), "!ENOTDIR");
  EXPECT_EQ(t.inode("/up", 0)->readlink().value(), "../secret");
  // Writing through them makes files here, not there.
  EXPECT_EQ(t.write("/up", "mine"), "ok");
  EXPECT_EQ(get(base_ + "/secret"), "do not read");
  EXPECT_EQ(get(folder_ + "/secret"), "mine");
  // As single names, too.
  InodeRef root = t.inode("/");
  for (const char* name : {"..", "../secret", "/etc/passwd", "dir/inner", ""}) {
    EXPECT_FALSE(root->lookup(name).ok()) << name;
    EXPECT_FALSE(root->unlink(name).ok()) << name;
    EXPECT_FALSE(root->create(name, {0644, 1000, 1000}).ok()) << name;
    EXPECT_FALSE(root->mkdir(name, {0755, 1000, 1000}).ok()) << name;
    EXPECT_FALSE(root->symlink(name, "x", {0755, 1000, 1000}).ok()) << name;
    EXPECT_FALSE(root->rename("file", root, name, 0).ok()) << name;
    EXPECT_FALSE(root->rename(name, root, "x", 0).ok()) << name;
  }
  EXPECT_EQ(t.read("/file"), "text");
}

TEST_F(HostfsTest, SpecialFilesDoNotOpenAndAreNotMade) {
  ASSERT_EQ(mkfifo((folder_ + "/fifo").c_str(), 0666), 0);
  int sock = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/sock", folder_.c_str());
  ASSERT_EQ(bind(sock, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  bool device = mknod((folder_ + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0;
  TestSpace t(mount(HostMode::kReadWrite));
  std::vector<std::string> names = {"/fifo", "/sock"};
  if (device) names.push_back("/null");
  for (const std::string& name : names) {
    OpenRequest request;
    request.read = true;
    EXPECT_EQ(outcome(open(t.space, t.arg(name), kGuest, request)), "EACCES") << name;
    request.write = true;
    EXPECT_EQ(outcome(open(t.space, t.arg(name), kGuest, request)), "EACCES") << name;
    EXPECT_EQ(outcome(t.inode(name)->open(OpenAccess::kRead)), "EACCES") << name;
    SetAttr change;
    change.set_mode = true;
    EXPECT_EQ(outcome(t.inode(name)->set_attr(change)), "EPERM") << name;
  }
  EXPECT_EQ(t.inode("/fifo")->type(), FileType::kFifo);
  for (FileType type : {FileType::kFifo, FileType::kSocket, FileType::kCharDevice}) {
    EXPECT_EQ(outcome(make_node(t.space, t.arg("/made"), kGuest, type, 0666)), "EPERM");
  }
  close(sock);
}

TEST_F(HostfsTest, FewHandlesAreEnough) {
  TestSpace t(mount(HostMode::kReadWrite, 4));
  size_t before = open_descriptors();
  std::string path;
  std::vector<Location> held;
  for (int i = 0; i < 40; ++i) {
    path += "/d";
    ASSERT_EQ(t.mkdir(path), "ok");
    held.push_back(t.walk(path).value());
  }
  ASSERT_EQ(t.write(path + "/f", "deep"), "ok");
  EXPECT_EQ(t.read(path + "/f"), "deep");
  for (const Location& at : held) EXPECT_TRUE(at.inode->stat().ok());
  EXPECT_EQ(t.space.path_of(held.back()).value(), path);
  EXPECT_LE(open_descriptors(), before + 4);
  // A folder that is replaced while its handle is closed is another folder.
  for (int i = 30; i < 40; ++i) EXPECT_TRUE(held[static_cast<size_t>(i)].inode->stat().ok());
  fs::rename(folder_ + "/d/d", folder_ + "/away");
  fs::create_directory(folder_ + "/d/d");
  EXPECT_EQ(outcome(held[20].inode->stat()), "ENOENT");
  EXPECT_EQ(t.read(path + "/f"), "!ENOENT");
}

TEST_F(HostfsTest, FilesInUseSurviveRemoval) {
  TestSpace t(mount(HostMode::kReadWrite, 4));
  auto body = t.inode("/file")->open(OpenAccess::kReadWrite).value();
  InodeRef file = t.inode("/file"), dir = t.inode("/dir");
  Location inner = t.walk("/dir/inner").value();
  ASSERT_EQ(t.unlink("/file"), "ok");
  ASSERT_EQ(t.unlink("/dir/inner"), "ok");
  ASSERT_EQ(t.rmdir("/dir"), "ok");
  for (int i = 0; i < 10; ++i) ASSERT_EQ(t.write("/other" + std::to_string(i), "x"), "ok");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(t.read("/other" + std::to_string(i)), "x");
  EXPECT_EQ(body->append(bytes_of("!")).value().end, 5u);
  EXPECT_EQ(file->stat()->nlink, 0u);
  EXPECT_EQ(inner.inode->stat()->size, 10u);
  EXPECT_EQ(read_all(*file), "text!");
  EXPECT_EQ(read_all(*inner.inode), "inner text");
  EXPECT_TRUE(dir->removed());
  EXPECT_EQ(dir->parent(), t.inode("/"));
}

TEST_F(HostfsTest, NeedsNoMoreDescriptorsThanTheHostHas) {
  TestSpace t(mount(HostMode::kReadWrite));
  std::vector<InodeRef> held, folders;
  for (int i = 0; i < 100; ++i) {
    std::string folder = "/d" + std::to_string(i);
    ASSERT_EQ(t.mkdir(folder), "ok");
    ASSERT_EQ(t.write(folder + "/f", "x"), "ok");
    folders.push_back(t.inode(folder));
    held.push_back(t.inode(folder + "/f"));
  }
  rlimit old, tight;
  getrlimit(RLIMIT_NOFILE, &old);
  tight = old;
  tight.rlim_cur = open_descriptors() + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  std::vector<std::unique_ptr<FileBody>> bodies;
  for (const InodeRef& inode : held) {
    auto body = inode->open(OpenAccess::kRead);
    if (!body.ok()) break;
    bodies.push_back(std::move(*body));
  }
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_GT(bodies.size(), 50u);  // the handles made room
}

TEST_F(HostfsTest, FilesAloneCanBeMounted) {
  auto read_only = open_hostfs(folder_ + "/file", {HostMode::kReadOnly, 3});
  ASSERT_TRUE(read_only.ok());
  EXPECT_EQ(read_all(**read_only), "text");
  EXPECT_EQ(write_all(**read_only, "x"), "EROFS");
  auto writable = open_hostfs(folder_ + "/file", {HostMode::kReadWrite, 4});
  ASSERT_TRUE(writable.ok());
  EXPECT_EQ(write_all(**writable, "TEXT"), "ok");
  EXPECT_EQ(outcome((*writable)->truncate(2)), "ok");
  EXPECT_EQ(get(folder_ + "/file"), "TE");
  EXPECT_EQ(outcome((*writable)->lookup("x")), "ENOTDIR");
  EXPECT_FALSE(static_cast<bool>((*writable)->parent()));
}

TEST_F(HostfsTest, EachChangeIsAskedForBeforeItHappens) {
  bool allowed = false;
  int asked = 0;
  HostfsOptions options{.mode = HostMode::kReadWrite};
  options.before_change = [&] {
    ++asked;
    return allowed;
  };
  auto root = open_hostfs(folder_, options);
  ASSERT_TRUE(root.ok());
  TestSpace t(*root);
  EXPECT_EQ(t.read("/file"), "text");
  (void)t.stat("/dir");
  (void)names_in(*t.inode("/"));
  EXPECT_EQ(t.rmdir("/none"), "ENOENT");
  EXPECT_EQ(asked, 0);
  SetAttr mode, times;
  mode.set_mode = times.set_mtime = true;
  const std::vector<std::function<std::string()>> changes = {
      [&] { return outcome(change_attr(*t.inode("/file"), kGuest, mode)); },
      [&] { return outcome(change_attr(*t.inode("/file"), kGuest, times)); },
      [&] { return t.write("/file", "new"); },
      [&] { return t.write("/new", ""); },
      [&] { return outcome(t.inode("/file")->open(OpenAccess::kReadWrite)); },
      [&] { return outcome(truncate(*t.inode("/file"), kGuest, 1)); },
      [&] { return t.mkdir("/made"); },
      [&] { return t.symlink("/symbolic", "x"); },
      [&] { return t.link("/file", "/linked"); },
      [&] { return t.rename("/file", "/dir/file"); },
      [&] { return t.unlink("/dir/inner"); },
      [&] { return t.rmdir("/dir"); },
  };
  const auto before = fs::status(folder_ + "/file").permissions();
  const auto written = fs::last_write_time(folder_ + "/file");
  for (size_t i = 0; i < changes.size(); ++i) {
    asked = 0;
    EXPECT_EQ(changes[i](), "EIO") << i;
    EXPECT_EQ(asked, 1) << i;
  }
  EXPECT_EQ(get(folder_ + "/file"), "text");
  EXPECT_EQ(get(folder_ + "/dir/inner"), "inner text");
  EXPECT_EQ(fs::status(folder_ + "/file").permissions(), before);
  EXPECT_EQ(fs::last_write_time(folder_ + "/file"), written);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
  allowed = true;
  EXPECT_EQ(t.write("/file", "new"), "ok");
  EXPECT_EQ(get(folder_ + "/file"), "new");
}

TEST_F(HostfsTest, TimesSinceTheMountAreRounded) {
  constexpr int64_t kSecond = 1'000'000'000;
  HostClock host;
  RoundedClock clock(host, kSecond);
  auto root = open_hostfs(folder_, {.mode = HostMode::kReadWrite, .clock = &clock});
  ASSERT_TRUE(root.ok());
  TestSpace t(*root);
  EXPECT_EQ(t.write("/file", "new"), "ok");
  const Stat fresh = t.stat("/file");
  EXPECT_EQ(fresh.mtime.nanoseconds, 0);
  EXPECT_EQ(fresh.ctime.nanoseconds, 0);
  // What is neither now nor lately tells nothing of the time.
  const int64_t now = host.realtime_ns() / kSecond;
  for (const int64_t seconds : {int64_t{1000}, now - 3600, now + 3600}) {
    SetAttr times;
    times.set_mtime = times.set_atime = true;
    times.mtime = times.atime = {seconds, 123'456'789};
    ASSERT_EQ(outcome(change_attr(*t.inode("/file"), kGuest, times)), "ok");
    EXPECT_EQ(t.stat("/file").mtime.seconds, seconds);
    EXPECT_EQ(t.stat("/file").mtime.nanoseconds, 123'456'789);
  }
}

TEST_F(HostfsTest, MountErrorsAreClear) {
  EXPECT_EQ(open_hostfs(base_ + "/none", {}).error().code, Code::kNotFound);
  EXPECT_EQ(open_hostfs("/dev/null", {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(open_hostfs("", {}).error().code, Code::kNotFound);
  EXPECT_NE(open_hostfs(base_ + "/none", {}).error().message.find(base_), std::string::npos);
}

TEST_F(HostfsTest, WritingStopsAtTheHostsFileSizeLimit) {
  rlimit old, tight;
  getrlimit(RLIMIT_FSIZE, &old);
  tight = old;
  tight.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  TestSpace t(mount(HostMode::kReadWrite));
  std::string out = t.write("/big", std::string(200, 'x'));  // no SIGXFSZ
  auto body = t.inode("/big")->open(OpenAccess::kWrite).value();
  std::string more = outcome(body->append(bytes_of("x")));
  std::string cut = outcome(body->truncate(101));
  std::string reserve = outcome(body->allocate(AllocateMode::kExtend, 50, 51));
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(out, "short");
  EXPECT_EQ(more, "EFBIG");
  EXPECT_EQ(cut, "EFBIG");
  EXPECT_EQ(reserve, "EFBIG");
  EXPECT_EQ(get(folder_ + "/big").size(), 100u);
}

TEST_F(HostfsTest, SparseFilesStaySparse) {
  TestSpace t(mount(HostMode::kReadWrite));
  ASSERT_EQ(t.write("/s", ""), "ok");
  auto body = t.inode("/s")->open(OpenAccess::kReadWrite).value();
  ASSERT_TRUE(body->write_at(1 << 20, bytes_of("end")).ok());
  EXPECT_EQ(body->seek_hole(0).value(), 0u);
  EXPECT_EQ(body->seek_data(0).value(), 1u << 20);
  EXPECT_EQ(outcome(body->seek_data(1 << 22)), "ENXIO");
  std::vector<uint8_t> out(4);
  EXPECT_EQ(body->read_at(UINT64_MAX - 1, out).value(), 0u);
}

// While a thread of the host swaps a folder and a link that leads out, no walk ever leaves.
TEST_F(HostfsTest, SwappedLinksNeverLeadOut) {
  fs::create_directory(base_ + "/outside");
  put(base_ + "/outside/inner", "outside");
  fs::create_symlink(base_ + "/outside", base_ + "/link");
  std::atomic<bool> stop{false};
  std::thread swapper([this, &stop] {
    std::string dir = folder_ + "/dir", link = base_ + "/link";
    while (!stop) {
      syscall(SYS_renameat2, AT_FDCWD, dir.c_str(), AT_FDCWD, link.c_str(), 2);  // exchange
    }
  });
  for (HostMode mode : {HostMode::kReadOnly, HostMode::kReadWrite}) {
    TestSpace t(mount(mode, 4));
    int inside = 0;
    for (int i = 0; i < 20000; ++i) {
      std::string text = t.read("/dir/inner");
      inside += text == "inner text";
      ASSERT_TRUE(text == "inner text" || text[0] == '!') << text;
      if (mode == HostMode::kReadOnly) continue;
      auto dir = t.inode("/")->lookup("dir");
      if (!dir.ok()) continue;
      (void)(*dir)->create("planted", {0644, 1000, 1000});
      (void)(*dir)->unlink("planted");
      (void)(*dir)->mkdir("planted", {0755, 1000, 1000});
      (void)(*dir)->rmdir("planted");
    }
    EXPECT_GT(inside, 0);
  }
  stop = true;
  swapper.join();
  EXPECT_EQ(get(base_ + "/outside/inner"), "outside");
  EXPECT_FALSE(fs::exists(base_ + "/outside/planted"));
}

// While a thread of the host makes and removes a name, creating it finds one or makes one.
TEST_F(HostfsTest, CreatingOpensWhatTheHostMakesMeanwhile) {
  std::atomic<bool> stop{false};
  std::thread host([this, &stop] {
    const std::string name = folder_ + "/name";
    while (!stop) {
      put(name, "");
      fs::remove(name);
    }
  });
  TestSpace t(mount(HostMode::kReadWrite));
  OpenRequest request;
  request.write = request.create = true;
  request.mode = 0644;
  int made = 0, found = 0;
  for (int i = 0; i < 20000 || made == 0 || found == 0; ++i) {
    auto opened = open(t.space, t.arg("/name"), kGuest, request);
    // One that was found may be gone before it is looked at.
    EXPECT_TRUE(opened.ok() || opened.error() == Errno::kNOENT) << abi::errno_name(opened.error());
    if (!opened.ok()) continue;
    ++(opened->body ? made : found);
  }
  stop = true;
  host.join();
}

// A folder that the host moves below another keeps the chain of parents a chain.
TEST_F(HostfsTest, MovesBehindOurBackMakeNoCycle) {
  fs::create_directories(folder_ + "/a/b");
  TestSpace t(mount(HostMode::kReadWrite));
  Location a = t.walk("/a").value(), b = t.walk("/a/b").value();
  fs::rename(folder_ + "/a/b", folder_ + "/b");
  fs::rename(folder_ + "/a", folder_ + "/b/a");
  EXPECT_TRUE(t.walk("/b/a").ok());
  (void)t.rename("/b/a", "/b/a2");
  (void)a.inode->rename("x", b.inode, "y", 0);
  (void)t.inode("/b")->rename("a2", a.inode, "c", 0);
  for (const Location& at : {a, b}) {
    int steps = 0;
    for (InodeRef up = at.inode; up; up = up->parent()) ASSERT_LT(++steps, 10);
    (void)t.space.path_of(at);
  }
}

}  // namespace
}  // namespace cloche::vfs
