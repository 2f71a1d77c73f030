#include "engine/slot_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

namespace cloche::engine {
namespace {

// mremap moves whole page tables where both ends have this alignment.
constexpr uint64_t kMoveAlignment = 2ull << 20;
constexpr size_t kMaxFreeAreas = 8;
// Up to here a fork copies the written pages; beyond, it puts them into a layer of the family.
// Small working sets come back at once after a publication, by one page fault a page.
constexpr uint64_t kCopyLimit = 48 * kPageSize;
// What a dead process may leave, and how many areas may hold such pages.
constexpr uint64_t kMaxLeftover = 96 * kPageSize;
constexpr size_t kMaxWarmAreas = 2;

Error out_of_memory(const char* what) {
  return make_error(Code::kResourceExhausted, "%s: %s", what, strerror(errno));
}

// `size` bytes that nothing may touch, aligned for moves; null if the host has no room.
uint8_t* reserve(uint64_t size) {
  void* map = mmap(nullptr, size + kMoveAlignment, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) return nullptr;
  uint8_t* start = static_cast<uint8_t*>(map);
  uint64_t skip = -reinterpret_cast<uintptr_t>(start) % kMoveAlignment;
  if (skip > 0) munmap(start, skip);
  if (skip < kMoveAlignment) munmap(start + skip + size, kMoveAlignment - skip);
  return start + skip;
}

// Moves the pages of [from, from + size) to `to`, which must be mapped; `from` stays mapped, empty.
bool move_pages(uint8_t* from, uint8_t* to, uint64_t size) {
  return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) !=
         MAP_FAILED;
}

}  // namespace

Result<std::unique_ptr<SlotMemory>> SlotMemory::create(const PageScanner& scanner) {
  std::unique_ptr<SlotMemory> memory(new SlotMemory(scanner));
  memory->reservation_ = reserve(kFrontGuard + kMaxMemory + kMemoryGuard);
  if (!memory->reservation_) return out_of_memory("reserving address space");
  memory->base_ = memory->reservation_ + kFrontGuard;
  return memory;
}

SlotMemory::~SlotMemory() {
  for (Area& area : free_areas_) munmap(area.base, area.capacity);
  if (reservation_) munmap(reservation_, kFrontGuard + kMaxMemory + kMemoryGuard);
}

Status SlotMemory::map(uint8_t* at, const Layer& layer, uint64_t offset, uint64_t size) {
  void* map = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
                   layer.fd(), static_cast<off_t>(offset));
  if (map == MAP_FAILED) return out_of_memory("mapping a memory layer");
  return ok_status();
}

// A failed MAP_FIXED may leave a hole that any later mmap of the process could fill. Close it, and
// never run here again.
Status SlotMemory::break_range(Error error) {
  broken_ = true;
  void* map = mmap(base_, kMaxMemory, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  CHECK(map != MAP_FAILED);
  return error;
}

Status SlotMemory::reset(Ref<Layer> layer, uint64_t size) {
  CHECK(!resident_ && !broken_);
  // Pages of the dead go before another program's processes come.
  for (Area& area : free_areas_) munmap(area.base, area.capacity);
  free_areas_.clear();
  leftover_ = false;
  bool same = layer_ == layer && size_ >= size;
  if (same) {
    if (size_ > 0 && madvise(base_, size_, MADV_DONTNEED) != 0) {
      return break_range(out_of_memory("emptying a memory"));
    }
  } else if (Status mapped = map(base_, *layer, 0, size); !mapped.ok()) {
    return break_range(mapped.error());
  }
  if (size_ > size) {
    void* tail = mmap(base_ + size, size_ - size, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (tail == MAP_FAILED) return break_range(out_of_memory("shrinking a memory"));
  }
  layer_ = std::move(layer);
  size_ = size;
  return ok_status();
}

Status SlotMemory::grow(uint64_t new_size) {
  CHECK(layer_ && new_size >= size_ && new_size <= kMaxMemory - kWasmPage);
  if (new_size == size_) return ok_status();
  // The same file at the next offset: the kernel makes it one mapping with what is there.
  Status mapped = map(base_ + size_, *layer_, size_, new_size - size_);
  if (!mapped.ok()) {
    void* tail = mmap(base_ + size_, new_size - size_, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    CHECK(tail != MAP_FAILED);
    return mapped;
  }
  size_ = new_size;
  return ok_status();
}

Result<Area> SlotMemory::take_area(uint64_t size, const Layer* layer) {
  size_t best = free_areas_.size();
  for (size_t i = 0; i < free_areas_.size(); ++i) {
    const Area& area = free_areas_[i];
    if (area.capacity < size) continue;
    best = i;
    // A warm area is worth something to a copy of its own layer only.
    const bool ready = layer && area.warm && area.mapped.get() == layer && area.used >= size;
    if (ready || (!layer && !area.warm)) break;
  }
  if (best < free_areas_.size()) {
    Area area = std::move(free_areas_[best]);
    free_areas_.erase(free_areas_.begin() + static_cast<ptrdiff_t>(best));
    return area;
  }
  Area area;
  area.capacity = (size + kMoveAlignment - 1) & ~(kMoveAlignment - 1);
  area.base = reserve(area.capacity);
  if (!area.base) return out_of_memory("reserving address space");
  return area;
}

void SlotMemory::give_area(Area area) {
  if (free_areas_.size() >= kMaxFreeAreas || area.capacity < size_) {
    munmap(area.base, area.capacity);
    return;
  }
  free_areas_.push_back(std::move(area));
}

// Moves what a dead process left in the range to a free area, for the next fork to write over.
Status SlotMemory::clear_leftover() {
  if (!leftover_) return ok_status();
  leftover_ = false;
  size_t warm = 0;
  for (const Area& area : free_areas_) warm += area.warm ? 1 : 0;
  if (warm < kMaxWarmAreas) {
    if (Result<Area> area = take_area(size_, nullptr); area.ok()) {
      if (move_pages(base_, area->base, size_)) {
        area->mapped = layer_;
        area->used = size_;
        area->warm = true;
        give_area(std::move(*area));
        return ok_status();
      }
      munmap(area->base, area->capacity);
    }
  }
  if (madvise(base_, size_, MADV_DONTNEED) != 0) {
    return break_range(out_of_memory("emptying a memory"));
  }
  return ok_status();
}

Status SlotMemory::park_resident() {
  if (!resident_) return ok_status();
  AddressSpace* space = resident_;
  if (scanner_.has_private_pages(base_, size_)) {
    Area area = TRY(take_area(size_, nullptr));
    if (move_pages(base_, area.base, size_)) {
      area.mapped = space->layer;
      area.used = size_;
      area.warm = false;
    } else {
      // Not one mapping, or an old kernel: the slow way gives the same result.
      space->area = std::move(area);
      scanner_.private_pages(base_, size_, &runs_);
      Status copied = copy_to_area(runs_, space);
      area = std::move(space->area);
      space->area = Area{};
      if (!copied.ok()) {
        munmap(area.base, area.capacity);
        return copied;
      }
      if (madvise(base_, size_, MADV_DONTNEED) != 0) {
        return break_range(out_of_memory("emptying a memory"));
      }
    }
    space->area = std::move(area);
  }
  resident_ = nullptr;
  return ok_status();
}

Status SlotMemory::make_resident(AddressSpace* space) {
  if (resident_ == space) return ok_status();
  if (broken_) return make_error(Code::kResourceExhausted, "this memory was lost");
  TRY(park_resident());
  TRY(clear_leftover());
  const uint64_t parked = space->area.base ? space->area.used : 0;
  CHECK(parked <= size_);
  if (!(layer_ == space->layer)) {
    // What the area covers is replaced by the move.
    if (parked < size_) {
      Status mapped = map(base_ + parked, *space->layer, parked, size_ - parked);
      if (!mapped.ok()) return break_range(mapped.error());
    }
  }
  if (parked > 0) {
    Area area = std::move(space->area);
    space->area = Area{};
    if (!move_pages(area.base, base_, parked)) {
      Status mapped = map(base_, *space->layer, 0, parked);
      if (!mapped.ok()) return break_range(mapped.error());
      scanner_.private_pages(area.base, parked, &runs_);
      for (const PageRun& run : runs_) {
        memcpy(base_ + run.offset, area.base + run.offset, run.size);
      }
      madvise(area.base, parked, MADV_DONTNEED);
    }
    give_area(std::move(area));
  }
  layer_ = space->layer;
  resident_ = space;
  return ok_status();
}

Result<Ref<AddressSpace>> SlotMemory::fork(AddressSpace* parent) {
  TRY(make_resident(parent));
  scanner_.private_pages(base_, size_, &runs_);
  if (runs_.empty()) return make_ref<AddressSpace>(parent->layer);
  const uint64_t written = total_size(runs_);
  if (written > kCopyLimit) {
    // Copying again and again what was written long ago costs more than putting it into a layer of
    // our own, from which the next forks start.
    parent->copied += written;
    if (parent->layer->exclusive()) {
      TRY(publish(parent, runs_));
      return make_ref<AddressSpace>(parent->layer);
    }
    if (parent->copied > written && parent->copied >= parent->layer->allocated()) {
      TRY(adopt_own_layer(parent, runs_));
      return make_ref<AddressSpace>(parent->layer);
    }
  }
  Ref<AddressSpace> child = make_ref<AddressSpace>(parent->layer);
  Result<Area> area = take_area(size_, parent->layer.get());
  Status copied = area.ok() ? ok_status() : Status(area.error());
  if (copied.ok()) {
    child->area = std::move(area).value();
    copied = copy_to_area(runs_, child.get());
  }
  if (!copied.ok()) {
    release(child.get());
    return copied.error();
  }
  return child;
}

// Writes the private pages into the layer that only `parent` uses: it and its child then are that
// layer and nothing else.
Status SlotMemory::publish(AddressSpace* parent, const std::vector<PageRun>& runs) {
  for (const PageRun& run : runs) {
    // On failure the private pages still cover whatever was written.
    TRY(parent->layer->write(run.offset, {base_ + run.offset, run.size}));
  }
  if (!runs.empty() && madvise(base_, size_, MADV_DONTNEED) != 0) {
    return out_of_memory("emptying a memory");
  }
  return ok_status();
}

Status SlotMemory::adopt_own_layer(AddressSpace* parent, const std::vector<PageRun>& runs) {
  Ref<Layer> own = TRY(Layer::create(Layer::Kind::kOwn));
  TRY(own->copy_from(*parent->layer, size_));
  for (const PageRun& run : runs) TRY(own->write(run.offset, {base_ + run.offset, run.size}));
  Status mapped = map(base_, *own, 0, size_);
  if (!mapped.ok()) return break_range(mapped.error());
  layer_ = own;
  drop_layer(parent);
  ++own->users;
  parent->layer = std::move(own);
  parent->copied = 0;
  return ok_status();
}

// Copies pages of the range into the child's area.
Status SlotMemory::copy_to_area(const std::vector<PageRun>& runs, AddressSpace* child) {
  Area& area = child->area;
  if (!(area.mapped == child->layer) || area.used < size_) {
    TRY(map(area.base, *child->layer, 0, size_));
    area.mapped = child->layer;
  } else if (area.warm) {
    overwrite_stale(runs, area);
  }
  area.warm = false;
  area.used = size_;
  for (const PageRun& run : runs) memcpy(area.base + run.offset, base_ + run.offset, run.size);
  return ok_status();
}

// Every private page of the area that the copy will not write gets what the resident space sees
// there (which, as it is not among `runs`, is its layer's page).
void SlotMemory::overwrite_stale(const std::vector<PageRun>& runs, const Area& area) {
  scanner_.private_pages(area.base, area.used, &stale_);
  size_t next = 0;
  for (const PageRun& run : stale_) {
    const uint64_t end = run.offset + run.size;
    for (uint64_t at = run.offset; at < end;) {
      while (next < runs.size() && runs[next].offset + runs[next].size <= at) ++next;
      const bool written = next < runs.size() && runs[next].offset <= at;
      uint64_t stop = end;
      if (next < runs.size()) {
        stop = std::min(end, written ? runs[next].offset + runs[next].size : runs[next].offset);
      }
      if (!written) memcpy(area.base + at, base_ + at, stop - at);
      at = stop;
    }
  }
}

void SlotMemory::drop_layer(AddressSpace* space) {
  Layer* layer = space->layer.get();
  if (--layer->users > 0 || layer->kind() == Layer::Kind::kBase) return;
  // Nobody will look at this layer again: let no idle mapping keep its memory.
  for (size_t i = free_areas_.size(); i-- > 0;) {
    if (free_areas_[i].mapped.get() != layer) continue;
    munmap(free_areas_[i].base, free_areas_[i].capacity);
    free_areas_.erase(free_areas_.begin() + static_cast<ptrdiff_t>(i));
  }
}

void SlotMemory::release(AddressSpace* space) {
  if (resident_ == space) {
    resident_ = nullptr;
    if (!broken_) {
      scanner_.private_pages(base_, size_, &stale_);
      leftover_ = !stale_.empty();
      if (total_size(stale_) > kMaxLeftover) {
        leftover_ = false;
        if (madvise(base_, size_, MADV_DONTNEED) != 0) {
          Status ignored = break_range(out_of_memory("emptying a memory"));
          (void)ignored;
        }
      }
    }
  }
  if (space->area.base) {
    Area area = std::move(space->area);
    space->area = Area{};
    if (madvise(area.base, area.used, MADV_DONTNEED) == 0) {
      give_area(std::move(area));
    } else {
      munmap(area.base, area.capacity);
    }
  }
  drop_layer(space);
}

Status SlotMemory::discard(uint64_t offset, uint64_t size) {
  CHECK(resident_ && offset % kPageSize == 0 && size % kPageSize == 0);
  CHECK(offset <= size_ && size <= size_ - offset);
  if (size == 0) return ok_status();
  Layer& layer = *resident_->layer;
  if (layer.exclusive()) {
    TRY(layer.punch(offset, size));
  } else {
    // Others still read the layer's bytes there: cover them with zeroes of our own.
    for (const PageRun& run : layer.data(offset, size)) {
      if (madvise(base_ + offset, run.offset - offset, MADV_DONTNEED) != 0) break;
      memset(base_ + run.offset, 0, run.size);
      size -= run.offset + run.size - offset;
      offset = run.offset + run.size;
    }
  }
  if (size > 0 && madvise(base_ + offset, size, MADV_DONTNEED) != 0) {
    return out_of_memory("giving memory back");
  }
  return ok_status();
}

uint64_t SlotMemory::private_bytes(const AddressSpace& space) const {
  std::vector<PageRun> runs;
  if (resident_ == &space) {
    scanner_.private_pages(base_, size_, &runs);
  } else if (space.area.base) {
    scanner_.private_pages(space.area.base, space.area.used, &runs);
  }
  return total_size(runs) + (space.layer->exclusive() ? space.layer->allocated() : 0);
}

uint64_t SlotMemory::host_bytes() const {
  std::vector<PageRun> runs;
  if (!broken_ && size_ > 0) scanner_.private_pages(base_, size_, &runs);
  uint64_t bytes = total_size(runs);
  for (const Area& area : free_areas_) {
    if (!area.warm) continue;
    scanner_.private_pages(area.base, area.used, &runs);
    bytes += total_size(runs);
  }
  return bytes;
}

}  // namespace cloche::engine
