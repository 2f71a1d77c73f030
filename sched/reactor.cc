#include "sched/reactor.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace cloche::sched {
namespace {

static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLPRI == EPOLLPRI &&
              POLLERR == EPOLLERR && POLLHUP == EPOLLHUP && POLLRDHUP == EPOLLRDHUP);

constexpr uint32_t kAlways = EPOLLERR | EPOLLHUP;

}  // namespace

Reactor::Reactor(OwnedFd epoll, OwnedFd bell) : epoll_(std::move(epoll)), bell_(std::move(bell)) {}

Result<std::unique_ptr<Reactor>> Reactor::create() {
  OwnedFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_error(errno, "epoll_create1");
  OwnedFd bell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell) return errno_error(errno, "eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = bell.get();
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, bell.get(), &event) != 0)
    return errno_error(errno, "epoll_ctl");
  std::unique_ptr<Reactor> reactor(new Reactor(std::move(epoll), std::move(bell)));
  TRY(reactor->thread_.start<&Reactor::run>(reactor.get()));
  return reactor;
}

Reactor::~Reactor() {
  CHECK(armed_.empty());
  const uint64_t one = 1;
  (void)!write(bell_.get(), &one, sizeof one);
  thread_.join();
}

void Reactor::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    CHECK(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.fd == bell_.get()) return;
      on_event(event.data.fd, event.events);
    }
  }
}

// The event may be that of a watch that is gone, or of the same number's former life: then it is
// one call of ready() too many at worst.
void Reactor::on_event(int fd, uint32_t events) {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  std::vector<Watch>& watches = found->second;
  std::erase_if(watches, [events](const Watch& watch) {
    if (!((watch.events | kAlways) & events)) return false;
    watch.sleeper->ready();
    return true;
  });
  if (!watches.empty()) (void)update(fd, EPOLL_CTL_MOD);
}

int Reactor::update(int fd, int operation) {
  epoll_event event{};
  event.data.fd = fd;
  event.events = EPOLLONESHOT;
  for (const Watch& watch : watches_.at(fd)) event.events |= watch.events;
  return epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? 0 : errno;
}

Status Reactor::arm(Sleeper& sleeper, std::span<const FdWait> waits) {
  const std::lock_guard lock(mutex_);
  forget(sleeper);
  armed_.emplace(&sleeper, std::vector<int>());
  for (const FdWait& wait : waits) {
    const Status watched = watch(sleeper, wait);
    if (watched.ok()) continue;
    forget(sleeper);
    return watched;
  }
  return ok_status();
}

Status Reactor::watch(Sleeper& sleeper, const FdWait& wait) {
  auto [found, is_new] = watches_.try_emplace(wait.fd);
  found->second.push_back({&sleeper, wait.events});
  armed_.at(&sleeper).push_back(wait.fd);
  const int error = update(wait.fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
  if (error == 0) return ok_status();
  if (error == ENOSPC || error == ENOMEM)
    return make_error(Code::kResourceExhausted, "the host watches no more descriptors");
  // A plain file (EPERM), or not open (EBADF, ENOENT).
  sleeper.ready();
  return ok_status();
}

void Reactor::disarm(Sleeper& sleeper) {
  const std::lock_guard lock(mutex_);
  forget(sleeper);
}

void Reactor::forget(Sleeper& sleeper) {
  const auto armed = armed_.find(&sleeper);
  if (armed == armed_.end()) return;
  for (const int fd : armed->second) {
    const auto found = watches_.find(fd);
    if (found == watches_.end()) continue;  // named twice
    std::erase_if(found->second, [&sleeper](const Watch& w) { return w.sleeper == &sleeper; });
    if (!found->second.empty()) continue;
    watches_.erase(found);
    (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  armed_.erase(armed);
}

}  // namespace cloche::sched
