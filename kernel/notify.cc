#include "kernel/notify.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernel/inode_state.h"
#include "kernel/ioctl.h"

namespace cloche::kernel {
namespace {

// struct inotify_event, before the name.
struct EventHeader {
  int32_t watch;
  uint32_t mask, cookie, name_size;
};
static_assert(sizeof(EventHeader) == 16);

bool is_directory(const vfs::Inode& inode) { return inode.type() == vfs::FileType::kDirectory; }

bool is_watched(vfs::Inode& inode) {
  const InodeState* state = find_state(inode);
  return state && !state->watches.empty();
}

// Told of `event`, of which `mask` is what watches may ask for.
void tell_watches(vfs::Inode& inode, uint32_t event, uint32_t cookie, std::string_view name) {
  if (!is_watched(inode)) return;
  // Watches may end meanwhile, but none is new.
  const std::vector<NotifyWatch*> watches = find_state(inode)->watches;
  for (NotifyWatch* watch : watches) {
    const auto& now = find_state(inode)->watches;
    if (std::find(now.begin(), now.end(), watch) == now.end()) continue;
    if (watch->mask & event & kNotifyAll) watch->owner().tell(*watch, event, cookie, name);
  }
}

uint32_t with_kind(uint32_t event, const vfs::Inode& inode) {
  return is_directory(inode) ? event | kNotifyIsDirectory : event;
}

// The last name of a file is gone, and so are its watches.
void tell_end(vfs::Inode& inode) {
  if (!is_watched(inode)) return;
  const auto stat = inode.stat();
  const bool gone = is_directory(inode) ? inode.removed() : !stat.ok() || stat->nlink == 0;
  if (!gone) return;
  // As on Linux without the mark of directories.
  tell_watches(inode, kNotifyDeleteSelf, 0, {});
  while (InodeState* state = find_state(inode)) {
    if (state->watches.empty()) break;
    NotifyWatch& watch = *state->watches.back();
    (void)watch.owner().forget(watch.number());
  }
}

}  // namespace

// --- watches

NotifyWatch::NotifyWatch(NotifyFile& owner, int32_t number, vfs::InodeRef inode, uint32_t wanted)
    : mask(wanted), owner_(owner), number_(number), inode_(std::move(inode)) {
  state_of(*inode_).watches.push_back(this);
}

NotifyWatch::~NotifyWatch() { std::erase(state_of(*inode_).watches, this); }

// --- instances

NotifyFile::NotifyFile(NotifyQuotas quotas, uint32_t flags)
    : AnonymousFile("inotify", kReadOnly | (flags & kNonBlock)), quotas_(std::move(quotas)) {}

NotifyFile::~NotifyFile() {
  while (!events_.empty()) pop();
  quotas_.watches->give(watches_.size());
  quotas_.instances->give(1);
}

SysResult<int32_t> NotifyFile::watch(const vfs::InodeRef& inode, uint32_t mask) {
  const uint32_t kept = (mask & (kNotifyAll | kNotifyOneShot)) | kNotifyIgnored;
  for (NotifyWatch* watch : state_of(*inode).watches) {
    if (&watch->owner() != this) continue;
    if (mask & kNotifyMaskCreate) return Errno::kEXIST;
    watch->mask = mask & kNotifyMaskAdd ? watch->mask | kept : kept;
    return watch->number();
  }
  if (last_number_ == INT32_MAX || !quotas_.watches->take(1)) return Errno::kNOSPC;
  const int32_t number = ++last_number_;
  watches_.emplace(number, std::make_unique<NotifyWatch>(*this, number, inode, kept));
  return number;
}

SysResult<Unit> NotifyFile::forget(int32_t number) {
  const auto found = watches_.find(number);
  if (found == watches_.end()) return Errno::kINVAL;
  end(*found->second);
  return Unit{};
}

void NotifyFile::end(NotifyWatch& watch) {
  const int32_t number = watch.number();
  watches_.erase(number);
  quotas_.watches->give(1);
  push({number, kNotifyIgnored, 0, {}});
}

void NotifyFile::tell(NotifyWatch& watch, uint32_t event, uint32_t cookie, std::string_view name) {
  push({watch.number(), event, cookie, std::string(name)});
  if (watch.mask & kNotifyOneShot) end(watch);
}

uint32_t NotifyFile::Event::size() const {
  // With a NUL at least, in whole headers.
  const size_t padded =
      name.empty() ? 0 : (name.size() / sizeof(EventHeader) + 1) * sizeof(EventHeader);
  return static_cast<uint32_t>(sizeof(EventHeader) + padded);
}

void NotifyFile::push(Event event) {
  if (!events_.empty()) {
    const Event& last = events_.back();
    const bool same = last.watch == event.watch && last.mask == event.mask &&
                      last.name == event.name && last.mask != kNotifyIgnored;
    if (same || last.mask == kNotifyOverflow) return;
  }
  if (events_.size() >= kMaxEvents || !quotas_.bytes->take(event.cost()))
    event = {-1, kNotifyOverflow, 0, {}};
  events_.push_back(std::move(event));
  queue_.wake_for(kPollIn);
}

void NotifyFile::pop() {
  const Event& event = events_.front();
  if (event.mask != kNotifyOverflow) quotas_.bytes->give(event.cost());
  events_.pop_front();
}

std::optional<NotifyFile::Seen> NotifyFile::take() {
  if (events_.empty()) return std::nullopt;
  Seen seen{events_.front().mask, events_.front().name};
  pop();
  return seen;
}

SysResult<uint64_t> NotifyFile::read(Call&, std::span<uint8_t> out) {
  if (events_.empty()) return Errno::kAGAIN;
  uint64_t done = 0;
  while (!events_.empty() && events_.front().size() <= out.size() - done) {
    const Event& event = events_.front();
    const uint32_t size = event.size();
    const EventHeader header{event.watch, event.mask, event.cookie,
                             size - uint32_t{sizeof(EventHeader)}};
    const auto to = out.subspan(done, size);
    std::memset(to.data(), 0, size);
    std::memcpy(to.data(), &header, sizeof header);
    std::memcpy(to.data() + sizeof header, event.name.data(), event.name.size());
    done += size;
    pop();
  }
  return done > 0 ? SysResult<uint64_t>(done) : Errno::kINVAL;
}

SysResult<int32_t> NotifyFile::ioctl(Call& call, uint32_t command, UserPtr argument) {
  if (command != kFionRead) return Errno::kNOTTY;
  uint64_t bytes = 0;
  for (const Event& event : events_) bytes += event.size();
  TRY(call.put(argument, static_cast<int32_t>(bytes)));
  return 0;
}

// --- what happens

void notify_inode(vfs::Inode& inode, uint32_t event) {
  tell_watches(inode, with_kind(event, inode), 0, {});
}

void notify_file(const vfs::Location& file, uint32_t event) {
  vfs::Inode& inode = *file.inode;
  if (file.parent) {
    if (!file.name.empty() && is_watched(*file.parent))
      tell_watches(*file.parent, event, 0, file.name);
  } else if (is_directory(inode)) {
    const vfs::InodeRef parent = inode.parent();
    if (parent && is_watched(*parent)) {
      const auto name = inode.name_in_parent();
      if (name.ok()) tell_watches(*parent, event | kNotifyIsDirectory, 0, *name);
    }
  }
  notify_inode(inode, event);
}

void NotifyNames::created(vfs::Inode& directory, std::string_view name, vfs::Inode& made) {
  tell_watches(directory, with_kind(kNotifyCreate, made), 0, name);
}

void NotifyNames::linked(vfs::Inode& directory, std::string_view name, vfs::Inode& target) {
  notify_inode(target, kNotifyAttributes);
  created(directory, name, target);
}

void NotifyNames::removed(vfs::Inode& directory, std::string_view name, vfs::Inode& victim) {
  if (!is_directory(victim)) notify_inode(victim, kNotifyAttributes);
  tell_watches(directory, with_kind(kNotifyDelete, victim), 0, name);
  tell_end(victim);
}

void NotifyNames::renamed(const vfs::NameChange& from, const vfs::NameChange& to,
                          vfs::Inode& source, vfs::Inode* replaced) {
  const uint32_t cookie = ++last_cookie_;
  tell_watches(from.directory, with_kind(kNotifyMovedFrom, source), cookie, from.name);
  tell_watches(to.directory, with_kind(kNotifyMovedTo, source), cookie, to.name);
  if (replaced) notify_inode(*replaced, kNotifyAttributes);
  // As on Linux without the mark of directories.
  tell_watches(source, kNotifyMoveSelf, 0, {});
  if (replaced) tell_end(*replaced);
}

}  // namespace cloche::kernel
