#include "vfs/page_store.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace cloche::vfs {

using abi::Errno;
using abi::SysResult;

const uint8_t* PageStore::find(uint64_t page) const {
  auto group = groups_.find(page / kGroupPages);
  if (group == groups_.end()) return nullptr;
  return group->second.pages[page % kGroupPages].get();
}

uint8_t* PageStore::obtain(uint64_t page, uint64_t keep_from, uint64_t keep_to) {
  auto found = groups_.find(page / kGroupPages);
  if (found != groups_.end() && found->second.pages[page % kGroupPages]) {
    return found->second.pages[page % kGroupPages].get();
  }
  if (!budget_->take_bytes(kPageSize)) return nullptr;
  Page fresh(new (std::nothrow) uint8_t[kPageSize]);
  if (!fresh) {
    budget_->give_bytes(kPageSize);
    return nullptr;
  }
  memset(fresh.get(), 0, keep_from);
  memset(fresh.get() + keep_to, 0, kPageSize - keep_to);
  Group& group = found != groups_.end() ? found->second : groups_[page / kGroupPages];
  Page& slot = group.pages[page % kGroupPages];
  slot = std::move(fresh);
  ++group.used;
  ++pages_;
  return slot.get();
}

uint64_t PageStore::read(uint64_t offset, std::span<uint8_t> out) const {
  if (offset >= size_) return 0;
  uint64_t total = std::min<uint64_t>(out.size(), size_ - offset);
  for (uint64_t done = 0; done < total;) {
    uint64_t at = offset + done, within = at % kPageSize;
    uint64_t count = std::min(kPageSize - within, total - done);
    const uint8_t* page = find(at / kPageSize);
    if (page) {
      memcpy(out.data() + done, page + within, count);
    } else {
      memset(out.data() + done, 0, count);
    }
    done += count;
  }
  return total;
}

SysResult<uint64_t> PageStore::write(uint64_t offset, std::span<const uint8_t> in) {
  if (in.empty()) return uint64_t{0};
  if (offset >= kMaxSize) return Errno::kFBIG;
  uint64_t total = std::min<uint64_t>(in.size(), kMaxSize - offset);
  uint64_t done = 0;
  while (done < total) {
    uint64_t at = offset + done, within = at % kPageSize;
    uint64_t count = std::min(kPageSize - within, total - done);
    uint8_t* page = obtain(at / kPageSize, within, within + count);
    if (!page) break;
    memcpy(page + within, in.data() + done, count);
    done += count;
  }
  if (done == 0) return Errno::kNOSPC;
  size_ = std::max(size_, offset + done);
  return done;
}

void PageStore::zero_within(uint64_t page, uint64_t from, uint64_t to) {
  if (from >= to) return;
  auto* bytes = const_cast<uint8_t*>(find(page));
  if (bytes) memset(bytes + from, 0, to - from);
}

void PageStore::drop_pages(uint64_t first, uint64_t end) {
  auto group = groups_.lower_bound(first / kGroupPages);
  while (group != groups_.end() && group->first * kGroupPages < end) {
    uint64_t base = group->first * kGroupPages;
    uint64_t from = std::max(first, base) - base;
    uint64_t to = std::min(end - base, kGroupPages);
    for (uint64_t i = from; i < to; ++i) {
      if (!group->second.pages[i]) continue;
      group->second.pages[i].reset();
      --group->second.used;
      --pages_;
      budget_->give_bytes(kPageSize);
    }
    group = group->second.used == 0 ? groups_.erase(group) : std::next(group);
  }
}

void PageStore::resize(uint64_t size) {
  CHECK(size <= kMaxSize);
  // Reserved pages may lie beyond the old size, so growing must clear nothing: they are zero.
  if (size < size_) {
    uint64_t keep = (size + kPageSize - 1) / kPageSize;
    if (size % kPageSize) zero_within(size / kPageSize, size % kPageSize, kPageSize);
    drop_pages(keep, kMaxSize / kPageSize);
  } else if (size == 0) {
    drop_pages(0, kMaxSize / kPageSize);
  }
  size_ = size;
}

SysResult<Unit> PageStore::reserve(uint64_t offset, uint64_t length) {
  if (length == 0) return Errno::kINVAL;
  if (offset >= kMaxSize || length > kMaxSize - offset) return Errno::kFBIG;
  uint64_t first = offset / kPageSize, end = (offset + length + kPageSize - 1) / kPageSize;
  // Asked for first, so that a range far too large fails before anything is made.
  if (end - first > budget_->bytes_limit() / kPageSize) {
    budget_->refuse(Budget::Kind::kBytes);
    return Errno::kNOSPC;
  }
  uint64_t missing = 0;
  for (uint64_t page = first; page < end; ++page) missing += find(page) == nullptr;
  if (!budget_->take_bytes(missing * kPageSize)) return Errno::kNOSPC;
  budget_->give_bytes(missing * kPageSize);
  for (uint64_t page = first; page < end; ++page) {
    if (!obtain(page, kPageSize, kPageSize)) return Errno::kNOSPC;
  }
  return Unit{};
}

void PageStore::punch(uint64_t offset, uint64_t length) {
  if (offset >= size_) return;
  uint64_t end = offset + std::min(length, size_ - offset);
  uint64_t first_whole = (offset + kPageSize - 1) / kPageSize;
  // The page of the end of the file is whole when the range reaches that end.
  uint64_t end_whole = end == size_ ? (end + kPageSize - 1) / kPageSize : end / kPageSize;
  if (first_whole > end_whole) {
    zero_within(offset / kPageSize, offset % kPageSize, end % kPageSize);
    return;
  }
  if (offset % kPageSize) zero_within(offset / kPageSize, offset % kPageSize, kPageSize);
  if (end_whole * kPageSize < end) zero_within(end / kPageSize, 0, end % kPageSize);
  drop_pages(first_whole, end_whole);
}

SysResult<Unit> PageStore::allocate(AllocateMode mode, uint64_t offset, uint64_t length) {
  if (length == 0) return Errno::kINVAL;
  if (offset > kMaxSize || length > kMaxSize - offset) return Errno::kFBIG;
  if (mode != AllocateMode::kPunchHole) TRY(reserve(offset, length));
  if (mode == AllocateMode::kPunchHole || mode == AllocateMode::kZeroRange) punch(offset, length);
  bool grows = mode == AllocateMode::kExtend || mode == AllocateMode::kZeroRange;
  if (grows && offset + length > size_) resize(offset + length);
  return Unit{};
}

SysResult<uint64_t> PageStore::seek_data(uint64_t offset) const {
  if (offset >= size_) return Errno::kNXIO;
  uint64_t page = offset / kPageSize;
  for (auto group = groups_.lower_bound(page / kGroupPages); group != groups_.end(); ++group) {
    uint64_t base = group->first * kGroupPages;
    for (uint64_t i = page > base ? page - base : 0; i < kGroupPages; ++i) {
      if (!group->second.pages[i]) continue;
      uint64_t found = std::max(offset, (base + i) * kPageSize);
      if (found >= size_) return Errno::kNXIO;
      return found;
    }
  }
  return Errno::kNXIO;
}

SysResult<uint64_t> PageStore::seek_hole(uint64_t offset) const {
  if (offset >= size_) return Errno::kNXIO;
  uint64_t page = offset / kPageSize;
  if (!find(page)) return offset;
  while (page * kPageSize < size_ && find(page)) ++page;
  return std::min(page * kPageSize, size_);
}

}  // namespace cloche::vfs
