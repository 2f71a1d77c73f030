#include "session/file_watch.h"

#include <algorithm>

#include "kernel/io_state.h"
#include "session/file_view.h"

namespace cloche {
namespace {

using session::Errno;
using session::FileView;
using session::in_step;
using session::SysResult;

constexpr uint32_t kMask = kernel::kNotifyCreate | kernel::kNotifyDelete |
                           kernel::kNotifyMovedFrom | kernel::kNotifyMovedTo |
                           kernel::kNotifyModify | kernel::kNotifyAttributes;
constexpr std::chrono::hours kLongest{24 * 365};

FileEvent::Kind kind_of(uint32_t mask) {
  if (mask & kernel::kNotifyOverflow) return FileEvent::Kind::kLost;
  if (mask & kernel::kNotifyIgnored) return FileEvent::Kind::kGone;
  if (mask & (kernel::kNotifyCreate | kernel::kNotifyMovedTo)) return FileEvent::Kind::kCreated;
  if (mask & (kernel::kNotifyDelete | kernel::kNotifyMovedFrom)) return FileEvent::Kind::kRemoved;
  if (mask & kernel::kNotifyAttributes) return FileEvent::Kind::kChanged;
  return FileEvent::Kind::kModified;
}

SysResult<Unit> begin(FileView& view, const std::string& path, Sandbox::State& sandbox,
                      const std::shared_ptr<FileWatch::State>& watch) {
  const vfs::Location at = TRY(view.find(path, vfs::kFollowLast));
  TRY(vfs::may_access(*at.inode, view.who(), vfs::kRead));
  const kernel::NotifyQuotas quotas = sandbox.kernel->io().notify_quotas();
  if (!quotas.instances->take(1)) return Errno::kMFILE;
  watch->file = make_ref<kernel::NotifyFile>(quotas, 0u);
  const auto number = watch->file->watch(at.inode, kMask);
  if (!number.ok()) {
    watch->file = nullptr;
    return number.error();
  }
  watch->listener.join(*watch->file->wait_queue(0));
  sandbox.watches.add(watch);
  return Unit{};
}

}  // namespace

namespace session {

bool WatchListener::notify(uint32_t, kernel::WakeRound&) {
  tell();
  return false;
}

void WatchListener::tell() {
  const std::lock_guard lock(mutex_);
  pending_ = true;
  told_.notify_all();
}

bool WatchListener::wait(std::chrono::nanoseconds timeout) {
  const auto until = std::chrono::steady_clock::now() +
                     std::clamp<std::chrono::nanoseconds>(timeout, {}, kLongest);
  std::unique_lock lock(mutex_);
  (void)told_.wait_until(lock, until, [this] { return pending_; });
  return std::exchange(pending_, false);
}

void FileWatches::add(std::weak_ptr<FileWatch::State> watch) {
  std::erase_if(watches_, [](const auto& each) { return each.expired(); });
  watches_.push_back(std::move(watch));
}

FileWatches::~FileWatches() {
  for (const auto& each : watches_) {
    if (const auto watch = each.lock()) watch->leave();
  }
}

}  // namespace session

void FileWatch::State::leave() {
  const std::lock_guard lock(mutex);
  if (sandbox == nullptr) return;
  std::exchange(sandbox, nullptr)->control.perform([this] {
    listener.leave();
    file = nullptr;
  });
  listener.tell();
}

const char* to_string(FileEvent::Kind kind) {
  switch (kind) {
    case FileEvent::Kind::kCreated:
      return "created";
    case FileEvent::Kind::kRemoved:
      return "removed";
    case FileEvent::Kind::kModified:
      return "modified";
    case FileEvent::Kind::kChanged:
      return "changed";
    case FileEvent::Kind::kLost:
      return "lost";
    case FileEvent::Kind::kGone:
      return "gone";
  }
  return "lost";
}

FileWatch::FileWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
FileWatch::FileWatch(FileWatch&&) noexcept = default;
FileWatch& FileWatch::operator=(FileWatch&&) noexcept = default;
FileWatch::~FileWatch() = default;

std::vector<FileEvent> FileWatch::next(std::chrono::nanoseconds timeout) {
  std::vector<FileEvent> events;
  if (!state_->listener.wait(timeout)) return events;
  const std::lock_guard lock(state_->mutex);
  if (state_->sandbox == nullptr) return events;
  state_->sandbox->control.perform([this, &events] {
    while (auto seen = state_->file->take()) {
      events.push_back({kind_of(seen->mask), std::move(seen->name)});
    }
  });
  return events;
}

Expected<FileWatch> Files::watch(const std::string& path) const {
  auto watch = std::make_shared<FileWatch::State>(*sandbox_);
  const auto begun =
      in_step(*sandbox_, [&](FileView& view) { return begin(view, path, *sandbox_, watch); });
  if (!begun.ok()) return session::file_failure(begun.error(), path);
  return FileWatch(std::move(watch));
}

}  // namespace cloche
