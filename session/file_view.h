// The files of a sandbox as its user sees them, for the host: single steps, each between two turns
// of the guest. Files (include/cloche/cloche.hpp) and archives are made of them.
//
// Thread class: that of the kernel; call between two Kernel::run().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "session/sandbox_state.h"
#include "vfs/ops.h"

namespace cloche::session {

using abi::Errno;
using abi::SysResult;

// Bytes that a step moves at most, so that guests go on soon.
inline constexpr size_t kPiece = size_t{4} << 20;

// An open regular file. Whoever has one outside of a step gives it up in one (Kept).
struct OpenBody {
  vfs::Location location;
  std::unique_ptr<vfs::FileBody> body;
  bool changed = false;
};

class FileView {
 public:
  explicit FileView(Sandbox::State& sandbox);

  // Where a path begins. ENOENT: the working folder is gone.
  SysResult<vfs::Location> base_of(const std::string& path) const;
  SysResult<vfs::Location> find(const std::string& path, uint32_t walk_flags) const;

  SysResult<OpenBody> open_to_read(const std::string& path) const;
  // What is at `at` is opened to read. EISDIR, EINVAL: no regular file.
  SysResult<OpenBody> open_to_read(const vfs::Location& at) const;
  SysResult<OpenBody> open_to_write(const std::string& path, const WriteOptions& options);
  // The bytes that fit; EFBIG, ENOSPC: none does. At the end: at kEnd.
  static constexpr uint64_t kEnd = UINT64_MAX;
  SysResult<uint64_t> write(OpenBody& file, uint64_t offset, std::string_view bytes);
  // It is closed, for those who watch.
  void close(OpenBody& file);

  SysResult<std::vector<std::string>> names_in(const vfs::Location& folder) const;
  SysResult<FileInfo> info(const vfs::Location& at) const;
  SysResult<vfs::Location> child(const vfs::Location& folder, const std::string& name) const {
    return names_.child(folder, name);
  }

  SysResult<Unit> make_folder(const std::string& path, uint32_t mode);
  // With all above that is missing; fine if it is there.
  SysResult<Unit> make_folders(const std::string& path, uint32_t mode);
  SysResult<Unit> set_mode(vfs::Inode& inode, uint32_t mode);

  const vfs::Namespace& names() const { return names_; }
  const vfs::Credentials& who() const { return who_; }
  uint64_t most_bytes() const { return most_bytes_; }  // of one file

 private:
  Sandbox::State& sandbox_;
  const vfs::Namespace& names_;
  const vfs::Credentials& who_;
  const uint64_t most_bytes_;
};

FileInfo file_info(const vfs::Stat& stat);

// "'<path>': No such file or directory", with its number.
Failure file_failure(Errno error, const std::string& path);

// Does `step(FileView&)` between two turns, whoever drives, and gives what it gives.
template <class Step>
auto in_step(Sandbox::State& sandbox, const Step& step) {
  std::optional<std::invoke_result_t<Step, FileView&>> result;
  sandbox.control.perform([&] {
    FileView view(sandbox);
    result.emplace(step(view));
  });
  return std::move(*result);
}

// Something of a sandbox's that is held from step to step and given up in one.
template <class T>
class Kept {
 public:
  explicit Kept(Sandbox::State& sandbox) : sandbox_(sandbox) {}
  ~Kept() {
    if (held_) sandbox_.control.perform([this] { value_ = T(); });
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  // In a step: to take hold, and to give up now.
  void hold(T value) {
    value_ = std::move(value);
    held_ = true;
  }
  void give_up() {
    value_ = T();
    held_ = false;
  }
  T& operator*() { return value_; }
  T* operator->() { return &value_; }

 private:
  Sandbox::State& sandbox_;
  T value_ = {};
  bool held_ = false;
};

}  // namespace cloche::session
