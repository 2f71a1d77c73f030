#include "kernel/file_lock.h"

#include <algorithm>

#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"

namespace cloche::kernel {

const RecordLock* LockTable::conflict(const LockRange& range, LockKind kind,
                                      const void* owner) const {
  for (const RecordLock& held : records_) {
    if (held.owner == owner || !held.range.overlaps(range)) continue;
    if (kind == LockKind::kExclusive || held.kind == LockKind::kExclusive) return &held;
  }
  return nullptr;
}

// What is left of the records when the owner's part of `range` is taken out.
std::vector<RecordLock> LockTable::without(const LockRange& range, const void* owner) const {
  std::vector<RecordLock> kept;
  for (const RecordLock& held : records_) {
    if (held.owner != owner || !held.range.overlaps(range)) {
      kept.push_back(held);
      continue;
    }
    RecordLock piece = held;
    if (held.range.start < range.start) {
      piece.range = {held.range.start, range.start};
      kept.push_back(piece);
    }
    if (held.range.end > range.end) {
      piece.range = {range.end, held.range.end};
      kept.push_back(piece);
    }
  }
  return kept;
}

SysResult<Unit> LockTable::replace_records(std::vector<RecordLock> records) {
  if (records.size() > kMaxRecords) return Errno::kNOLCK;
  const size_t before = records_.size();
  if (records.size() > before && !quota_->take(records.size() - before)) return Errno::kNOLCK;
  if (records.size() < before) quota_->give(before - records.size());
  records_ = std::move(records);
  queue_.wake();
  return Unit{};
}

SysResult<Unit> LockTable::lock(const RecordLock& wanted) {
  std::vector<RecordLock> records = without(wanted.range, wanted.owner);
  RecordLock merged = wanted;
  std::erase_if(records, [&merged](const RecordLock& held) {
    if (held.owner != merged.owner || held.kind != merged.kind) return false;
    const bool touches =
        held.range.start <= merged.range.end && merged.range.start <= held.range.end;
    if (!touches) return false;
    merged.range.start = std::min(merged.range.start, held.range.start);
    merged.range.end = std::max(merged.range.end, held.range.end);
    return true;
  });
  records.push_back(merged);
  return replace_records(std::move(records));
}

SysResult<Unit> LockTable::unlock(const LockRange& range, const void* owner) {
  return replace_records(without(range, owner));
}

void LockTable::release_records(const void* owner) {
  const size_t erased =
      std::erase_if(records_, [owner](const RecordLock& held) { return held.owner == owner; });
  quota_->give(erased);
  if (erased > 0) queue_.wake();
}

SysResult<Unit> LockTable::lock_file(const OpenFile* owner, LockKind kind) {
  for (const FileLock& held : file_locks_)
    if (held.owner == owner && held.kind == kind) return Unit{};
  unlock_file(owner);
  for (const FileLock& held : file_locks_)
    if (kind == LockKind::kExclusive || held.kind == LockKind::kExclusive) return Errno::kAGAIN;
  file_locks_.push_back({owner, kind});
  return Unit{};
}

void LockTable::unlock_file(const OpenFile* owner) {
  const size_t erased =
      std::erase_if(file_locks_, [owner](const FileLock& held) { return held.owner == owner; });
  if (erased > 0) queue_.wake();
}

bool LockWaits::add(const void* waiter, const void* holder) {
  const void* next = holder;
  while (next != waiter) {
    const auto found = waits_.find(next);
    if (found == waits_.end()) {
      waits_[waiter] = holder;
      return true;
    }
    next = found->second;
  }
  return false;
}

LockTable* find_locks(OpenFile& file) {
  const vfs::InodeRef& inode = file.location().inode;
  InodeState* state = inode ? find_state(*inode) : nullptr;
  return state ? state->locks.get() : nullptr;
}

SysResult<LockTable*> locks_of(IoState& io, OpenFile& file) {
  const vfs::InodeRef& inode = file.location().inode;
  if (!inode) return Errno::kINVAL;
  InodeState& state = state_of(*inode);
  if (!state.locks) state.locks = std::make_unique<LockTable>(io.lock_records());
  return state.locks.get();
}

void release_record_locks(OpenFile& file, Process& process) {
  if (process.kernel) process.kernel->io().lock_waits().remove(&process);
  if (LockTable* table = find_locks(file)) table->release_records(&process);
}

void release_description_locks(OpenFile& file) {
  LockTable* table = find_locks(file);
  if (!table) return;
  table->release_records(&file);
  table->unlock_file(&file);
}

}  // namespace cloche::kernel
