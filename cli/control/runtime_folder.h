// The folder in which a user's running sandboxes are found: a socket each, NAME.sock.
//
// It is $XDG_RUNTIME_DIR/cloche if that variable names a folder of ours, else
// /run/user/UID/cloche if /run/user/UID is ours, else /tmp/cloche-UID. It must belong to us and let
// nobody else in. All paths start at its open descriptor, so that nobody can put another folder in
// its place between two steps.
//
// A socket whose process is dead refuses connections. Whoever sees that removes it, under the lock
// that every claim holds from its first look to listen(): a live socket is never taken for a dead
// one, and of two claims of one name one fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/control/owned_fd.h"
#include "include/cloche/cloche.hpp"

namespace cloche::cli {

inline constexpr size_t kMaxNameBytes = 64;

// Letters, digits, '-', '_' and '.', the first one a letter or a digit; at most 64.
bool is_sandbox_name(std::string_view name);

// The folder's path, by the environment.
std::string runtime_folder_path();

// Thread class: unsafe.
class RuntimeFolder {
 public:
  enum class Make : uint8_t { kNo, kYes };
  // Errors: kNotFound (and kNo), kPermissionDenied (it is not ours alone, or no folder), kIo.
  static Expected<RuntimeFolder> open(const std::string& path, Make make);

  // A listening socket of this name. Errors: kInvalidArgument (no such name can be, or a live
  // sandbox has it), kIo (also: another process held the lock for a second).
  Expected<OwnedFd> claim(const std::string& name);
  // Takes the name back that claim() gave; the socket must still be open.
  void release(const std::string& name) noexcept;

  // The names of the sockets there, in order; some may be dead. At most 4096.
  std::vector<std::string> names() const;

  // A non-blocking socket that is connected to the sandbox `name`, whose process is of our user.
  // Errors: kNotFound (there is none; a dead one is removed), kPermissionDenied, kIo.
  struct Connection {
    OwnedFd socket;
    int pid = 0;
  };
  Expected<Connection> connect(const std::string& name);

 private:
  RuntimeFolder(std::string path, OwnedFd folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}
  Expected<OwnedFd> lock();
  bool remove_if_dead(const std::string& name);

  std::string path_;
  OwnedFd folder_;
};

}  // namespace cloche::cli
