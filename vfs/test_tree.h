// Small helpers for the tests of vfs.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vfs/memfs.h"
#include "vfs/ops.h"

namespace cloche::vfs {

inline const Credentials kGuest{1000, 1000, {}};

inline Ref<Budget> make_budget(uint64_t bytes, uint64_t inodes) {
  return make_ref<Budget>(bytes, inodes);
}

// A clock that moves only when told.
class ManualClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return now_; }
  int64_t realtime_ns() override { return now_; }
  void advance_seconds(int64_t seconds) { now_ += seconds * 1'000'000'000; }

 private:
  int64_t now_ = int64_t{1'700'000'000} * 1'000'000'000;
};

// "ok" or the error's name.
template <class T>
std::string outcome(const SysResult<T>& result) {
  return result.ok() ? "ok" : abi::errno_name(result.error());
}

inline std::string read_all(Inode& inode) {
  auto body = inode.open(OpenAccess::kRead);
  if (!body.ok()) return std::string("!") + abi::errno_name(body.error());
  std::string text;
  std::vector<uint8_t> buffer(10000);
  for (;;) {
    auto count = (*body)->read_at(text.size(), buffer);
    if (!count.ok()) return std::string("!") + abi::errno_name(count.error());
    if (*count == 0) return text;
    text.append(reinterpret_cast<char*>(buffer.data()), *count);
  }
}

inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string write_all(Inode& inode, std::string_view text) {
  auto body = inode.open(OpenAccess::kWrite);
  if (!body.ok()) return abi::errno_name(body.error());
  auto count = (*body)->write_at(0, bytes_of(text));
  if (!count.ok()) return abi::errno_name(count.error());
  return *count == text.size() ? "ok" : "short";
}

inline std::vector<std::string> names_in(Inode& directory) {
  std::vector<std::string> names;
  auto read = directory.readdir(0, &names, [](void* env, const DirEntry& entry) {
    static_cast<std::vector<std::string>*>(env)->emplace_back(entry.name);
    return true;
  });
  if (!read.ok()) names.push_back(abi::errno_name(read.error()));
  return names;
}

// A namespace with the path calls on it, as the guest's user, relative to "/".
class TestSpace {
 public:
  explicit TestSpace(InodeRef root) : space(std::move(root)), at(space.root()) {}

  PathArg arg(std::string_view path, uint32_t flags = 0) const { return PathArg{at, path, flags}; }
  SysResult<Location> walk(std::string_view path, uint32_t flags = kFollowLast) const {
    return space.walk(at, path, kGuest, flags);
  }
  InodeRef inode(std::string_view path, uint32_t flags = kFollowLast) const {
    auto found = walk(path, flags);
    EXPECT_TRUE(found.ok()) << path << ": " << abi::errno_name(found.error());
    return found.ok() ? found->inode : nullptr;
  }
  std::string read(std::string_view path) const {
    auto found = walk(path);
    return found.ok() ? read_all(*found->inode) : std::string("!") + abi::errno_name(found.error());
  }
  // As "> path" of a shell.
  std::string write(std::string_view path, std::string_view text) const {
    OpenRequest request;
    request.write = request.create = request.truncate = true;
    request.mode = 0644;
    auto opened = open(space, arg(path), kGuest, request);
    if (!opened.ok()) return abi::errno_name(opened.error());
    return text.empty() ? "ok" : write_all(*opened->location.inode, text);
  }
  std::string mkdir(std::string_view path) const {
    return outcome(make_directory(space, arg(path), kGuest, 0755));
  }
  std::string symlink(std::string_view path, std::string_view target) const {
    return outcome(make_symlink(space, arg(path), kGuest, target));
  }
  std::string link(std::string_view from, std::string_view to) const {
    auto found = walk(from, 0);
    return found.ok() ? outcome(make_link(space, *found, arg(to), kGuest))
                      : abi::errno_name(found.error());
  }
  std::string unlink(std::string_view path) const {
    return outcome(remove_file(space, arg(path), kGuest));
  }
  std::string rmdir(std::string_view path) const {
    return outcome(remove_directory(space, arg(path), kGuest));
  }
  std::string rename(std::string_view from, std::string_view to, uint32_t flags = 0) const {
    return outcome(vfs::rename(space, arg(from), arg(to), kGuest, flags));
  }
  Stat stat(std::string_view path, uint32_t flags = 0) const {
    InodeRef found = inode(path, flags);
    return found ? found->stat().value() : Stat{};
  }

  Namespace space;
  Location at;
};

}  // namespace cloche::vfs
