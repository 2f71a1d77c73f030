#include "cli/control/runtime_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace cloche::cli {
namespace {

constexpr char kSuffix[] = ".sock";
constexpr size_t kSuffixBytes = sizeof kSuffix - 1;
constexpr char kLockFile[] = ".lock";
constexpr size_t kMaxNames = 4096;
constexpr int kBacklog = 64;
constexpr int kLockTries = 1000;
constexpr useconds_t kLockPauseUs = 1000;

Failure failure(Failure::Kind kind, std::string message) {
  return Failure{kind, std::move(message)};
}

Failure io(const std::string& what, int error) {
  return failure(Failure::Kind::kIo, what + ": " + strerror(error));
}

bool is_our_folder(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

// By way of the open folder, which also is short enough for any folder's path.
sockaddr_un address_of(int folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  static_assert(sizeof address.sun_path > sizeof "/proc/self/fd/2147483647/.sock" + kMaxNameBytes);
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s%s", folder, name.c_str(),
           kSuffix);
  return address;
}

OwnedFd new_socket() {
  return OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// 0, or the error number.
int connect_to(int fd, const sockaddr_un& address) {
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(fd, generic, sizeof address) == 0 ? 0 : errno;
}

}  // namespace

bool is_sandbox_name(std::string_view name) {
  constexpr std::string_view kFirst =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  return !name.empty() && name.size() <= kMaxNameBytes &&
         name.find_first_not_of(kFirst) == std::string_view::npos &&
         std::string_view("-_.").find(name[0]) == std::string_view::npos;
}

std::string runtime_folder_path() {
  const std::string user = std::to_string(geteuid());
  const char* const named = getenv("XDG_RUNTIME_DIR");
  // The XDG specification: it is absolute and the user's own, or to be ignored.
  if (named != nullptr && named[0] == '/' && is_our_folder(named)) {
    return std::string(named) + "/cloche";
  }
  if (is_our_folder("/run/user/" + user)) return "/run/user/" + user + "/cloche";
  return "/tmp/cloche-" + user;
}

Expected<RuntimeFolder> RuntimeFolder::open(const std::string& path, Make make) {
  const std::string shown = printable(path);
  if (make == Make::kYes && mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return io("cannot make the folder " + shown, errno);
  }
  OwnedFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder && errno == ENOENT) {
    return failure(Failure::Kind::kNotFound, "there is no folder " + shown);
  }
  if (!folder && (errno == ELOOP || errno == ENOTDIR || errno == EACCES)) {
    return failure(Failure::Kind::kPermissionDenied,
                   "not used: " + shown + " is not a folder of this user");
  }
  if (!folder) return io("cannot open the folder " + shown, errno);
  struct stat status{};
  if (fstat(folder.get(), &status) != 0) return io(shown, errno);
  if (status.st_uid != geteuid()) {
    return failure(Failure::Kind::kPermissionDenied,
                   "not used: the folder " + shown + " belongs to another user");
  }
  if ((status.st_mode & 077) != 0) {
    return failure(Failure::Kind::kPermissionDenied,
                   "not used: others may enter the folder " + shown + "; its mode must be 0700");
  }
  return RuntimeFolder(path, std::move(folder));
}

// Held until the descriptor closes. The file itself stays: a lock that is removed is no lock.
Expected<OwnedFd> RuntimeFolder::lock() {
  OwnedFd file(openat(folder_.get(), kLockFile,
                      O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file) return io("cannot lock " + printable(path_), errno);
  for (int i = 0; i < kLockTries; ++i) {
    if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
    if (errno != EWOULDBLOCK && errno != EINTR) return io("cannot lock " + printable(path_), errno);
    usleep(kLockPauseUs);
  }
  return failure(Failure::Kind::kIo, "cannot lock " + printable(path_) + ": another process does");
}

// Under the lock. False: it is alive, or something else stands there.
bool RuntimeFolder::remove_if_dead(const std::string& name) {
  const OwnedFd probe = new_socket();
  if (!probe) return false;
  const int error = connect_to(probe.get(), address_of(folder_.get(), name));
  if (error == ENOENT) return true;
  return error == ECONNREFUSED && unlinkat(folder_.get(), (name + kSuffix).c_str(), 0) == 0;
}

Expected<OwnedFd> RuntimeFolder::claim(const std::string& name) {
  if (!is_sandbox_name(name)) {
    return failure(Failure::Kind::kInvalidArgument,
                   "'" + printable(name) + "' cannot name a sandbox");
  }
  auto held = lock();
  if (!held) return held.error();
  OwnedFd listener = new_socket();
  if (!listener) return io("socket", errno);
  const sockaddr_un address = address_of(folder_.get(), name);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  int bound = bind(listener.get(), generic, sizeof address);
  if (bound != 0 && errno == EADDRINUSE) {
    if (!remove_if_dead(name)) {
      return failure(Failure::Kind::kInvalidArgument,
                     "a running sandbox already has the name '" + name + "'");
    }
    bound = bind(listener.get(), generic, sizeof address);
  }
  if (bound != 0) return io("cannot make a socket in " + printable(path_), errno);
  // The folder keeps others out already; the socket by itself does, too.
  const std::string file = name + kSuffix;
  if (fchmodat(folder_.get(), file.c_str(), 0600, 0) != 0 ||
      listen(listener.get(), kBacklog) != 0) {
    const int error = errno;
    release(name);
    return io("cannot listen in " + printable(path_), error);
  }
  return listener;
}

void RuntimeFolder::release(const std::string& name) noexcept {
  char file[kMaxNameBytes + kSuffixBytes + 1];
  snprintf(file, sizeof file, "%s%s", name.c_str(), kSuffix);
  unlinkat(folder_.get(), file, 0);
}

std::vector<std::string> RuntimeFolder::names() const {
  std::vector<std::string> names;
  const int copy = openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(fdopendir(copy), closedir);
  if (folder == nullptr) {
    close(copy);
    return names;
  }
  while (const dirent* const entry = readdir(folder.get())) {
    std::string_view name = entry->d_name;
    if (!name.ends_with(kSuffix) || names.size() == kMaxNames) continue;
    name.remove_suffix(kSuffixBytes);
    if (is_sandbox_name(name)) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Expected<RuntimeFolder::Connection> RuntimeFolder::connect(const std::string& name) {
  const auto nobody = [&name] {
    return failure(Failure::Kind::kNotFound,
                   "there is no running sandbox '" + printable(name) + "'");
  };
  if (!is_sandbox_name(name)) return nobody();
  Connection connection{new_socket()};
  if (!connection.socket) return io("socket", errno);
  const int error = connect_to(connection.socket.get(), address_of(folder_.get(), name));
  if (error == ECONNREFUSED) {
    if (auto held = lock()) remove_if_dead(name);
    return nobody();
  }
  if (error == ENOENT || error == ENOTSOCK) return nobody();
  if (error == EAGAIN) {
    return failure(Failure::Kind::kIo, name + ": too many wait for its answer");
  }
  if (error != 0) return io(name, error);
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection.socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return io(name, errno);
  }
  if (peer.uid != geteuid()) {
    return failure(Failure::Kind::kPermissionDenied,
                   name + ": its socket belongs to another user's process");
  }
  connection.pid = peer.pid;
  return connection;
}

}  // namespace cloche::cli
