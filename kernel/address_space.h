// The address space of one memory: the break and the mappings. Shared by all that run in the memory
// (threads, vfork children), copied by fork.
//
//   0 .. module_end      stack, data and bss of the program (fixed)
//   module_end .. break  the heap of brk(2)
//   map_base ..          mmap(2), first fit; the break may grow past map_base while nothing is
//   there
//
// Nothing of this is enforced against the program itself: WebAssembly code can reach every byte
// below the memory's size, so PROT_NONE and munmap() do not fault. What is enforced is what the
// memory costs, that mapped bytes read as zero (or as the file), and that ranges do not overlap.
//
// Shared mappings of anonymous memory and of the start of files (kMaxSharedFile) are regions that
// processes share (kernel/shared_memory.h); mappings that reach further into a file are copies.
// Bytes that differ from what was read go back to the file at msync(), munmap() and when the memory
// ends. Pages that were not changed are never written, so two processes that change different pages
// of a file do not undo each other's work.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/engine.h"
#include "kernel/futex.h"
#include "kernel/open_file.h"
#include "kernel/shared_memory.h"

namespace cloche::kernel {

class AddressSpace : public RefCounted {
 public:
  static constexpr uint64_t kPage = 4096;
  static constexpr size_t kMaxMappings = 65530;  // vm.max_map_count
  // Room for the break below the first mapping.
  static constexpr uint64_t kBreakRoom = 64 << 20;
  // Shared mappings that end below this offset of their file are seen by all who map the file. Each
  // stop of a process compares them, so what lies further up is not.
  static constexpr uint64_t kMaxSharedFile = 1 << 20;

  // For a program whose memory starts with `initial` bytes and may grow to `maximum`.
  AddressSpace(uint64_t initial, uint64_t maximum);

  // As of fork: same break, same mappings.
  Ref<AddressSpace> copy() const;

  struct Range {
    uint64_t from = 0, end = 0;
  };
  // What a ready image keeps of the mappings, and a memory with such mappings; null: it cannot be.
  std::vector<Range> private_ranges() const;
  bool has_shared_mappings() const { return shared_ > 0; }
  static Ref<AddressSpace> restore(uint64_t module_end, uint64_t maximum, uint64_t break_end,
                                   const std::vector<Range>& ranges);

  uint64_t break_end() const { return break_; }
  uint64_t module_end() const { return module_end_; }
  uint64_t granted() const { return break_ + mapped_; }  // bytes, the program's own included
  size_t mappings() const { return mappings_.size(); }

  // What guests see in the signal word of this memory (kernel/signal.h), -1 unknown.
  int32_t signal_word = -1;

  // brk(2): the new break, or the old one when it cannot move there. `limit`: bytes that granted()
  // may reach.
  uint64_t set_break(engine::Context& context, uint64_t address, uint64_t limit);

  enum class Placement : uint8_t { kAnywhere, kFixed, kFixedNoReplace };
  // Reserves `size` bytes (rounded up to pages) of zeroes: at `hint` if that is free, else first
  // fit, or as `placement` says. ENOMEM, EEXIST (kFixedNoReplace), EINVAL (fixed and not aligned).
  SysResult<uint64_t> map(engine::Context& context, uint64_t hint, uint64_t size,
                          Placement placement, uint64_t limit);
  // Makes a mapping that map() gave a copy of `file`, a regular file (FileKind::kRegular), at
  // `offset`; its bytes are in place.
  void share(engine::Context& context, uint64_t address, uint64_t size, FileRef file,
             uint64_t offset);
  // Makes it one of `region` at `offset` (whole pages), whose bytes appear in it; `file` is null
  // for anonymous memory.
  void share(engine::Context& context, uint64_t address, uint64_t size, FileRef file,
             uint64_t offset, Ref<SharedRegion> region);
  // munmap(2). EINVAL: not aligned or empty. Holes in the range are no error.
  SysResult<Unit> unmap(engine::Context& context, uint64_t address, uint64_t size);
  // mremap(2) without MREMAP_FIXED. ENOMEM, EFAULT (not one mapping).
  SysResult<uint64_t> remap(engine::Context& context, uint64_t address, uint64_t old_size,
                            uint64_t new_size, bool may_move, uint64_t limit);
  // Before the memory runs: what other processes changed in regions comes in.
  void pull(engine::Context& context);
  // After it ran, before another runs: what it changed goes to the regions. kAll: also where nobody
  // else can see it yet, for fork and for another mapping of the same file.
  enum class Push : uint8_t { kSeen, kAll };
  void push(engine::Context& context, Push what);
  // The name of the futex at an address of this memory.
  FutexKey futex_key(uint32_t address) const;
  // Writes changed pages of shared mappings in the range back. ENOMEM: part of it is not mapped.
  SysResult<Unit> sync(engine::Context& context, uint64_t address, uint64_t size);
  // The same for all of the memory; at its end.
  void sync_all(engine::Context& context);
  // Is all of the range mapped, or below the break?
  bool covers(uint64_t address, uint64_t size) const;
  // madvise(MADV_DONTNEED): private bytes read as zero, shared ones as the file.
  SysResult<Unit> discard(engine::Context& context, uint64_t address, uint64_t size);

 private:
  struct Mapping {
    uint64_t end = 0;
    FileRef file;                       // of a shared mapping of a file
    RegionUse region;                   // of a shared mapping that others see
    uint64_t offset = 0;                // in the file or the region
    std::vector<uint64_t> page_hashes;  // of a copy: of the bytes as the file has them
    bool shared() const { return file || region; }
    bool may_change() const { return !file || file->writable(); }
  };
  using Mappings = std::map<uint64_t, Mapping>;

  bool is_free(uint64_t address, uint64_t size) const;
  uint64_t find_free(uint64_t size) const;  // 0: none
  SysResult<Unit> make_room(engine::Context& context, uint64_t address, uint64_t size);
  void insert(uint64_t address, Mapping mapping);
  Mappings::iterator split(Mappings::iterator mapping, uint64_t at);
  Mappings::iterator cut_out(uint64_t address, uint64_t end);
  void remove(engine::Context& context, uint64_t address, uint64_t end);
  static void push_mapping(const engine::MemoryView& memory, uint64_t address, Mapping& mapping);
  static void write_back(engine::Context& context, uint64_t address, Mapping& mapping,
                         uint64_t from, uint64_t to);
  static void write_back_copy(engine::Context& context, uint64_t address, Mapping& mapping,
                              uint64_t from, uint64_t to);

  uint64_t module_end_, maximum_, break_, map_base_;
  uint64_t mapped_ = 0;
  size_t shared_ = 0;   // mappings that are
  size_t regions_ = 0;  // mappings with a region
  Mappings mappings_;
};

AddressSpace& address_space_of(Process& process);

}  // namespace cloche::kernel
