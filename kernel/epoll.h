// epoll(7): a set of watches on open files, and those of them that may be ready.
//
// As on Linux, a watch listens at its file's queue and is put on the set's ready list by a wake;
// epoll_wait asks only the files on that list. So a wake costs what is watched at that file, and a
// wait what has changed, however large the set is.
#pragma once

#include <map>
#include <memory>

#include "kernel/open_file.h"
#include "kernel/quota.h"

namespace cloche::kernel {

inline constexpr uint32_t kPollReadNormal = 0x40, kPollReadBand = 0x80, kPollWriteNormal = 0x100,
                          kPollWriteBand = 0x200, kPollMessage = 0x400;
// POLLRDNORM and POLLWRNORM go with POLLIN and POLLOUT.
inline uint32_t guest_events(uint32_t events) {
  if (events & kPollIn) events |= kPollReadNormal;
  if (events & kPollOut) events |= kPollWriteNormal;
  return events;
}

enum EpollFlags : uint32_t {
  kEpollExclusive = 1u << 28,
  kEpollWakeup = 1u << 29,
  kEpollOneShot = 1u << 30,
  kEpollEdge = 1u << 31,
  kEpollFlags = kEpollExclusive | kEpollWakeup | kEpollOneShot | kEpollEdge,
};

// struct epoll_event where 64-bit integers are aligned.
struct EpollEvent {
  uint32_t events = 0, unused = 0;
  uint64_t data = 0;
};
static_assert(sizeof(EpollEvent) == 16);

class EpollWatch;

// What the watches of all sets of one sandbox are counted by.
struct EpollQuotas {
  Ref<Quota> watches;
  Ref<Quota> nested;  // of them, those on other epoll sets
};

class EpollFile final : public AnonymousFile {
 public:
  static constexpr int kMaxDepth = 5;  // sets in a chain of sets that watch each other

  EpollFile(EpollQuotas quotas, uint32_t flags);
  ~EpollFile() override;
  FileKind kind() const override { return FileKind::kEpoll; }

  // EPOLL_CTL_ADD, MOD, DEL of `fd`, which names `file`. EEXIST, ENOENT; ENOSPC: too many watches;
  // ELOOP: `file` is a set that leads back here or too deep; EPERM: it cannot be watched.
  SysResult<Unit> add(Fd fd, OpenFile& file, const EpollEvent& event);
  SysResult<Unit> modify(Fd fd, OpenFile& file, const EpollEvent& event);
  SysResult<Unit> remove(Fd fd, OpenFile& file);

  // Hands up to `most` events to `accept`, in the order in which they came, until that says false
  // (the event is not consumed). Looks at no more than kScanned files that turn out not to be
  // ready: `more` is set when it stopped for that.
  static constexpr uint32_t kMostEvents = 4096, kScanned = 4096;
  using Accept = bool (*)(void* env, const EpollEvent& event);
  uint32_t collect(uint32_t most, void* env, Accept accept, bool& more);

  uint32_t poll() override;
  WaitQueue* wait_queue(uint32_t) override { return &queue_; }

 private:
  friend class EpollWatch;
  using Key = std::pair<OpenFile*, Fd>;
  SysResult<Unit> check_nesting(EpollFile& inner);
  bool reaches(const EpollFile& wanted) const;
  int depth_below() const;
  int depth_above() const;
  EpollWatch* find(Fd fd, OpenFile& file);
  void push_ready(EpollWatch& watch);
  void unlink_ready(EpollWatch& watch);

  const EpollQuotas quotas_;
  std::map<Key, std::unique_ptr<EpollWatch>> watches_;
  std::map<EpollFile*, uint32_t> above_;  // sets that watch this one, with how many watches
  std::map<EpollFile*, uint32_t> below_;  // the other way round
  EpollWatch *first_ready_ = nullptr, *last_ready_ = nullptr;
  uint32_t ready_count_ = 0;
  WaitQueue queue_;
};

}  // namespace cloche::kernel
