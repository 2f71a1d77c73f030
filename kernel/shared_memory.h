// Memory that processes share after fork, or by mapping the same small file (MAP_SHARED).
//
// Processes never share pages of the host: each has its own copy of a shared region at its own
// addresses. But a sandbox has one virtual CPU: while one process runs, no other looks. So it is
// enough to bring the copies together when the running process changes: what a process changed goes
// to the region when it stops (push), what others changed comes from there before it runs (pull).
// To the processes that is shared memory, atomic operations and futexes in it included.
//
// Invariant: a process that runs has pulled, one that does not run has pushed, except where it
// alone has the region. So a page that others changed since was not changed by this process.
//
// What it costs: a push compares the region with the process's copy. Host memory is used by the
// region, by every process that changed or saw a change of a page, and by the books about it (some
// 40 bytes a page); all of it counts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "abi/errno.h"
#include "vfs/inode.h"

namespace cloche::kernel {

inline constexpr uint64_t kSharedPage = 4096;

// Tells changed pages from unchanged ones. Not against an adversary: a guest that makes two pages
// collide loses only its own write.
uint64_t hash_page(const uint8_t* bytes);

class SharedMemory;

class SharedRegion : public RefCounted {
 public:
  ~SharedRegion() override;

  uint64_t number() const { return number_; }  // from 1 on; never that of another region
  uint32_t uses() const { return uses_; }      // mappings of all processes
  // For regions of files, with whole pages as offsets. load() reads what the region has not changed
  // itself; write_back() writes what it changed since, and nothing beyond the end of the file, as
  // on Linux. A file that cannot be read any more gives its error; what cannot be written stays
  // changed.
  abi::SysResult<Unit> load(vfs::FileBody& body, uint64_t from, uint64_t to);
  void write_back(vfs::FileBody& body, uint64_t from, uint64_t to);

 private:
  friend class SharedMemory;
  friend class RegionUse;
  using Bytes = std::array<uint8_t, kSharedPage>;
  struct Page {
    std::unique_ptr<Bytes> bytes;  // null: zeroes
    uint64_t version = 0;
    bool loaded = false;
    uint64_t file_hash = 0;  // of the bytes as the file has them
  };
  SharedRegion(SharedMemory& owner, uint64_t number, vfs::InodeRef inode)
      : owner_(owner), number_(number), inode_(std::move(inode)) {}
  const uint8_t* bytes_of(const Page& page) const;
  void set(Page& page, const uint8_t* bytes);

  SharedMemory& owner_;
  const uint64_t number_;
  const vfs::InodeRef inode_;  // null: anonymous
  std::vector<Page> pages_;
  uint64_t changes_ = 0;  // of all pages
  uint32_t uses_ = 0;
};

// One mapping of a region: which pages, and what its process has seen of them. A copy is that of a
// forked process, which has seen the same.
class RegionUse {
 public:
  RegionUse() = default;
  // Nothing seen yet.
  RegionUse(Ref<SharedRegion> region, uint64_t first_page, size_t pages);
  RegionUse(const RegionUse& other);
  RegionUse(RegionUse&& other) noexcept { swap(other); }
  RegionUse& operator=(RegionUse other) noexcept {
    swap(other);
    return *this;
  }
  ~RegionUse() { release(); }
  explicit operator bool() const { return static_cast<bool>(region_); }
  SharedRegion& region() const { return *region_; }

  // Keeps the first `pages` pages; returns the others.
  RegionUse split(size_t pages);
  // `memory` is the process's copy. push() takes over the pages that the process changed, pull()
  // brings those that others changed.
  void push(const uint8_t* memory);
  void pull(uint8_t* memory);

 private:
  void swap(RegionUse& other) noexcept;
  void take();  // counts and charges what is here
  void release();

  Ref<SharedRegion> region_;
  uint64_t first_ = 0;
  std::vector<uint64_t> seen_;  // the version of each page
  uint64_t changes_ = 0;        // of the region at the last pull
};

// All regions of one sandbox. Outlives them.
class SharedMemory {
 public:
  uint64_t bytes() const { return bytes_; }  // of the host that regions and their uses take
  // A new region for anonymous memory (`inode` null), or the one of this file; at least `size`
  // bytes.
  Ref<SharedRegion> get(const vfs::InodeRef& inode, uint64_t size);

 private:
  friend class SharedRegion;
  friend class RegionUse;
  std::map<const vfs::Inode*, SharedRegion*> files_;
  uint64_t bytes_ = 0, last_number_ = 0;
};

}  // namespace cloche::kernel
