// fcntl64(2) and flock(2).
#include "kernel/file_lock.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/pipe.h"
#include "kernel/regular_file.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/handlers.h"

namespace cloche::kernel {
namespace {

enum FcntlCommand : uint32_t {
  kDupFd = 0,
  kGetFd = 1,
  kSetFd = 2,
  kGetFl = 3,
  kSetFl = 4,
  kGetLk = 5,
  kSetLk = 6,
  kSetLkW = 7,  // the same as the 64-bit ones: off_t has one size only
  kSetOwn = 8,
  kGetOwn = 9,
  kSetSig = 10,
  kGetSig = 11,
  kGetLk64 = 12,
  kSetLk64 = 13,
  kSetLkW64 = 14,
  kSetOwnEx = 15,
  kGetOwnEx = 16,
  kOfdGetLk = 36,
  kOfdSetLk = 37,
  kOfdSetLkW = 38,
  kDupFdCloseOnExec = 1030,
  kSetPipeSize = 1031,
  kGetPipeSize = 1032,
  kAddSeals = 1033,
  kGetSeals = 1034,
};

constexpr int32_t kFdCloseOnExec = 1;
constexpr uint32_t kSettableFlags = kAppend | kNonBlock | kAsync | kDirect | kNoAtime;

// struct flock of the guest ABI.
struct FileLockArgument {
  int16_t type, whence;
  int32_t pad0;
  int64_t start, length;
  int32_t pid, pad1;
};
static_assert(sizeof(FileLockArgument) == 32);
enum : int16_t { kReadLock = 0, kWriteLock = 1, kUnlock = 2 };

enum class OwnedBy : uint8_t { kProcess, kDescription };
enum class Wait : uint8_t { kNo, kYes };

// The range a struct flock means. EINVAL, EOVERFLOW.
SysResult<LockRange> lock_range(OpenFile& file, const FileLockArgument& lock) {
  enum : int16_t { kSet, kCurrent, kEnd };
  int64_t base = 0;
  if (lock.whence == kCurrent && file.kind() == FileKind::kRegular)
    base = static_cast<int64_t>(static_cast<RegularFile&>(file).position());
  else if (lock.whence == kEnd)
    base = static_cast<int64_t>(TRY(file.stat()).size);
  else if (lock.whence != kSet && lock.whence != kCurrent)
    return Errno::kINVAL;
  int64_t start = 0, end = 0;
  if (__builtin_add_overflow(base, lock.start, &start)) return Errno::kOVERFLOW;
  if (start < 0) return Errno::kINVAL;
  if (lock.length == 0) return LockRange{static_cast<uint64_t>(start), UINT64_MAX};
  if (__builtin_add_overflow(start, lock.length, &end)) return Errno::kOVERFLOW;
  if (lock.length < 0) std::swap(start, end);
  if (start < 0) return Errno::kINVAL;
  return LockRange{static_cast<uint64_t>(start), static_cast<uint64_t>(end)};
}

RecordLock wanted_lock(Call& call, OpenFile& file, LockRange range, LockKind kind,
                       OwnedBy owned_by) {
  RecordLock lock;
  lock.range = range;
  lock.kind = kind;
  const bool by_process = owned_by == OwnedBy::kProcess;
  lock.owner = by_process ? static_cast<const void*>(&call.process()) : &file;
  lock.pid = by_process ? call.process().pid : -1;
  return lock;
}

SysResult<int32_t> get_lock(Call& call, OpenFile& file, UserPtr argument, OwnedBy owned_by) {
  auto lock = TRY(call.get<FileLockArgument>(argument));
  if (lock.type != kReadLock && lock.type != kWriteLock) return Errno::kINVAL;
  if (owned_by == OwnedBy::kDescription && lock.pid != 0) return Errno::kINVAL;
  const LockRange range = TRY(lock_range(file, lock));
  const LockKind kind = lock.type == kReadLock ? LockKind::kShared : LockKind::kExclusive;
  const RecordLock wanted = wanted_lock(call, file, range, kind, owned_by);
  LockTable* table = find_locks(file);
  const RecordLock* held = table ? table->conflict(range, kind, wanted.owner) : nullptr;
  if (!held) {
    lock.type = kUnlock;
  } else {
    lock.type = held->kind == LockKind::kShared ? kReadLock : kWriteLock;
    lock.whence = 0;
    lock.start = static_cast<int64_t>(held->range.start);
    lock.length = held->range.end == UINT64_MAX
                      ? 0
                      : static_cast<int64_t>(held->range.end - held->range.start);
    lock.pid = held->pid;
  }
  TRY(call.put(argument, lock));
  return 0;
}

SysResult<int32_t> wait_for_lock(Call& call, const FileRef& file, LockTable& table,
                                 const RecordLock& wanted, const RecordLock& held,
                                 OwnedBy owned_by) {
  LockWaits& waits = call.kernel().io().lock_waits();
  if (owned_by == OwnedBy::kProcess && !waits.add(wanted.owner, held.owner)) return Errno::kDEADLK;
  call.scratch().object = file;
  const Errno result = call.block({&table.queue()});
  if (result != Errno::kSUSPEND) waits.remove(wanted.owner);
  return result;
}

SysResult<int32_t> set_lock(Call& call, const FileRef& file, UserPtr argument, OwnedBy owned_by,
                            Wait wait) {
  call.kernel().io().lock_waits().remove(&call.process());
  const auto lock = TRY(call.get<FileLockArgument>(argument));
  if (owned_by == OwnedBy::kDescription && lock.pid != 0) return Errno::kINVAL;
  const LockRange range = TRY(lock_range(*file, lock));
  if (lock.type == kReadLock && !file->readable()) return Errno::kBADF;
  if (lock.type == kWriteLock && !file->writable()) return Errno::kBADF;
  if (lock.type < kReadLock || lock.type > kUnlock) return Errno::kINVAL;
  LockTable* table = TRY(locks_of(call.kernel().io(), *file));
  const LockKind kind = lock.type == kReadLock ? LockKind::kShared : LockKind::kExclusive;
  const RecordLock wanted = wanted_lock(call, *file, range, kind, owned_by);
  if (lock.type == kUnlock) {
    TRY(table->unlock(range, wanted.owner));
    return 0;
  }
  if (const RecordLock* held = table->conflict(range, kind, wanted.owner)) {
    if (wait == Wait::kNo) return Errno::kAGAIN;
    return wait_for_lock(call, file, *table, wanted, *held, owned_by);
  }
  TRY(table->lock(wanted));
  return 0;
}

SysResult<int32_t> pipe_size(Call& call, OpenFile& file, uint32_t command, uint32_t argument) {
  if (file.kind() != FileKind::kPipe) return Errno::kBADF;
  Pipe& pipe = static_cast<PipeEnd&>(file).pipe();
  if (command == kGetPipeSize) return static_cast<int32_t>(pipe.capacity());
  if (argument > INT32_MAX) return Errno::kINVAL;
  if (argument > call.kernel().io().max_pipe_capacity()) return Errno::kPERM;
  return static_cast<int32_t>(TRY(pipe.set_capacity(argument)));
}

SysResult<int32_t> duplicate(Call& call, FileRef file, uint32_t minimum, bool close_on_exec) {
  Process& process = call.process();
  const uint32_t limit = descriptor_limit(process);
  if (minimum >= limit) return Errno::kINVAL;
  return static_cast<int32_t>(
      TRY(process.fds->add(std::move(file), close_on_exec, minimum, limit)));
}

// Those that O_PATH descriptors answer too.
bool works_on_path(uint32_t command) {
  return command == kDupFd || command == kDupFdCloseOnExec || command == kGetFd ||
         command == kSetFd || command == kGetFl;
}

}  // namespace

SysResult<int32_t> sys_fcntl64(Call& call, Fd fd, uint32_t command, UserPtr pointer) {
  const uint32_t argument = pointer.address;
  FdTable& fds = *call.process().fds;
  const FileRef file = TRY(works_on_path(command) ? fds.get_any(fd) : file_of(call, fd));
  switch (command) {
    case kDupFd:
    case kDupFdCloseOnExec:
      return duplicate(call, file, argument, command == kDupFdCloseOnExec);
    case kGetFd:
      return TRY(fds.close_on_exec(fd)) ? kFdCloseOnExec : 0;
    case kSetFd:
      TRY(fds.set_close_on_exec(fd, (argument & kFdCloseOnExec) != 0));
      return 0;
    case kGetFl:
      return static_cast<int32_t>(file->flags());
    case kSetFl:
      file->set_flags((file->flags() & ~kSettableFlags) | (argument & kSettableFlags));
      return 0;
    case kGetLk:
    case kGetLk64:
      return get_lock(call, *file, pointer, OwnedBy::kProcess);
    case kSetLk:
    case kSetLk64:
      return set_lock(call, file, pointer, OwnedBy::kProcess, Wait::kNo);
    case kSetLkW:
    case kSetLkW64:
      return set_lock(call, file, pointer, OwnedBy::kProcess, Wait::kYes);
    case kOfdGetLk:
      return get_lock(call, *file, pointer, OwnedBy::kDescription);
    case kOfdSetLk:
      return set_lock(call, file, pointer, OwnedBy::kDescription, Wait::kNo);
    case kOfdSetLkW:
      return set_lock(call, file, pointer, OwnedBy::kDescription, Wait::kYes);
    case kSetPipeSize:
    case kGetPipeSize:
      return pipe_size(call, *file, command, argument);
    case kSetOwn:
    case kSetSig:
    case kSetOwnEx:
    case kGetOwn:
    case kGetSig:
      return 0;  // signal-driven I/O never happens, so its settings are accepted and dropped
    default:
      return Errno::kINVAL;
  }
}

SysResult<int32_t> sys_flock(Call& call, Fd fd, uint32_t operation) {
  enum : uint32_t { kSharedLock = 1, kExclusiveLock = 2, kNoWait = 4, kUnlockFile = 8 };
  const FileRef file = TRY(file_of(call, fd));
  const uint32_t kind = operation & ~uint32_t{kNoWait};
  if (kind != kSharedLock && kind != kExclusiveLock && kind != kUnlockFile) return Errno::kINVAL;
  LockTable* table = TRY(locks_of(call.kernel().io(), *file));
  if (kind == kUnlockFile) {
    table->unlock_file(file.get());
    return 0;
  }
  const auto locked =
      table->lock_file(file.get(), kind == kSharedLock ? LockKind::kShared : LockKind::kExclusive);
  if (locked.ok()) return 0;
  if (operation & kNoWait) return locked.error();
  call.scratch().object = file;
  return call.block({&table->queue()});
}

}  // namespace cloche::kernel
