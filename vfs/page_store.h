// The bytes of one in-memory file: sparse pages that are charged to a budget.
//
// A page exists once something was written to it; a hole reads as zeros and costs nothing. The size
// is kept here, too, so that bytes beyond it are zero whenever it grows.
//
// Thread class: unsafe. Cost: logarithmic in the number of 64 KiB groups that hold data, plus the
// bytes moved; appending never copies old data.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>

#include "abi/errno.h"
#include "vfs/budget.h"
#include "vfs/inode.h"

namespace cloche::vfs {

class PageStore {
 public:
  static constexpr uint64_t kPageSize = 4096;
  // The largest file, as on ext4 with 4 KiB blocks.
  static constexpr uint64_t kMaxSize = uint64_t{16} << 40;

  explicit PageStore(Ref<Budget> budget) : budget_(std::move(budget)) {}
  ~PageStore() { resize(0); }
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  uint64_t size() const { return size_; }
  uint64_t pages() const { return pages_; }

  // Bytes copied: short only at the end of the file.
  uint64_t read(uint64_t offset, std::span<uint8_t> out) const;
  // Bytes written: short when the budget or kMaxSize ends within `in`; ENOSPC or EFBIG when nothing
  // fits.
  abi::SysResult<uint64_t> write(uint64_t offset, std::span<const uint8_t> in);
  // Cuts or extends by a hole. `size` at most kMaxSize.
  void resize(uint64_t size);
  // Makes the range real (fallocate), all or nothing; the size stays. ENOSPC
  abi::SysResult<Unit> reserve(uint64_t offset, uint64_t length);
  // Makes the range a hole, within the size.
  void punch(uint64_t offset, uint64_t length);
  // fallocate(2). EINVAL for no length, EFBIG, ENOSPC.
  abi::SysResult<Unit> allocate(AllocateMode mode, uint64_t offset, uint64_t length);
  // First offset >= `offset` with data or in a hole; size() counts as a hole. ENXIO past the end.
  abi::SysResult<uint64_t> seek_data(uint64_t offset) const;
  abi::SysResult<uint64_t> seek_hole(uint64_t offset) const;

 private:
  static constexpr uint64_t kGroupPages = 16;
  using Page = std::unique_ptr<uint8_t[]>;
  struct Group {
    std::array<Page, kGroupPages> pages;
    unsigned used = 0;
  };

  const uint8_t* find(uint64_t page) const;
  // The page to write to, made if need be; null when the budget ends. A new page is zeroed outside
  // [keep_from, keep_to), which the caller fills.
  uint8_t* obtain(uint64_t page, uint64_t keep_from, uint64_t keep_to);
  void zero_within(uint64_t page, uint64_t from, uint64_t to);
  void drop_pages(uint64_t first, uint64_t end);  // pages [first, end)

  Ref<Budget> budget_;
  std::map<uint64_t, Group> groups_;
  uint64_t size_ = 0, pages_ = 0;
};

}  // namespace cloche::vfs
