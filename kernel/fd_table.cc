#include <algorithm>

#include "kernel/open_file.h"

namespace cloche::kernel {
namespace {

size_t index_of(Fd fd) { return static_cast<size_t>(static_cast<int32_t>(fd)); }

}  // namespace

SysResult<FileRef> FdTable::get_any(Fd fd) const {
  // A negative number becomes an index beyond every table.
  const size_t index = index_of(fd);
  if (index >= entries_.size() || !entries_[index].file) return Errno::kBADF;
  return entries_[index].file;
}

SysResult<FileRef> FdTable::get(Fd fd) const {
  FileRef file = TRY(get_any(fd));
  if (file->flags() & kPath) return Errno::kBADF;
  return file;
}

SysResult<uint32_t> FdTable::lowest_free(uint32_t minimum, uint32_t limit) const {
  uint32_t number = std::max(minimum, first_free_);
  while (number < entries_.size() && entries_[number].file) ++number;
  if (number >= limit) return Errno::kMFILE;
  return number;
}

SysResult<Unit> FdTable::check_room(uint32_t count, uint32_t limit) const {
  uint32_t from = 0;
  for (uint32_t i = 0; i < count; ++i)
    from = TRY(lowest_free(from, std::min(limit, kHardLimit))) + 1;
  return Unit{};
}

SysResult<Fd> FdTable::add(FileRef file, bool close_on_exec, uint32_t minimum, uint32_t limit) {
  limit = std::min(limit, kHardLimit);
  if (minimum >= limit) return minimum == 0 ? Errno::kMFILE : Errno::kINVAL;
  const uint32_t number = TRY(lowest_free(minimum, limit));
  if (number >= entries_.size()) entries_.resize(number + 1);
  entries_[number] = {std::move(file), close_on_exec};
  ++open_count_;
  if (number == first_free_) ++first_free_;
  return Fd{static_cast<int32_t>(number)};
}

SysResult<Unit> FdTable::set(Fd fd, FileRef file, bool close_on_exec, uint32_t limit,
                             Process& owner) {
  const size_t index = index_of(fd);
  if (index >= std::min(limit, kHardLimit)) return Errno::kBADF;
  if (index >= entries_.size()) entries_.resize(index + 1);
  Entry old = std::exchange(entries_[index], Entry{std::move(file), close_on_exec});
  if (old.file)
    old.file->descriptor_closed(owner);
  else
    ++open_count_;
  return Unit{};
}

SysResult<Unit> FdTable::close(Fd fd, Process& owner) {
  TRY(get_any(fd));
  const size_t index = index_of(fd);
  // The number is free before the file's own clean-up runs.
  Entry old = std::exchange(entries_[index], Entry{});
  --open_count_;
  first_free_ = std::min(first_free_, static_cast<uint32_t>(index));
  old.file->descriptor_closed(owner);
  return Unit{};
}

SysResult<bool> FdTable::close_on_exec(Fd fd) const {
  TRY(get_any(fd));
  return entries_[index_of(fd)].close_on_exec;
}

SysResult<Unit> FdTable::set_close_on_exec(Fd fd, bool on) {
  TRY(get_any(fd));
  entries_[index_of(fd)].close_on_exec = on;
  return Unit{};
}

void FdTable::close_for_exec(Process& owner) {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].file && entries_[i].close_on_exec)
      (void)close(Fd{static_cast<int32_t>(i)}, owner);
}

void FdTable::close_range(uint32_t first, uint32_t last, Process& owner) {
  for (size_t i = first; i < entries_.size() && i <= last; ++i)
    if (entries_[i].file) (void)close(Fd{static_cast<int32_t>(i)}, owner);
}

void FdTable::close_range_on_exec(uint32_t first, uint32_t last) {
  for (size_t i = first; i < entries_.size() && i <= last; ++i) entries_[i].close_on_exec = true;
}

void FdTable::close_all(Process& owner) {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].file) (void)close(Fd{static_cast<int32_t>(i)}, owner);
  entries_.clear();
  first_free_ = 0;
}

void FdTable::make_gap(uint32_t first, uint32_t count, uint32_t limit, Process& owner) {
  if (first < entries_.size()) {
    entries_.insert(entries_.begin() + first, count, Entry{});
    close_range(std::min(limit, kHardLimit), UINT32_MAX, owner);
    entries_.resize(std::min<size_t>(entries_.size(), kHardLimit));
  }
  first_free_ = std::min(first_free_, first);
}

std::unique_ptr<FdTable> FdTable::copy() const {
  auto table = std::make_unique<FdTable>();
  table->entries_ = entries_;
  table->first_free_ = first_free_;
  table->open_count_ = open_count_;
  return table;
}

void FdTable::for_each(void* env, void (*visit)(void* env, int32_t fd, const FileRef& file)) const {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].file) visit(env, static_cast<int32_t>(i), entries_[i].file);
}

}  // namespace cloche::kernel
