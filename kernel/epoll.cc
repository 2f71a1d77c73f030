#include "kernel/epoll.h"

#include <algorithm>
#include <set>
#include <vector>

namespace cloche::kernel {

// One file in one set. Listens at the file's queue, hangs at the file without holding it, and is on
// the set's ready list when the file may be ready.
class EpollWatch final : public WaitListener, public FileWatch {
 public:
  EpollWatch(EpollFile& set, Fd fd, OpenFile& file) : FileWatch(file), set_(set), fd_(fd) {}
  ~EpollWatch() {
    set_.unlink_ready(*this);
    if (inner_) uncount_nesting();
    set_.quotas_.watches->give(1);
  }

  using FileWatch::file;
  Fd fd() const { return fd_; }
  bool one_shot() const { return (event_.events & kEpollOneShot) != 0; }
  bool edge() const { return (event_.events & kEpollEdge) != 0; }
  bool exclusive() const override { return (event_.events & kEpollExclusive) != 0; }

  // Errors and hang-up are always wanted, but not by a watch whose one shot is spent.
  void set(const EpollEvent& event) {
    event_ = event;
    event_.events |= kPollErr | kPollHup;
    reported_ = false;
  }
  void disarm() { event_.events &= kEpollFlags; }

  void watch_set(EpollFile& inner) {
    inner_ = &inner;
    ++inner.above_[&set_];
    ++set_.below_[&inner];
  }

  // What the set's owner asked for and the file has now.
  EpollEvent look() {
    EpollEvent found;
    found.events = guest_events(file().poll()) & event_.events & ~uint32_t{kEpollFlags};
    found.data = event_.data;
    return found;
  }
  void reported() {
    reported_ = true;
    activity_ = file().activity();
  }

  bool notify(uint32_t events, WakeRound& round) override {
    if (!(event_.events & ~uint32_t{kEpollFlags} & guest_events(events))) return false;
    set_.push_ready(*this);
    const bool wakes = !set_.queue_.empty();
    round.add(set_.queue_);
    return wakes;
  }
  uint32_t wanted() const override {
    if (linked_) return 0;
    if (edge() && reported_ && file().activity() == activity_) return 0;
    return event_.events & ~uint32_t{kEpollFlags};
  }
  void file_gone() override {
    inner_ = nullptr;  // that end of the nesting ends by itself
    set_.watches_.erase({&file(), fd_});
  }

 private:
  friend class EpollFile;
  static void drop_one(std::map<EpollFile*, uint32_t>& sets, EpollFile* set) {
    const auto found = sets.find(set);
    if (--found->second == 0) sets.erase(found);
  }
  void uncount_nesting() {
    drop_one(inner_->above_, &set_);
    drop_one(set_.below_, inner_);
    set_.quotas_.nested->give(1);
  }

  EpollFile& set_;
  const Fd fd_;
  EpollFile* inner_ = nullptr;  // the file, when it is a set
  EpollEvent event_;
  bool reported_ = false;  // since it was set
  uint64_t activity_ = 0;  // of the file, then
  EpollWatch *previous_ready_ = nullptr, *next_ready_ = nullptr;
  bool linked_ = false;
};

EpollFile::EpollFile(EpollQuotas quotas, uint32_t flags)
    : AnonymousFile("[eventpoll]", kReadWrite | (flags & kNonBlock)), quotas_(std::move(quotas)) {}

EpollFile::~EpollFile() {
  for (const auto& [set, count] : above_) {
    set->below_.erase(this);
    set->quotas_.nested->give(count);
  }
  watches_.clear();
}

EpollWatch* EpollFile::find(Fd fd, OpenFile& file) {
  const auto found = watches_.find({&file, fd});
  return found == watches_.end() ? nullptr : found->second.get();
}

// --- the ready list

void EpollFile::push_ready(EpollWatch& watch) {
  if (watch.linked_) return;
  watch.linked_ = true;
  watch.previous_ready_ = last_ready_;
  watch.next_ready_ = nullptr;
  (last_ready_ ? last_ready_->next_ready_ : first_ready_) = &watch;
  last_ready_ = &watch;
  ++ready_count_;
}

void EpollFile::unlink_ready(EpollWatch& watch) {
  if (!watch.linked_) return;
  watch.linked_ = false;
  (watch.previous_ready_ ? watch.previous_ready_->next_ready_ : first_ready_) = watch.next_ready_;
  (watch.next_ready_ ? watch.next_ready_->previous_ready_ : last_ready_) = watch.previous_ready_;
  --ready_count_;
}

uint32_t EpollFile::collect(uint32_t most, void* env, Accept accept, bool& more) {
  uint32_t found = 0, scanned = 0;
  more = false;
  // Each that is on the list now is looked at once.
  for (uint32_t left = ready_count_; left > 0 && found < most; --left) {
    EpollWatch& watch = *first_ready_;
    const EpollEvent event = watch.look();
    if (event.events == 0) {
      unlink_ready(watch);
      if (++scanned < kScanned) continue;
      more = first_ready_ != nullptr;
      break;
    }
    if (!accept(env, event)) break;
    unlink_ready(watch);
    watch.reported();
    ++found;
    if (watch.one_shot())
      watch.disarm();
    else if (!watch.edge())
      push_ready(watch);
  }
  return found;
}

uint32_t EpollFile::poll() {
  while (first_ready_) {
    if (first_ready_->look().events != 0) return kPollIn;
    unlink_ready(*first_ready_);
  }
  return 0;
}

// --- watches

SysResult<Unit> EpollFile::add(Fd fd, OpenFile& file, const EpollEvent& event) {
  auto* const inner = file.kind() == FileKind::kEpoll ? static_cast<EpollFile*>(&file) : nullptr;
  if (inner) TRY(check_nesting(*inner));
  if (find(fd, file)) return Errno::kEXIST;
  if (!quotas_.watches->take(1)) return Errno::kNOSPC;
  if (inner && !quotas_.nested->take(1)) {
    quotas_.watches->give(1);
    return Errno::kNOSPC;
  }
  auto made = std::make_unique<EpollWatch>(*this, fd, file);
  EpollWatch& watch = *made;
  watches_.emplace(Key{&file, fd}, std::move(made));
  if (inner) watch.watch_set(*inner);
  watch.set(event);
  if (WaitQueue* queue = file.wait_queue(event.events)) watch.join(*queue);
  if (watch.look().events != 0) {
    push_ready(watch);
    queue_.wake();
  }
  return Unit{};
}

SysResult<Unit> EpollFile::modify(Fd fd, OpenFile& file, const EpollEvent& event) {
  EpollWatch* const watch = find(fd, file);
  if (!watch) return Errno::kNOENT;
  if (watch->exclusive()) return Errno::kINVAL;
  watch->set(event);
  if (watch->look().events != 0) {
    push_ready(*watch);
    queue_.wake();
  }
  return Unit{};
}

SysResult<Unit> EpollFile::remove(Fd fd, OpenFile& file) {
  if (watches_.erase({&file, fd}) == 0) return Errno::kNOENT;
  return Unit{};
}

// --- sets in sets

namespace {

// How many sets the longest chain has that starts at `set` and goes on to `next(set)`. Sets are
// never in a circle, and few of them watch others (EpollQuotas::nested).
template <class Next>
int chain_length(const EpollFile* set, const Next& next, std::map<const EpollFile*, int>& known) {
  if (const auto found = known.find(set); found != known.end()) return found->second;
  int longest = 0;
  for (const auto& [other, count] : next(*set))
    longest = std::max(longest, chain_length(other, next, known));
  return known[set] = longest + 1;
}

}  // namespace

int EpollFile::depth_below() const {
  std::map<const EpollFile*, int> known;
  return chain_length(this, [](const EpollFile& set) -> const auto& { return set.below_; }, known);
}

int EpollFile::depth_above() const {
  std::map<const EpollFile*, int> known;
  return chain_length(this, [](const EpollFile& set) -> const auto& { return set.above_; }, known);
}

bool EpollFile::reaches(const EpollFile& wanted) const {
  std::set<const EpollFile*> seen;
  std::vector<const EpollFile*> next{this};
  while (!next.empty()) {
    const EpollFile* set = next.back();
    next.pop_back();
    if (set == &wanted) return true;
    if (!seen.insert(set).second) continue;
    for (const auto& [other, count] : set->below_) next.push_back(other);
  }
  return false;
}

SysResult<Unit> EpollFile::check_nesting(EpollFile& inner) {
  if (inner.reaches(*this)) return Errno::kLOOP;
  if (inner.depth_below() + depth_above() > kMaxDepth) return Errno::kLOOP;
  return Unit{};
}

}  // namespace cloche::kernel
