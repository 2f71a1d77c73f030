// inotify(7): what the processes of this tree of sandboxes do to files, as something to read.
//
// Watches hang at inodes (kernel/inode_state.h), so whoever changes a file through the same file
// system is seen, by whatever name. Changes that the host makes by itself are not.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "kernel/open_file.h"
#include "kernel/quota.h"
#include "vfs/ops.h"

namespace cloche::kernel {

enum NotifyEvents : uint32_t {
  kNotifyAccess = 1,
  kNotifyModify = 2,
  kNotifyAttributes = 4,
  kNotifyCloseWrite = 8,
  kNotifyCloseOther = 0x10,
  kNotifyOpen = 0x20,
  kNotifyMovedFrom = 0x40,
  kNotifyMovedTo = 0x80,
  kNotifyCreate = 0x100,
  kNotifyDelete = 0x200,
  kNotifyDeleteSelf = 0x400,
  kNotifyMoveSelf = 0x800,
  kNotifyAll = 0xfff,
  kNotifyOverflow = 0x4000,
  kNotifyIgnored = 0x8000,
  kNotifyOnlyDirectory = 0x01000000,
  kNotifyDontFollow = 0x02000000,
  kNotifyExcludeUnlinked = 0x04000000,
  kNotifyMaskCreate = 0x10000000,
  kNotifyMaskAdd = 0x20000000,
  kNotifyIsDirectory = 0x40000000,
  kNotifyOneShot = 0x80000000,
};

class NotifyFile;

// What the instances of one sandbox are counted by.
struct NotifyQuotas {
  Ref<Quota> instances, watches;
  Ref<Quota> bytes;  // of events that nobody has read yet
};

// One watched inode of one instance.
class NotifyWatch {
 public:
  NotifyWatch(NotifyFile& owner, int32_t number, vfs::InodeRef inode, uint32_t mask);
  ~NotifyWatch();
  NotifyWatch(const NotifyWatch&) = delete;
  NotifyWatch& operator=(const NotifyWatch&) = delete;
  NotifyFile& owner() const { return owner_; }
  int32_t number() const { return number_; }
  const vfs::InodeRef& inode() const { return inode_; }
  uint32_t mask = 0;  // with the flags that stay: kNotifyOneShot

 private:
  NotifyFile& owner_;
  const int32_t number_;
  const vfs::InodeRef inode_;
};

class NotifyFile final : public AnonymousFile {
 public:
  static constexpr size_t kMaxEvents = 16'384;  // not read; then kNotifyOverflow, once

  // One instance was taken for it; it gives that back.
  NotifyFile(NotifyQuotas quotas, uint32_t flags);
  ~NotifyFile() override;
  FileKind kind() const override { return FileKind::kNotify; }

  // The number of the watch, which is the one that the inode has already. ENOSPC; EEXIST with
  // kNotifyMaskCreate.
  SysResult<int32_t> watch(const vfs::InodeRef& inode, uint32_t mask);
  SysResult<Unit> forget(int32_t number);  // EINVAL: there is none
  // For the host, in place of read(): the next event, if there is one.
  struct Seen {
    uint32_t mask;
    std::string name;
  };
  std::optional<Seen> take();
  // `watch` is one of this instance; may end it.
  void tell(NotifyWatch& watch, uint32_t event, uint32_t cookie, std::string_view name);

  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;  // EINVAL: too small
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  uint32_t poll() override { return events_.empty() ? 0 : kPollIn; }
  WaitQueue* wait_queue(uint32_t) override { return &queue_; }

 private:
  struct Event {
    int32_t watch;
    uint32_t mask, cookie;
    std::string name;
    uint32_t size() const;  // as the guest reads it
    uint64_t cost() const { return sizeof(Event) + name.size(); }
  };
  void push(Event event);
  void pop();
  void end(NotifyWatch& watch);

  const NotifyQuotas quotas_;
  std::map<int32_t, std::unique_ptr<NotifyWatch>> watches_;
  int32_t last_number_ = 0;
  std::deque<Event> events_;
  WaitQueue queue_;
};

// Something happened to the file: told to who watches it, and to who watches its directory.
void notify_file(const vfs::Location& file, uint32_t event);
// To the inode itself only.
void notify_inode(vfs::Inode& inode, uint32_t event);

// Tells of the changes of names.
class NotifyNames final : public vfs::NameObserver {
 public:
  void created(vfs::Inode& directory, std::string_view name, vfs::Inode& made) override;
  void linked(vfs::Inode& directory, std::string_view name, vfs::Inode& target) override;
  void removed(vfs::Inode& directory, std::string_view name, vfs::Inode& victim) override;
  void renamed(const vfs::NameChange& from, const vfs::NameChange& to, vfs::Inode& source,
               vfs::Inode* replaced) override;

 private:
  uint32_t last_cookie_ = 0;
};

}  // namespace cloche::kernel
