// The linear memory of a slot, and the address spaces of the contexts that share it.
//
// One address space is *resident*: its pages lie in the slot's range, which is the only place where
// compiled code can reach them. The private pages of the others are *parked* in areas elsewhere; an
// address space without private pages is just its layer. Bringing one in moves page tables
// (mremap), not bytes, and always to the same addresses.
//
// A page fault costs several times what copying a page costs, so the few pages that a short-lived
// process wrote stay where they are after its end (a *warm* area, or the range itself) and the next
// fork of the same slot overwrites every one of them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ref.h"
#include "base/result.h"
#include "engine/layer.h"
#include "engine/page_scan.h"

namespace cloche::engine {

inline constexpr uint64_t kMaxMemory = 4ull << 30;     // what 32-bit addresses reach
inline constexpr uint64_t kMemoryGuard = 32ull << 20;  // behind it; the engine's code relies on it
inline constexpr uint64_t kFrontGuard = 2ull << 20;    // before it; a second line of defence
inline constexpr uint64_t kWasmPage = 64ull << 10;

// A range elsewhere that holds a parked address space's pages at the same offsets.
struct Area {
  uint8_t* base = nullptr;
  uint64_t capacity = 0;
  // Of the pages that were moved here: declared size of the memory, and their layer. (A free area
  // keeps the reference, because what a move leaves behind still maps the layer.)
  uint64_t used = 0;
  Ref<Layer> layer;
  uint64_t file_end = 0;  // of the layer at that time
  bool warm = false;      // a free area that still has pages of a process that is gone
  // Bytes of private pages, once they have been counted: what is parked does not change.
  static constexpr uint64_t kNotCounted = UINT64_MAX;
  mutable uint64_t counted = kNotCounted;
};

// What one process (or several threads) sees as memory. SlotMemory makes them.
class AddressSpace final : public RefCounted {
 public:
  explicit AddressSpace(const Ref<Layer>& from) : layer(from) { ++layer->users; }

  Ref<Layer> layer;
  Area area;            // while parked with private pages
  uint64_t copied = 0;  // bytes that forks have copied since it got this layer
};

// All pages of the range come from two mappings: [0, file_end) of the layer, and anonymous memory
// up to size(), if that is more. Both have offsets that belong to the range's own addresses,
// always: that lets the kernel keep them two, which moves need. So pages are first touched in the
// range, never in an area.
//
// Thread class: one thread at a time.
class SlotMemory {
 public:
  // Reserves the range. Errors: kResourceExhausted.
  static Result<std::unique_ptr<SlotMemory>> create(const PageScanner& scanner);
  ~SlotMemory();
  SlotMemory(const SlotMemory&) = delete;
  SlotMemory& operator=(const SlotMemory&) = delete;

  uint8_t* base() const { return base_; }
  uint64_t size() const { return size_; }  // declared; all of it can be read and written, always
  const AddressSpace* resident() const { return resident_; }
  // The range became unusable (the host ran out of memory half-way): nothing may run here again.
  bool broken() const { return broken_; }
  // And it may have holes, which others may fill: its address space is never given back.
  bool open() const { return open_; }

  // Empties the range and makes it `size` bytes of `layer`. All address spaces must be gone.
  Status reset(const Ref<Layer>& layer, uint64_t size);
  // An address space that is `layer` and nothing else.
  Ref<AddressSpace> add(const Ref<Layer>& layer);
  // Makes [size(), new_size) accessible; reads as zeroes.
  Status grow(uint64_t new_size);
  // Brings `space` in. Cost: moves of page tables.
  Status make_resident(AddressSpace* space);
  // A copy of `parent`. Which of them is resident afterwards is open. Cost: the pages written since
  // the last fork.
  Result<Ref<AddressSpace>> fork(AddressSpace* parent);
  // The last context of `space` is gone.
  void release(AddressSpace* space);
  // Makes [offset, offset + size) of the resident space zeroes and gives the memory back.
  Status discard(uint64_t offset, uint64_t size);
  // Bytes that only `space` holds.
  uint64_t private_bytes(const AddressSpace& space) const;
  // All memory behind this slot's address spaces but base layers. Cost: a scan of the page tables
  // of the resident one and of each that was parked since the last time; an addition for the
  // others.
  uint64_t host_bytes() const;

 private:
  explicit SlotMemory(const PageScanner& scanner) : scanner_(scanner) {}
  Status map_file(const Layer& layer, uint64_t from, uint64_t to);
  Status map_anonymous(uint64_t from, uint64_t to);
  Status map_nothing(uint64_t from, uint64_t to);
  Status switch_layer(const Layer& layer, uint64_t from);
  Status empty_range();
  Status break_range(Error error);
  Status park(AddressSpace* space);
  Status park_by_copy(AddressSpace* space, Area area);
  Status unpark(AddressSpace* space);
  Status clear_leftover();
  Result<Area> take_area();
  void give_area(Area area);
  Status publish(AddressSpace* parent);
  Status adopt_own_layer(AddressSpace* parent);
  Result<Ref<AddressSpace>> copy(AddressSpace* parent);
  void bring_warm_pages(const AddressSpace& parent);
  void overwrite_stale(const Area& parent);
  void drop_layer(AddressSpace* space);
  uint64_t private_bytes(const Area& area) const;

  const PageScanner& scanner_;
  uint8_t* reservation_ = nullptr;
  uint8_t* base_ = nullptr;
  uint64_t size_ = 0;
  bool broken_ = false, open_ = false;
  Ref<Layer> layer_;  // what the range is mapped from
  // Null: the range is its layer and nothing else, but for what a dead process left (`leftover_`).
  AddressSpace* resident_ = nullptr;
  bool leftover_ = false;
  std::vector<AddressSpace*> spaces_;
  std::vector<Area> free_areas_;
  std::vector<PageRun> runs_;   // private pages of the range at a fork
  std::vector<PageRun> stale_;  // scratch
};

}  // namespace cloche::engine
