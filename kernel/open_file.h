// Open file descriptions: what a file descriptor names. One class a kind, each in its own file.
//
// Objects never block. An operation that cannot go on now gives EAGAIN; the system call layer
// (kernel/syscalls/io.cc) then gives EAGAIN to the guest (O_NONBLOCK) or blocks on wait_queue() and
// tries again. State changes wake the queue.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ref.h"
#include "kernel/call.h"
#include "vfs/walk.h"

namespace cloche::kernel {

// Events of poll(2).
inline constexpr uint32_t kPollIn = 1, kPollPri = 2, kPollOut = 4, kPollErr = 8, kPollHup = 16,
                          kPollNval = 32, kPollRdHup = 0x2000;

// Linux O_* numbers, asm-generic.
enum OpenFlags : uint32_t {
  kAccessMode = 3,
  kReadOnly = 0,
  kWriteOnly = 1,
  kReadWrite = 2,
  kCreate = 0100,
  kExclusive = 0200,
  kNoCtty = 0400,
  kTruncate = 01000,
  kAppend = 02000,
  kNonBlock = 04000,
  kDsync = 010000,
  kAsync = 020000,
  kDirect = 040000,
  kLargeFile = 0100000,
  kDirectory = 0200000,
  kNoFollow = 0400000,
  kNoAtime = 01000000,
  kCloseOnExec = 02000000,
  kPath = 010000000,
  kTmpFile = 020000000 | kDirectory,
};

// Which class an OpenFile is, for the few calls that are about one kind only.
enum class FileKind : uint8_t {
  kOther,
  kPath,
  kRegular,
  kDirectory,
  kPipe,
  kTerminal,
  kTerminalMaster,
  kSocket,
  kEvent,
  kEpoll,
  kTimer,
  kSignals,
  kProcess,
  kNotify,
  kHost,
};

class OpenFile;

// Something that hangs at an open file without keeping it open, and is told of its end.
class FileWatch {
 public:
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  // The file is gone, but for its address. Ends this.
  virtual void file_gone() = 0;

 protected:
  explicit FileWatch(OpenFile& file);
  ~FileWatch();
  OpenFile& file() const { return file_; }

 private:
  OpenFile& file_;
  FileWatch *previous_ = nullptr, *next_;
};

class OpenFile : public RefCounted {
 public:
  explicit OpenFile(uint32_t flags) : flags_(flags) {}
  virtual FileKind kind() const { return FileKind::kOther; }

  uint32_t flags() const { return flags_; }  // access mode and status flags
  void set_flags(uint32_t flags) { flags_ = flags; }
  // Access mode 3 (for ioctl only) is neither.
  bool readable() const { return opened_for(kReadOnly); }
  bool writable() const { return opened_for(kWriteOnly); }

  // The file position is this description's own. 0 bytes read = end of file. A file that must be
  // tried again at some time even when nothing happens (VTIME of a terminal) sets
  // call.scratch().deadline before it gives EAGAIN.
  virtual SysResult<uint64_t> read(Call& call, std::span<uint8_t> out);
  virtual SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in);
  virtual SysResult<uint64_t> read_at(Call& call, uint64_t offset,
                                      std::span<uint8_t> out);  // ESPIPE
  virtual SysResult<uint64_t> write_at(Call& call, uint64_t offset, std::span<const uint8_t> in);
  virtual SysResult<uint64_t> seek(int64_t offset, uint32_t whence);  // ESPIPE
  virtual SysResult<Unit> truncate(uint64_t size);                    // EINVAL
  virtual SysResult<Unit> sync() { return Errno::kINVAL; }
  virtual SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument);  // ENOTTY
  virtual SysResult<vfs::Stat> stat() = 0;

  // Which events hold now; and where a change is announced (null: always ready).
  virtual uint32_t poll() { return kPollIn | kPollOut; }
  // `wanted`: what the caller is about to wait for, beside errors and hang-up.
  virtual WaitQueue* wait_queue([[maybe_unused]] uint32_t wanted) { return nullptr; }
  // Whether epoll takes it. Files without a queue of their own that it takes are always ready.
  virtual bool can_be_watched() const { return true; }
  // Changes when somebody tries to read or write, where readiness comes from the host: one who was
  // told of it need not be told again before.
  virtual uint64_t activity() const { return 0; }

  // What a path walk reached, for files, directories and devices opened by path; else empty.
  virtual const vfs::Location& location() const;
  virtual std::string describe() const = 0;  // for /proc/self/fd: "/tmp/a", "pipe:[12]"
  // Called when a descriptor (not the description) is closed: POSIX record locks end here.
  virtual void descriptor_closed(Process& process);

 protected:
  bool opened_for(uint32_t access) const {
    const uint32_t mode = flags_ & kAccessMode;
    return (flags_ & kPath) == 0 && (mode == access || mode == kReadWrite);
  }
  ~OpenFile() override;
  uint32_t flags_;

 private:
  friend class FileWatch;
  FileWatch* watches_ = nullptr;
};

// A file of no file system that is not a pipe or a socket: an event counter, a timer, and so on.
class AnonymousFile : public OpenFile {
 public:
  AnonymousFile(const char* label, uint32_t flags) : OpenFile(flags), label_(label) {}
  SysResult<vfs::Stat> stat() override;
  std::string describe() const override { return std::string("anon_inode:") + label_; }

 private:
  const char* const label_;
};

using FileRef = Ref<OpenFile>;

// Per process, shared by its threads. fork copies the entries and shares the descriptions.
class FdTable {
 public:
  static constexpr uint32_t kHardLimit = 65536;

  SysResult<FileRef> get(Fd fd) const;      // EBADF (also for O_PATH: see get_any)
  SysResult<FileRef> get_any(Fd fd) const;  // O_PATH descriptors too
  // EMFILE unless `count` more descriptors fit below `limit`: for calls with effects before add().
  SysResult<Unit> check_room(uint32_t count, uint32_t limit) const;
  // Lowest free number >= minimum and < limit. EMFILE; EINVAL for minimum >= limit.
  SysResult<Fd> add(FileRef file, bool close_on_exec, uint32_t minimum, uint32_t limit);
  SysResult<Unit> set(Fd fd, FileRef file, bool close_on_exec, uint32_t limit, Process& owner);
  SysResult<Unit> close(Fd fd, Process& owner);
  SysResult<bool> close_on_exec(Fd fd) const;
  SysResult<Unit> set_close_on_exec(Fd fd, bool on);
  void close_for_exec(Process& owner);
  // All that are open of `first` to `last`, both included.
  void close_range(uint32_t first, uint32_t last, Process& owner);
  void close_range_on_exec(uint32_t first, uint32_t last);
  void close_all(Process& owner);
  // Moves all from number `first` on up by `count`; those that pass `limit` are closed.
  void make_gap(uint32_t first, uint32_t count, uint32_t limit, Process& owner);
  std::unique_ptr<FdTable> copy() const;
  uint32_t open_count() const { return open_count_; }
  // Calls visit(fd, file) in ascending order.
  void for_each(void* env, void (*visit)(void* env, int32_t fd, const FileRef& file)) const;

 private:
  struct Entry {
    FileRef file;
    bool close_on_exec = false;
  };
  SysResult<uint32_t> lowest_free(uint32_t minimum, uint32_t limit) const;  // EMFILE

  std::vector<Entry> entries_;
  uint32_t first_free_ = 0;  // no number below it is free
  uint32_t open_count_ = 0;  // entries with a file
};

}  // namespace cloche::kernel
