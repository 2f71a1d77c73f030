// Memory calls: brk, mmap and what belongs to them (kernel/address_space.h).
#include <algorithm>

#include "kernel/regular_file.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kProtWrite = 2, kProtMask = 0x7 | 0x01000000 | 0x02000000;
constexpr uint32_t kMapShared = 1, kMapPrivate = 2, kMapSharedValidate = 3, kMapTypeMask = 0xf;
constexpr uint32_t kMapFixed = 0x10, kMapAnonymous = 0x20, kMapFixedNoReplace = 0x100000;
constexpr uint64_t kPage = AddressSpace::kPage;

engine::Context& context_of(Call& call) { return *call.thread().context; }
AddressSpace& space_of(Call& call) { return address_space_of(call.process()); }

// Bytes the address space may grow to: RLIMIT_AS and the sandbox's own limits.
uint64_t limit_of(Call& call) {
  const KernelLimits& limits = call.kernel().options().limits;
  return std::min(
      {call.process().limits[kLimitAddressSpace].soft, limits.address_space, limits.memory});
}

// A request for so many bytes was refused. Was it for what the sandbox may have, or for a limit
// that the process set itself?
void tell_memory(Call& call, uint64_t bytes) {
  if (space_of(call).granted() + bytes > call.kernel().options().limits.memory) {
    call.kernel().tell_limit("memory.max", &call.process());
  }
}

struct FileMapping {
  FileRef file;
  bool shared = false;
  uint64_t offset = 0;
};

SysResult<FileMapping> check_file(Call& call, Fd fd, uint32_t protection, bool shared,
                                  uint64_t offset) {
  FileMapping mapping{TRY(call.process().fds->get(fd)), shared, offset};
  if (!mapping.file->readable()) return Errno::kACCES;
  if (shared && (protection & kProtWrite) && !mapping.file->writable()) return Errno::kACCES;
  if (mapping.file->kind() != FileKind::kRegular) return Errno::kNODEV;
  return mapping;
}

// Bytes of the file from `offset` on; what lies beyond its end stays zero.
SysResult<Unit> read_file(Call& call, const FileMapping& mapping, uint64_t address, uint64_t size) {
  uint64_t done = 0;
  while (done < size) {
    const auto out = TRY(call.bytes_out({static_cast<uint32_t>(address + done)}, size - done));
    const uint64_t got = TRY(mapping.file->read_at(call, mapping.offset + done, out));
    if (got == 0) break;
    done += got;
  }
  return Unit{};
}

// A shared mapping that others see: new memory without a file, or what the file has in common.
SysResult<Unit> map_region(Call& call, const FileMapping& mapping, uint64_t address,
                           uint64_t size) {
  const uint64_t end = mapping.offset + ((size + kPage - 1) & ~(kPage - 1));
  AddressSpace& space = space_of(call);
  const vfs::InodeRef inode = mapping.file ? mapping.file->location().inode : nullptr;
  auto region = call.kernel().state().shared_memory.get(inode, end);
  if (mapping.file) {
    // What the caller itself has changed since it runs is newer than the file.
    space.push(context_of(call), AddressSpace::Push::kAll);
    TRY(region->load(static_cast<RegularFile&>(*mapping.file).body(), mapping.offset, end));
  }
  space.share(context_of(call), address, size, mapping.file, mapping.offset, std::move(region));
  return Unit{};
}

}  // namespace

SysResult<uint32_t> sys_brk(Call& call, uint32_t address) {
  AddressSpace& space = space_of(call);
  if (address > space.break_end() && !call.kernel().has_room(address - space.break_end()))
    return static_cast<uint32_t>(space.break_end());
  const uint64_t end = space.set_break(context_of(call), address, limit_of(call));
  if (end < address) tell_memory(call, address - end);
  return static_cast<uint32_t>(end);
}

SysResult<uint32_t> sys_mmap2(Call& call, uint32_t address, uint32_t size, uint32_t protection,
                              uint32_t flags, Fd fd, uint32_t page_offset) {
  const uint32_t type = flags & kMapTypeMask;
  if (size == 0 || (protection & ~kProtMask)) return Errno::kINVAL;
  if (type != kMapShared && type != kMapPrivate && type != kMapSharedValidate) return Errno::kINVAL;
  const bool shared = type != kMapPrivate, anonymous = flags & kMapAnonymous;
  FileMapping mapping;
  if (!anonymous) mapping = TRY(check_file(call, fd, protection, shared, page_offset * kPage));
  const auto placement = flags & kMapFixedNoReplace ? AddressSpace::Placement::kFixedNoReplace
                         : flags & kMapFixed        ? AddressSpace::Placement::kFixed
                                                    : AddressSpace::Placement::kAnywhere;
  if (!call.kernel().has_room(size)) return Errno::kNOMEM;
  AddressSpace& space = space_of(call);
  const auto mapped = space.map(context_of(call), address, size, placement, limit_of(call));
  if (!mapped.ok()) {
    if (mapped.error() == Errno::kNOMEM) tell_memory(call, size);
    return mapped.error();
  }
  const uint64_t at = *mapped;
  const bool as_region =
      shared && (anonymous || mapping.offset + size <= AddressSpace::kMaxSharedFile);
  SysResult<Unit> filled = Unit{};
  if (as_region)
    filled = map_region(call, mapping, at, size);
  else if (mapping.file)
    filled = read_file(call, mapping, at, size);
  if (!filled.ok()) {
    (void)space.unmap(context_of(call), at, size);
    return filled.error();
  }
  if (shared && !as_region) space.share(context_of(call), at, size, mapping.file, mapping.offset);
  return static_cast<uint32_t>(at);
}

SysResult<int32_t> sys_munmap(Call& call, uint32_t address, uint32_t size) {
  TRY(space_of(call).unmap(context_of(call), address, size));
  return 0;
}

SysResult<uint32_t> sys_mremap(Call& call, uint32_t address, uint32_t old_size, uint32_t new_size,
                               uint32_t flags, uint32_t new_address) {
  constexpr uint32_t kMayMove = 1, kFixed = 2;
  (void)new_address;
  if ((flags & ~kMayMove) || address % kPage != 0 || new_size == 0 || old_size == 0) {
    if (flags & kFixed) call.kernel().log(call.process().name + ": MREMAP_FIXED is not supported");
    return Errno::kINVAL;
  }
  if (new_size > old_size && !call.kernel().has_room(new_size - old_size)) return Errno::kNOMEM;
  const auto at = space_of(call).remap(context_of(call), address, old_size, new_size,
                                       flags & kMayMove, limit_of(call));
  if (!at.ok()) {
    if (at.error() == Errno::kNOMEM && new_size > old_size) tell_memory(call, new_size - old_size);
    return at.error();
  }
  return static_cast<uint32_t>(*at);
}

SysResult<int32_t> sys_mprotect(Call& call, uint32_t address, uint32_t size, uint32_t protection) {
  if (address % kPage != 0 || (protection & ~kProtMask)) return Errno::kINVAL;
  if (!space_of(call).covers(address, size)) return Errno::kNOMEM;
  return 0;
}

SysResult<int32_t> sys_msync(Call& call, uint32_t address, uint32_t size, uint32_t flags) {
  constexpr uint32_t kAsync = 1, kInvalidate = 2, kSync = 4;
  if (address % kPage != 0 || (flags & ~(kAsync | kInvalidate | kSync))) return Errno::kINVAL;
  if ((flags & kAsync) && (flags & kSync)) return Errno::kINVAL;
  TRY(space_of(call).sync(context_of(call), address, size));
  return 0;
}

SysResult<int32_t> sys_madvise(Call& call, uint32_t address, uint32_t size, int32_t advice) {
  constexpr int32_t kDontNeed = 4, kFree = 8;
  if (address % kPage != 0) return Errno::kINVAL;
  const bool hint = (advice >= 0 && advice <= 3) || (advice >= 10 && advice <= 19) ||
                    advice == 20 || advice == 21 || advice == 25;
  if (advice != kDontNeed && advice != kFree && !hint) return Errno::kINVAL;
  if (size == 0) return 0;
  if (hint || advice == kFree) {
    if (!space_of(call).covers(address, size)) return Errno::kNOMEM;
    return 0;
  }
  TRY(space_of(call).discard(context_of(call), address, size));
  return 0;
}

SysResult<int32_t> sys_mincore(Call& call, uint32_t address, uint32_t size, UserPtr vector) {
  if (address % kPage != 0) return Errno::kINVAL;
  if (!space_of(call).covers(address, size)) return Errno::kNOMEM;
  const auto out = TRY(call.bytes_out(vector, (uint64_t{size} + kPage - 1) / kPage));
  std::fill(out.begin(), out.end(), uint8_t{1});
  return 0;
}

// Nothing of a guest is ever swapped out by its own kernel: locking is what happens anyway.
SysResult<int32_t> sys_mlock(Call& call, uint32_t address, uint32_t size) {
  const uint32_t start = address & ~static_cast<uint32_t>(kPage - 1);
  if (!space_of(call).covers(start, uint64_t{size} + (address - start))) return Errno::kNOMEM;
  return 0;
}
SysResult<int32_t> sys_mlock2(Call& call, uint32_t address, uint32_t size, uint32_t flags) {
  constexpr uint32_t kOnFault = 1;
  if (flags & ~kOnFault) return Errno::kINVAL;
  return sys_mlock(call, address, size);
}
SysResult<int32_t> sys_munlock(Call& call, uint32_t address, uint32_t size) {
  return sys_mlock(call, address, size);
}
SysResult<int32_t> sys_mlockall(Call&, uint32_t flags) {
  if (flags == 0 || flags > 7 || flags == 4) return Errno::kINVAL;
  return 0;
}
SysResult<int32_t> sys_munlockall(Call&) { return 0; }

}  // namespace cloche::kernel
