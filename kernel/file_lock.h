// File locks: POSIX record locks, open file description locks (fcntl(2)) and flock(2).
//
// The locks of one file are in one LockTable, which hangs at its inode (kernel/inode_state.h).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "kernel/open_file.h"
#include "kernel/quota.h"

namespace cloche::kernel {

class IoState;

enum class LockKind : uint8_t { kShared, kExclusive };

// A byte range [start, end), end UINT64_MAX for "to the end of the file however long it gets".
struct LockRange {
  uint64_t start = 0, end = UINT64_MAX;
  bool overlaps(const LockRange& other) const { return start < other.end && other.start < end; }
};

struct RecordLock {
  LockRange range;
  LockKind kind = LockKind::kShared;
  const void* owner = nullptr;  // a Process, or an OpenFile for OFD locks
  int32_t pid = 0;              // for F_GETLK; -1 for OFD locks
};

class LockTable {
 public:
  static constexpr size_t kMaxRecords = 4096;  // of one file

  // Records are charged to `quota`, that of all files.
  explicit LockTable(Ref<Quota> quota) : quota_(std::move(quota)) {}
  ~LockTable() { quota_->give(records_.size()); }
  LockTable(const LockTable&) = delete;
  LockTable& operator=(const LockTable&) = delete;

  // A lock of someone else that stands in the way, or null.
  const RecordLock* conflict(const LockRange& range, LockKind kind, const void* owner) const;
  // Replaces what the owner has in the range. ENOLCK beyond kMaxRecords or the quota. Check
  // conflict() first.
  SysResult<Unit> lock(const RecordLock& wanted);
  SysResult<Unit> unlock(const LockRange& range, const void* owner);
  void release_records(const void* owner);

  // flock(2): a whole-file lock of an open file description. EAGAIN when another's stands in the
  // way; as on Linux a conversion then has lost the old lock.
  SysResult<Unit> lock_file(const OpenFile* owner, LockKind kind);
  void unlock_file(const OpenFile* owner);

  WaitQueue& queue() { return queue_; }

 private:
  struct FileLock {
    const OpenFile* owner;
    LockKind kind;
  };
  std::vector<RecordLock> without(const LockRange& range, const void* owner) const;
  SysResult<Unit> replace_records(std::vector<RecordLock> records);  // ENOLCK

  Ref<Quota> quota_;
  std::vector<RecordLock> records_;
  std::vector<FileLock> file_locks_;
  WaitQueue queue_;
};

// Which process waits for whose record lock, to find deadlocks.
class LockWaits {
 public:
  // False if waiting would close a circle.
  bool add(const void* waiter, const void* holder);
  void remove(const void* waiter) { waits_.erase(waiter); }

 private:
  std::map<const void*, const void*> waits_;
};

// The locks of the file behind `file`; null if it has none yet, or is not on an inode.
LockTable* find_locks(OpenFile& file);
// Made at the first use. Errors: EINVAL for a file without an inode.
SysResult<LockTable*> locks_of(IoState& io, OpenFile& file);
// A process closed a descriptor of the file: all its record locks there end (POSIX).
void release_record_locks(OpenFile& file, Process& process);
// The description ends: its OFD and flock locks end.
void release_description_locks(OpenFile& file);

}  // namespace cloche::kernel
