#include "kernel/address_space.h"

#include <algorithm>
#include <cstring>

#include "kernel/process.h"
#include "kernel/regular_file.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kPage = AddressSpace::kPage;

uint64_t page_up(uint64_t value) { return (value + kPage - 1) & ~(kPage - 1); }
uint64_t page_down(uint64_t value) { return value & ~(kPage - 1); }

// Zeroes any range: whole pages are given back, the edges written.
void clear(engine::Context& context, uint64_t from, uint64_t to) {
  const uint64_t first = page_up(from), last = page_down(to);
  const engine::MemoryView memory = context.memory();
  to = std::min(to, memory.size);
  if (from >= to) return;
  if (first >= last || last > memory.size) {
    std::memset(memory.data + from, 0, to - from);
    return;
  }
  std::memset(memory.data + from, 0, first - from);
  std::memset(memory.data + last, 0, to - last);
  if (!context.discard_memory(first, last - first).ok()) {
    const engine::MemoryView again = context.memory();
    std::memset(again.data + first, 0, last - first);
  }
}

}  // namespace

AddressSpace& address_space_of(Process& process) {
  return static_cast<AddressSpace&>(*process.address_space);
}

AddressSpace::AddressSpace(uint64_t initial, uint64_t maximum)
    : module_end_(page_up(initial)), maximum_(page_down(maximum)), break_(module_end_) {
  const uint64_t room = maximum_ > module_end_ ? (maximum_ - module_end_) / 2 : 0;
  map_base_ = page_down(module_end_ + std::min(kBreakRoom, room));
}

Ref<AddressSpace> AddressSpace::copy() const {
  auto twin = make_ref<AddressSpace>(module_end_, maximum_);
  twin->break_ = break_;
  twin->mapped_ = mapped_;
  twin->shared_ = shared_;
  twin->regions_ = regions_;
  twin->mappings_ = mappings_;
  twin->signal_word = signal_word;
  return twin;
}

std::vector<AddressSpace::Range> AddressSpace::private_ranges() const {
  std::vector<Range> ranges;
  for (const auto& [from, mapping] : mappings_)
    if (!mapping.shared()) ranges.push_back({from, mapping.end});
  return ranges;
}

Ref<AddressSpace> AddressSpace::restore(uint64_t module_end, uint64_t maximum, uint64_t break_end,
                                        const std::vector<Range>& ranges) {
  auto space = make_ref<AddressSpace>(module_end, maximum);
  if (break_end < space->module_end_ || break_end > space->maximum_) return nullptr;
  space->break_ = break_end;
  for (const Range& range : ranges) {
    const bool whole = range.from % kPage == 0 && range.end % kPage == 0 && range.from < range.end;
    if (!whole || !space->is_free(range.from, range.end - range.from)) return nullptr;
    Mapping mapping;
    mapping.end = range.end;
    space->insert(range.from, std::move(mapping));
  }
  return space;
}

bool AddressSpace::is_free(uint64_t address, uint64_t size) const {
  if (address < page_up(break_) || size > maximum_ || address > maximum_ - size) return false;
  auto next = mappings_.upper_bound(address);
  if (next != mappings_.end() && next->first < address + size) return false;
  if (next == mappings_.begin()) return true;
  return std::prev(next)->second.end <= address;
}

uint64_t AddressSpace::find_free(uint64_t size) const {
  uint64_t at = std::max(map_base_, page_up(break_));
  for (auto next = mappings_.lower_bound(at); next != mappings_.end(); ++next) {
    if (next->first >= at + size) break;
    at = std::max(at, next->second.end);
  }
  return is_free(at, size) ? at : 0;
}

SysResult<Unit> AddressSpace::make_room(engine::Context& context, uint64_t address, uint64_t size) {
  if (!context.grow_memory(address + size).ok()) return Errno::kNOMEM;
  return Unit{};
}

uint64_t AddressSpace::set_break(engine::Context& context, uint64_t address, uint64_t limit) {
  if (address < module_end_ || address > maximum_) return break_;
  if (address > break_) {
    const uint64_t grown = address - break_;
    if (granted() + grown > limit) return break_;
    const uint64_t from = page_up(break_), to = page_up(address);
    if (to > from && !is_free(from, to - from)) return break_;
    if (!make_room(context, break_, grown).ok()) return break_;
  } else {
    clear(context, address, page_up(break_));
  }
  break_ = address;
  return break_;
}

void AddressSpace::insert(uint64_t address, Mapping mapping) {
  mapped_ += mapping.end - address;
  // Anonymous neighbours become one, so that a heap made of many small mappings stays small here.
  if (!mapping.shared()) {
    auto next = mappings_.find(mapping.end);
    if (next != mappings_.end() && !next->second.shared()) {
      mapping.end = next->second.end;
      mappings_.erase(next);
    }
    auto after = mappings_.upper_bound(address);
    if (after != mappings_.begin()) {
      auto before = std::prev(after);
      if (before->second.end == address && !before->second.shared()) {
        before->second.end = mapping.end;
        return;
      }
    }
  }
  mappings_.emplace(address, std::move(mapping));
}

// Cuts a mapping in two at a page inside it; returns the second part.
AddressSpace::Mappings::iterator AddressSpace::split(Mappings::iterator mapping, uint64_t at) {
  Mapping& first = mapping->second;
  Mapping second;
  second.end = first.end;
  first.end = at;
  if (first.shared()) {
    const auto pages = static_cast<size_t>((at - mapping->first) / kPage);
    second.file = first.file;
    second.offset = first.offset + (at - mapping->first);
    ++shared_;
    if (first.region) {
      second.region = first.region.split(pages);
      ++regions_;
    } else {
      second.page_hashes.assign(first.page_hashes.begin() + static_cast<ptrdiff_t>(pages),
                                first.page_hashes.end());
      first.page_hashes.resize(pages);
    }
  }
  return mappings_.emplace(at, std::move(second)).first;
}

// The mapping of exactly this range, which lies in one.
AddressSpace::Mappings::iterator AddressSpace::cut_out(uint64_t address, uint64_t end) {
  auto found = std::prev(mappings_.upper_bound(address));
  if (found->first < address) found = split(found, address);
  if (found->second.end > end) split(found, end);
  return found;
}

void AddressSpace::remove(engine::Context& context, uint64_t address, uint64_t end) {
  auto next = mappings_.upper_bound(address);
  if (next != mappings_.begin() && std::prev(next)->second.end > address) {
    next = std::prev(next);
    if (next->first < address) next = split(next, address);
  }
  while (next != mappings_.end() && next->first < end) {
    if (next->second.end > end) split(next, end);
    const uint64_t from = next->first, to = next->second.end;
    if (next->second.shared()) {
      write_back(context, from, next->second, from, to);
      --shared_;
      if (next->second.region) --regions_;
    }
    mapped_ -= to - from;
    next = mappings_.erase(next);
    clear(context, from, to);
  }
}

SysResult<uint64_t> AddressSpace::map(engine::Context& context, uint64_t hint, uint64_t size,
                                      Placement placement, uint64_t limit) {
  if (size == 0) return Errno::kINVAL;
  if (size > maximum_) return Errno::kNOMEM;
  size = page_up(size);
  uint64_t at = page_down(hint);
  if (placement != Placement::kAnywhere) {
    if (at != hint) return Errno::kINVAL;
    if (at < page_up(break_) || size > maximum_ || at > maximum_ - size) return Errno::kNOMEM;
    if (placement == Placement::kFixedNoReplace && !is_free(at, size)) return Errno::kEXIST;
  } else if (at < map_base_ || !is_free(at, size)) {
    at = find_free(size);
    if (at == 0) return Errno::kNOMEM;
  }
  // Two more than it may become: a fixed mapping in the middle of another makes three of one.
  if (mappings_.size() + 2 > kMaxMappings) return Errno::kNOMEM;
  if (granted() + size > limit) return Errno::kNOMEM;
  TRY(make_room(context, at, size));
  if (placement == Placement::kFixed) remove(context, at, at + size);
  Mapping mapping;
  mapping.end = at + size;
  insert(at, std::move(mapping));
  return at;
}

void AddressSpace::share(engine::Context& context, uint64_t address, uint64_t size, FileRef file,
                         uint64_t offset) {
  const uint64_t end = address + page_up(size);
  Mapping& mapping = cut_out(address, end)->second;
  mapping.file = std::move(file);
  mapping.offset = offset;
  const engine::MemoryView memory = context.memory();
  for (uint64_t page = address; page < end; page += kPage)
    mapping.page_hashes.push_back(hash_page(memory.data + page));
  ++shared_;
}

void AddressSpace::share(engine::Context& context, uint64_t address, uint64_t size, FileRef file,
                         uint64_t offset, Ref<SharedRegion> region) {
  const uint64_t end = address + page_up(size);
  Mapping& mapping = cut_out(address, end)->second;
  mapping.file = std::move(file);
  mapping.region =
      RegionUse(std::move(region), offset / kPage, static_cast<size_t>((end - address) / kPage));
  mapping.offset = offset;
  ++shared_;
  ++regions_;
  mapping.region.pull(context.memory().data + address);
}

void AddressSpace::pull(engine::Context& context) {
  if (regions_ == 0) return;
  const engine::MemoryView memory = context.memory();
  for (auto& [start, mapping] : mappings_)
    if (mapping.region && mapping.end <= memory.size) mapping.region.pull(memory.data + start);
}

void AddressSpace::push_mapping(const engine::MemoryView& memory, uint64_t address,
                                Mapping& mapping) {
  if (mapping.end > memory.size || !mapping.may_change()) return;
  mapping.region.push(memory.data + address);
}

void AddressSpace::push(engine::Context& context, Push what) {
  if (regions_ == 0) return;
  const engine::MemoryView memory = context.memory();
  for (auto& [start, mapping] : mappings_) {
    if (!mapping.region) continue;
    // A file may get a second mapping at any time, anonymous memory only by fork.
    const bool alone = mapping.region.region().uses() == 1 && !mapping.file;
    if (!alone || what == Push::kAll) push_mapping(memory, start, mapping);
  }
}

FutexKey AddressSpace::futex_key(uint32_t address) const {
  const auto next = mappings_.upper_bound(address);
  if (regions_ > 0 && next != mappings_.begin()) {
    const auto& [start, mapping] = *std::prev(next);
    if (mapping.region && address < mapping.end)
      return {nullptr, mapping.region.region().number(), mapping.offset + (address - start)};
  }
  return {this, 0, address};
}

SysResult<Unit> AddressSpace::unmap(engine::Context& context, uint64_t address, uint64_t size) {
  if (address % kPage != 0 || size == 0 || address + size > (uint64_t{1} << 32))
    return Errno::kINVAL;
  // A range that ends inside two mappings leaves one more than before.
  if (mappings_.size() + 2 > kMaxMappings) return Errno::kNOMEM;
  remove(context, address, address + page_up(size));
  return Unit{};
}

SysResult<uint64_t> AddressSpace::remap(engine::Context& context, uint64_t address,
                                        uint64_t old_size, uint64_t new_size, bool may_move,
                                        uint64_t limit) {
  old_size = page_up(old_size);
  if (new_size > maximum_) return Errno::kNOMEM;
  new_size = page_up(new_size);
  auto found = mappings_.upper_bound(address);
  if (found == mappings_.begin()) return Errno::kFAULT;
  found = std::prev(found);
  if (found->second.end < address + old_size) return Errno::kFAULT;
  if (new_size <= old_size) {
    if (new_size < old_size) remove(context, address + new_size, address + old_size);
    return address;
  }
  if (found->second.shared()) return Errno::kINVAL;  // shared mappings do not grow
  const uint64_t grown = new_size - old_size;
  if (granted() + grown > limit) return Errno::kNOMEM;
  if (is_free(address + old_size, grown)) {
    TRY(make_room(context, address + old_size, grown));
    Mapping more;
    more.end = address + new_size;
    insert(address + old_size, std::move(more));
    return address;
  }
  if (!may_move) return Errno::kNOMEM;
  const uint64_t to = TRY(map(context, 0, new_size, Placement::kAnywhere, limit + old_size));
  const engine::MemoryView memory = context.memory();
  std::memcpy(memory.data + to, memory.data + address, old_size);
  remove(context, address, address + old_size);
  return to;
}

bool AddressSpace::covers(uint64_t address, uint64_t size) const {
  const uint64_t end = address + page_up(size);
  uint64_t at = std::max(address, std::min(page_up(break_), end));
  while (at < end) {
    auto next = mappings_.upper_bound(at);
    if (next == mappings_.begin() || std::prev(next)->second.end <= at) return false;
    at = std::prev(next)->second.end;
  }
  return true;
}

// Writes the pages of [from, to) that changed since they were read or written back. Bytes beyond
// the end of the file stay unwritten, as on Linux.
void AddressSpace::write_back(engine::Context& context, uint64_t address, Mapping& mapping,
                              uint64_t from, uint64_t to) {
  if (!mapping.may_change()) return;
  if (!mapping.region) {
    write_back_copy(context, address, mapping, from, to);
    return;
  }
  push_mapping(context.memory(), address, mapping);
  if (!mapping.file) return;
  vfs::FileBody& body = static_cast<RegularFile&>(*mapping.file).body();
  mapping.region.region().write_back(body, mapping.offset + (from - address),
                                     mapping.offset + (to - address));
}

void AddressSpace::write_back_copy(engine::Context& context, uint64_t address, Mapping& mapping,
                                   uint64_t from, uint64_t to) {
  vfs::FileBody* body = &static_cast<RegularFile&>(*mapping.file).body();
  const engine::MemoryView memory = context.memory();
  const auto file_size = body->size();
  if (!file_size.ok()) return;
  for (uint64_t page = from; page < to; page += kPage) {
    if (page + kPage > memory.size) return;
    uint64_t& known = mapping.page_hashes[static_cast<size_t>((page - address) / kPage)];
    const uint64_t now = hash_page(memory.data + page);
    if (now == known) continue;
    const uint64_t offset = mapping.offset + (page - address);
    if (offset >= *file_size) continue;
    const uint64_t size = std::min(kPage, *file_size - offset);
    const auto written = body->write_at(offset, {memory.data + page, static_cast<size_t>(size)});
    if (written.ok()) known = now;
  }
}

SysResult<Unit> AddressSpace::sync(engine::Context& context, uint64_t address, uint64_t size) {
  const uint64_t end = address + page_up(size);
  if (!covers(address, size)) return Errno::kNOMEM;
  if (shared_ == 0) return Unit{};
  for (auto& [start, mapping] : mappings_) {
    if (!mapping.shared() || mapping.end <= address || start >= end) continue;
    write_back(context, start, mapping, std::max(start, address), std::min(mapping.end, end));
  }
  return Unit{};
}

void AddressSpace::sync_all(engine::Context& context) {
  if (shared_ == 0) return;
  for (auto& [start, mapping] : mappings_)
    if (mapping.shared()) write_back(context, start, mapping, start, mapping.end);
}

SysResult<Unit> AddressSpace::discard(engine::Context& context, uint64_t address, uint64_t size) {
  if (address % kPage != 0) return Errno::kINVAL;
  if (!covers(address, size)) return Errno::kNOMEM;
  const uint64_t end = address + page_up(size);
  if (shared_ == 0) {
    clear(context, address, end);
    return Unit{};
  }
  // Shared pages keep their bytes: they are what the file will hold, and others see.
  uint64_t at = address;
  for (auto& [start, mapping] : mappings_) {
    if (!mapping.shared() || mapping.end <= at || start >= end) continue;
    if (start > at) clear(context, at, start);
    at = std::min(mapping.end, end);
  }
  if (at < end) clear(context, at, end);
  return Unit{};
}

}  // namespace cloche::kernel
