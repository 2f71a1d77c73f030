#include "kernel/directory_file.h"

#include <cstring>

#include "kernel/file_lock.h"
#include "kernel/inode_state.h"
#include "kernel/notify.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kFirstEntry = 2;

uint8_t dirent_type(vfs::FileType type) {
  switch (type) {
    case vfs::FileType::kFifo:
      return 1;
    case vfs::FileType::kCharDevice:
      return 2;
    case vfs::FileType::kDirectory:
      return 4;
    case vfs::FileType::kBlockDevice:
      return 6;
    case vfs::FileType::kRegular:
      return 8;
    case vfs::FileType::kSymlink:
      return 10;
    case vfs::FileType::kSocket:
      return 12;
  }
  return 0;
}

// Writes struct linux_dirent64 records: u64 ino, i64 next offset, u16 record length, u8 type, name.
struct RecordWriter {
  static constexpr size_t kHeader = 19;
  std::span<uint8_t> out;
  size_t used = 0;
  uint64_t position = 0;  // after the last record written
  bool full = false;

  bool add(std::string_view name, uint64_t ino, vfs::FileType type, uint64_t next) {
    const size_t size = (kHeader + name.size() + 1 + 7) & ~size_t{7};
    if (size > out.size() - used) {
      full = true;
      return false;
    }
    uint8_t* record = out.data() + used;
    const auto length = static_cast<uint16_t>(size);
    std::memset(record, 0, size);
    std::memcpy(record, &ino, 8);
    std::memcpy(record + 8, &next, 8);
    std::memcpy(record + 16, &length, 2);
    record[18] = dirent_type(type);
    std::memcpy(record + kHeader, name.data(), name.size());
    used += size;
    position = next;
    return true;
  }

  static bool accept(void* env, const vfs::DirEntry& entry) {
    return static_cast<RecordWriter*>(env)->add(entry.name, entry.ino, entry.type,
                                                kFirstEntry + entry.next);
  }
};

uint64_t inode_number(const vfs::Location& location, uint64_t otherwise) {
  const auto stat = location.inode->stat();
  return stat.ok() ? stat->ino : otherwise;
}

}  // namespace

DirectoryFile::~DirectoryFile() {
  release_description_locks(*this);
  notify_file(location_, kNotifyCloseOther);
}

SysResult<uint64_t> DirectoryFile::list(std::span<uint8_t> out) {
  RecordWriter writer{out, 0, position_, false};
  if (position_ < kFirstEntry) {
    const uint64_t own = TRY(location_.inode->stat()).ino;
    const auto above = names_.parent(location_);
    if (position_ == 0) writer.add(".", own, vfs::FileType::kDirectory, 1);
    if (writer.position == 1)
      writer.add("..", above.ok() ? inode_number(*above, own) : own, vfs::FileType::kDirectory,
                 kFirstEntry);
  }
  const size_t dots = writer.used;
  if (writer.position >= kFirstEntry) {
    const auto listed =
        location_.inode->readdir(writer.position - kFirstEntry, &writer, &RecordWriter::accept);
    if (!listed.ok() && writer.used == dots) return listed.error();
  }
  if (writer.used == 0 && writer.full) return Errno::kINVAL;
  position_ = writer.position;
  return writer.used;
}

SysResult<uint64_t> DirectoryFile::seek(int64_t offset, uint32_t whence) {
  constexpr uint32_t kSet = 0, kCurrent = 1;
  if (whence > kCurrent) return Errno::kINVAL;
  const int64_t base = whence == kSet ? 0 : static_cast<int64_t>(position_);
  int64_t target = 0;
  if (__builtin_add_overflow(base, offset, &target) || target < 0) return Errno::kINVAL;
  position_ = static_cast<uint64_t>(target);
  return position_;
}

std::string DirectoryFile::describe() const {
  return describe_location(&names_, location_, "directory");
}

}  // namespace cloche::kernel
