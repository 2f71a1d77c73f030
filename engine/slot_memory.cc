#include "engine/slot_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace cloche::engine {
namespace {

// mremap moves whole page tables where both ends have this alignment.
constexpr uint64_t kMoveAlignment = 2ull << 20;
constexpr size_t kMaxFreeAreas = 8;
// Up to here a fork copies the written pages; beyond, it puts them into a layer of the family.
// Small working sets come back at once after a publication, by one page fault a page.
constexpr uint64_t kCopyLimit = 96 * kPageSize;
// A memory's end is mapped from a layer of its own, too, if there is no more of it than this: one
// mapping is moved in half the time of two. Its pages cost twice when they are written.
constexpr uint64_t kMaxHole = 64 * kPageSize;
// What a dead process may leave (copies of kCopyLimit and what it wrote itself), and how many areas
// may hold such pages.
constexpr uint64_t kMaxLeftover = 160 * kPageSize;
constexpr size_t kMaxWarmAreas = 2;

// The host's threads share one lock for the process's mappings (Linux's mmap_lock), and a system
// call holds it while it frees pages, 0.1 ms for each MiB. So that nobody waits for long, what may
// be much is freed in pieces of this size.
constexpr uint64_t kPiece = 1ull << 20;

constexpr int kPrivate = MAP_PRIVATE | MAP_NORESERVE;

Error out_of_memory(const char* what) {
  return make_error(Code::kResourceExhausted, "%s: %s", what, strerror(errno));
}

// `size` bytes that nothing may touch, aligned for moves; null if the host has no room.
uint8_t* reserve(uint64_t size) {
  void* map = mmap(nullptr, size + kMoveAlignment, PROT_NONE, kPrivate | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return nullptr;
  uint8_t* start = static_cast<uint8_t*>(map);
  uint64_t skip = -reinterpret_cast<uintptr_t>(start) % kMoveAlignment;
  if (skip > 0) munmap(start, skip);
  if (skip < kMoveAlignment) munmap(start + skip + size, kMoveAlignment - skip);
  return start + skip;
}

// Frees the pages of [start, start + size); what is mapped there reads as it did at first.
bool drop_pages(uint8_t* start, uint64_t size) {
  for (uint64_t at = 0; at < size; at += kPiece) {
    if (madvise(start + at, std::min(kPiece, size - at), MADV_DONTNEED) != 0) return false;
  }
  return true;
}

// Unmaps the area with what was moved there.
void unmap(const Area& area) {
  (void)drop_pages(area.base, area.used);  // what stays goes now
  munmap(area.base, area.capacity);
}

// Moves the pages of [from, from + size) to `to`, which must be mapped; `from` stays mapped, empty.
bool move_pages(uint8_t* from, uint8_t* to, uint64_t size) {
  return size == 0 || mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
                             to) != MAP_FAILED;
}

// The same for a memory, whose two mappings meet at `file_end`. kTorn: only the first was moved.
enum class Move : uint8_t { kDone, kNone, kTorn };
Move move_memory(uint8_t* from, uint8_t* to, uint64_t size, uint64_t file_end) {
  if (!move_pages(from, to, file_end)) return Move::kNone;
  if (move_pages(from + file_end, to + file_end, size - file_end)) return Move::kDone;
  return move_pages(to, from, file_end) ? Move::kNone : Move::kTorn;
}

uint64_t end_of(const std::vector<PageRun>& runs) {
  return runs.empty() ? 0 : runs.back().offset + runs.back().size;
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
  for (const Area& area : free_areas_) unmap(area);
  // What somebody else may have mapped in a hole is not ours to unmap.
  if (!reservation_ || open_) return;
  (void)drop_pages(base_, size_);
  munmap(reservation_, kFrontGuard + kMaxMemory + kMemoryGuard);
}

Status SlotMemory::map_file(const Layer& layer, uint64_t from, uint64_t to) {
  if (from >= to) return ok_status();
  void* map = mmap(base_ + from, to - from, PROT_READ | PROT_WRITE, kPrivate | MAP_FIXED,
                   layer.fd(), static_cast<off_t>(layer.start() + from));
  if (map == MAP_FAILED) return out_of_memory("mapping a memory layer");
  return ok_status();
}

Status SlotMemory::map_anonymous(uint64_t from, uint64_t to) {
  if (from >= to) return ok_status();
  void* map = mmap(base_ + from, to - from, PROT_READ | PROT_WRITE,
                   kPrivate | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return out_of_memory("mapping memory");
  // One written byte must not count as two megabytes. (Fails where there are no huge pages.)
  madvise(base_ + from, to - from, MADV_NOHUGEPAGE);
  return ok_status();
}

Status SlotMemory::map_nothing(uint64_t from, uint64_t to) {
  if (from >= to) return ok_status();
  void* map = mmap(base_ + from, to - from, PROT_NONE, kPrivate | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return out_of_memory("reserving address space");
  return ok_status();
}

// A failed MAP_FIXED may leave a hole that any later mmap of the process could fill. Close it if
// the host lets us, and never run here again.
Status SlotMemory::break_range(Error error) {
  broken_ = true;
  if (!map_nothing(0, kMaxMemory).ok()) open_ = true;
  return error;
}

Status SlotMemory::empty_range() {
  if (drop_pages(base_, size_)) return ok_status();
  return break_range(out_of_memory("emptying a memory"));
}

// Makes [from, size()) of the range, which has no private pages, `layer` in place of `layer_`.
Status SlotMemory::switch_layer(const Layer& layer, uint64_t from) {
  Status mapped = map_file(layer, from, layer.file_end);
  const uint64_t before = layer_ ? std::min(layer_->file_end, size_) : size_;
  if (mapped.ok()) mapped = map_anonymous(std::max(from, layer.file_end), before);
  return mapped.ok() ? mapped : break_range(mapped.error());
}

Status SlotMemory::reset(const Ref<Layer>& layer, uint64_t size) {
  CHECK(!resident_ && spaces_.empty() && !broken_ && layer->file_end <= size);
  // Pages of the dead go before another program's processes come.
  for (const Area& area : free_areas_) unmap(area);
  free_areas_.clear();
  leftover_ = false;
  TRY(empty_range());
  if (Status cut = map_nothing(size, size_); !cut.ok()) return break_range(cut.error());
  if (size_ < size) {
    if (Status more = map_anonymous(size_, size); !more.ok()) return break_range(more.error());
  }
  size_ = size;
  if (!(layer_ == layer)) TRY(switch_layer(*layer, 0));
  layer_ = layer;
  return ok_status();
}

Ref<AddressSpace> SlotMemory::add(const Ref<Layer>& layer) {
  Ref<AddressSpace> space = make_ref<AddressSpace>(layer);
  spaces_.push_back(space.get());
  return space;
}

Status SlotMemory::grow(uint64_t new_size) {
  CHECK(layer_ && new_size >= size_ && new_size <= kMaxMemory - kWasmPage);
  // The guest runs on if this fails, so it must leave no hole, as a failed MAP_FIXED could.
  const uint64_t more = new_size - size_;
  if (more > 0 && mprotect(base_ + size_, more, PROT_READ | PROT_WRITE) != 0) {
    return out_of_memory("growing a memory");
  }
  madvise(base_ + size_, more, MADV_NOHUGEPAGE);
  size_ = new_size;
  return ok_status();
}

Result<Area> SlotMemory::take_area() {
  size_t best = free_areas_.size();
  for (size_t i = 0; i < free_areas_.size(); ++i) {
    if (free_areas_[i].capacity < size_) continue;
    best = i;
    if (!free_areas_[i].warm) break;
  }
  if (best < free_areas_.size()) {
    Area area = std::move(free_areas_[best]);
    free_areas_.erase(free_areas_.begin() + static_cast<ptrdiff_t>(best));
    return area;
  }
  Area area;
  area.capacity = (size_ + kMoveAlignment - 1) & ~(kMoveAlignment - 1);
  area.base = reserve(area.capacity);
  if (!area.base) return out_of_memory("reserving address space");
  return area;
}

void SlotMemory::give_area(Area area) {
  if (free_areas_.size() >= kMaxFreeAreas || area.capacity < size_) {
    unmap(area);
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
    if (Result<Area> area = take_area(); area.ok()) {
      if (move_memory(base_, area->base, size_, layer_->file_end) == Move::kDone) {
        area->layer = layer_;
        area->file_end = layer_->file_end;
        area->used = size_;
        area->warm = true;
        area->counted = Area::kNotCounted;
        give_area(std::move(*area));
        return ok_status();
      }
      munmap(area->base, area->capacity);
    }
  }
  return empty_range();
}

// Takes the private pages of `space`, which is resident, out of the range.
Status SlotMemory::park(AddressSpace* space) {
  Area area = TRY(take_area());
  switch (move_memory(base_, area.base, size_, layer_->file_end)) {
    case Move::kDone:
      break;
    case Move::kNone:
      return park_by_copy(space, std::move(area));
    case Move::kTorn:
      munmap(area.base, area.capacity);
      return break_range(out_of_memory("parking a memory"));
  }
  area.used = size_;
  area.layer = layer_;
  area.file_end = layer_->file_end;
  area.warm = false;
  area.counted = Area::kNotCounted;
  space->area = std::move(area);
  resident_ = nullptr;
  return ok_status();
}

// The range is not two mappings, or the kernel is an old one: slower, with the same result.
Status SlotMemory::park_by_copy(AddressSpace* space, Area area) {
  munmap(area.base, area.capacity);
  area = Area{};
  area.capacity = (size_ + kMoveAlignment - 1) & ~(kMoveAlignment - 1);
  area.base = reserve(area.capacity);
  if (!area.base) return out_of_memory("reserving address space");
  if (mprotect(area.base, size_, PROT_READ | PROT_WRITE) != 0) {
    munmap(area.base, area.capacity);
    return out_of_memory("parking a memory");
  }
  madvise(area.base, size_, MADV_NOHUGEPAGE);
  scanner_.private_pages(base_, size_, &stale_);
  for (const PageRun& run : stale_) {
    memcpy(area.base + run.offset, base_ + run.offset, run.size);
  }
  area.used = size_;
  space->area = std::move(area);
  resident_ = nullptr;
  return empty_range();
}

// Puts the parked pages of `space` into the range, which has none.
Status SlotMemory::unpark(AddressSpace* space) {
  Area area = std::exchange(space->area, Area{});
  // An area without a layer was copied to: what it does not hold is not the layer's, but nothing.
  const Move move =
      area.layer ? move_memory(area.base, base_, area.used, area.file_end) : Move::kNone;
  if (move != Move::kDone) {
    if (area.layer) {
      Status mapped = ok_status();
      if (move == Move::kNone) mapped = map_file(*space->layer, 0, space->layer->file_end);
      if (mapped.ok()) mapped = map_anonymous(space->layer->file_end, area.used);
      if (!mapped.ok()) {
        munmap(area.base, area.capacity);
        return break_range(mapped.error());
      }
    }
    scanner_.private_pages(area.base, area.used, &stale_);
    for (const PageRun& run : stale_) {
      memcpy(base_ + run.offset, area.base + run.offset, run.size);
    }
    unmap(area);
    return ok_status();
  }
  give_area(std::move(area));
  return ok_status();
}

Status SlotMemory::make_resident(AddressSpace* space) {
  if (broken_) return make_error(Code::kResourceExhausted, "this memory was lost");
  if (resident_ == space) return ok_status();
  if (resident_) {
    if (scanner_.has_private_pages(base_, size_)) TRY(park(resident_));
    resident_ = nullptr;
  }
  TRY(clear_leftover());
  if (!(layer_ == space->layer)) {
    // A move replaces what the area covers.
    TRY(switch_layer(*space->layer, space->area.layer ? space->area.used : 0));
    layer_ = space->layer;
  }
  if (space->area.base) TRY(unpark(space));
  resident_ = space;
  return ok_status();
}

Result<Ref<AddressSpace>> SlotMemory::fork(AddressSpace* parent) {
  TRY(make_resident(parent));
  scanner_.private_pages(base_, size_, &runs_);
  if (runs_.empty()) return add(parent->layer);
  const uint64_t written = total_size(runs_);
  const bool many = written > kCopyLimit;
  parent->copied += written;
  if (many && parent->layer->exclusive()) {
    TRY(publish(parent));
    return add(parent->layer);
  }
  // Copying again and again what was written long ago costs more than putting it into a layer of
  // our own, from which the next forks start; and such a layer, unlike the base layer, is mapped as
  // a whole, so that moves are half the work.
  if ((many || parent->layer->kind() == Layer::Kind::kBase) && parent->copied > written &&
      parent->copied >= parent->layer->allocated()) {
    TRY(adopt_own_layer(parent));
    return add(parent->layer);
  }
  return copy(parent);
}

// Writes the private pages into the layer that only `parent` uses: it and its child then are that
// layer and nothing else.
Status SlotMemory::publish(AddressSpace* parent) {
  Layer& layer = *parent->layer;
  for (const PageRun& run : runs_) {
    // On failure the private pages still cover whatever was written.
    TRY(layer.write(run.offset, {base_ + run.offset, run.size}));
  }
  const uint64_t before = layer.file_end;
  if (end_of(runs_) > before) {
    Status mapped = map_file(layer, before, end_of(runs_));
    if (!mapped.ok()) return break_range(mapped.error());
    layer.file_end = end_of(runs_);
  }
  if (!drop_pages(base_, before)) {
    return break_range(out_of_memory("emptying a memory"));
  }
  return ok_status();
}

Status SlotMemory::adopt_own_layer(AddressSpace* parent) {
  Ref<Layer> own = TRY(Layer::create(parent->layer->file(), Layer::Kind::kOwn));
  own->file_end = std::max(parent->layer->file_end, end_of(runs_));
  if (size_ - own->file_end <= kMaxHole) own->file_end = size_;
  TRY(own->copy_from(*parent->layer, parent->layer->file_end));
  for (const PageRun& run : runs_) TRY(own->write(run.offset, {base_ + run.offset, run.size}));
  // Replaces every private page.
  if (!drop_pages(base_, own->file_end)) return break_range(out_of_memory("emptying a memory"));
  if (Status mapped = map_file(*own, 0, own->file_end); !mapped.ok()) {
    return break_range(mapped.error());
  }
  layer_ = own;
  drop_layer(parent);
  ++own->users;
  parent->layer = std::move(own);
  parent->copied = 0;
  return ok_status();
}

// A child with copies of the private pages. It becomes resident and the parent is parked.
Result<Ref<AddressSpace>> SlotMemory::copy(AddressSpace* parent) {
  TRY(park(parent));
  bring_warm_pages(*parent);
  if (broken_) return make_error(Code::kResourceExhausted, "this memory was lost");
  const uint8_t* source = parent->area.base;
  for (const PageRun& run : runs_) memcpy(base_ + run.offset, source + run.offset, run.size);
  Ref<AddressSpace> child = add(parent->layer);
  resident_ = child.get();
  return child;
}

// Pages of a dead relative, if there are any that fit: writing them costs no page faults.
void SlotMemory::bring_warm_pages(const AddressSpace& parent) {
  for (size_t i = 0; i < free_areas_.size(); ++i) {
    const Area& area = free_areas_[i];
    if (!area.warm || !(area.layer == layer_) || area.file_end != layer_->file_end ||
        area.used > size_ || !parent.area.layer) {
      continue;
    }
    Area warm = std::move(free_areas_[i]);
    free_areas_.erase(free_areas_.begin() + static_cast<ptrdiff_t>(i));
    if (move_memory(warm.base, base_, warm.used, warm.file_end) == Move::kDone) {
      warm.warm = false;
      give_area(std::move(warm));
      overwrite_stale(parent.area);
      return;
    }
    munmap(warm.base, warm.capacity);
    // The move may have left holes, or some of the pages.
    Status mapped = map_file(*layer_, 0, layer_->file_end);
    if (mapped.ok()) mapped = map_anonymous(layer_->file_end, size_);
    if (!mapped.ok()) (void)break_range(mapped.error());
    return;
  }
}

// Every private page of the range that the copy will not write gets what the parent sees there
// (which, as it is not among `runs_`, is its layer's page).
void SlotMemory::overwrite_stale(const Area& parent) {
  scanner_.private_pages(base_, size_, &stale_);
  size_t next = 0;
  for (const PageRun& run : stale_) {
    const uint64_t end = run.offset + run.size;
    for (uint64_t at = run.offset; at < end;) {
      while (next < runs_.size() && runs_[next].offset + runs_[next].size <= at) ++next;
      const bool written = next < runs_.size() && runs_[next].offset <= at;
      uint64_t stop = end;
      if (next < runs_.size()) {
        stop = std::min(end, written ? runs_[next].offset + runs_[next].size : runs_[next].offset);
      }
      if (!written) memcpy(base_ + at, parent.base + at, stop - at);
      at = stop;
    }
  }
}

void SlotMemory::drop_layer(AddressSpace* space) {
  Layer* layer = space->layer.get();
  if (--layer->users > 0 || layer->kind() == Layer::Kind::kBase) return;
  // Nobody will look at this layer again: let no idle mapping keep its memory.
  for (size_t i = free_areas_.size(); i-- > 0;) {
    if (free_areas_[i].layer.get() != layer) continue;
    unmap(free_areas_[i]);
    free_areas_.erase(free_areas_.begin() + static_cast<ptrdiff_t>(i));
  }
}

void SlotMemory::release(AddressSpace* space) {
  std::erase(spaces_, space);
  if (resident_ == space) {
    resident_ = nullptr;
    if (!broken_) {
      scanner_.private_pages(base_, size_, &stale_);
      leftover_ = !stale_.empty();
      if (total_size(stale_) > kMaxLeftover) {
        leftover_ = false;
        Status ignored = empty_range();
        (void)ignored;  // a broken range says so itself
      }
    }
  }
  if (space->area.base) {
    Area area = std::exchange(space->area, Area{});
    if (area.layer && drop_pages(area.base, area.used)) {
      give_area(std::move(area));
    } else {
      unmap(area);
    }
  }
  drop_layer(space);
}

Status SlotMemory::discard(uint64_t offset, uint64_t size) {
  CHECK(resident_ && offset % kPageSize == 0 && size % kPageSize == 0);
  CHECK(offset <= size_ && size <= size_ - offset);
  Layer& layer = *resident_->layer;
  const uint64_t end = offset + size;
  if (offset < layer.file_end) {
    const uint64_t file_size = std::min(end, layer.file_end) - offset;
    if (layer.exclusive()) {
      TRY(layer.punch(offset, file_size));
    } else {
      // Others still read the layer's bytes there: cover them with zeroes of our own.
      for (const PageRun& run : layer.data(offset, file_size)) {
        if (!drop_pages(base_ + offset, run.offset - offset)) {
          return out_of_memory("giving memory back");
        }
        memset(base_ + run.offset, 0, run.size);
        offset = run.offset + run.size;
      }
    }
  }
  if (offset < end && !drop_pages(base_ + offset, end - offset)) {
    return out_of_memory("giving memory back");
  }
  return ok_status();
}

uint64_t SlotMemory::private_bytes(const Area& area) const {
  if (area.counted == Area::kNotCounted) {
    std::vector<PageRun> runs;
    scanner_.private_pages(area.base, area.used, &runs);
    area.counted = total_size(runs);
  }
  return area.counted;
}

uint64_t SlotMemory::private_bytes(const AddressSpace& space) const {
  uint64_t bytes = space.layer->exclusive() ? space.layer->allocated() : 0;
  if (resident_ == &space && !broken_) {
    std::vector<PageRun> runs;
    scanner_.private_pages(base_, size_, &runs);
    bytes += total_size(runs);
  } else if (space.area.base) {
    bytes += private_bytes(space.area);
  }
  return bytes;
}

uint64_t SlotMemory::host_bytes() const {
  uint64_t bytes = 0;
  if (!broken_ && size_ > 0) {
    std::vector<PageRun> runs;
    scanner_.private_pages(base_, size_, &runs);
    bytes += total_size(runs);
  }
  for (const Area& area : free_areas_) {
    if (area.warm) bytes += private_bytes(area);
  }
  std::vector<const Layer*> layers;
  for (const AddressSpace* space : spaces_) {
    if (space->area.base) bytes += private_bytes(space->area);
    if (space->layer->kind() == Layer::Kind::kOwn) layers.push_back(space->layer.get());
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  for (const Layer* layer : layers) bytes += layer->allocated();
  return bytes;
}

}  // namespace cloche::engine
