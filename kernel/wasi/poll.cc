// poll_oneoff: waiting for times and descriptors.
#include <algorithm>
#include <optional>

#include "kernel/pipe.h"
#include "kernel/regular_file.h"
#include "kernel/socket.h"
#include "kernel/syscalls/user_time.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

constexpr uint32_t kMaxSubscriptions = 16'384;
enum EventType : uint8_t { kClock = 0, kReading = 1, kWriting = 2 };
constexpr uint32_t kLastClock = 1;  // realtime, monotonic
constexpr uint16_t kAbsoluteTime = 1;
constexpr uint16_t kHangUp = 1;

struct SubscriptionPreview1 {
  uint64_t user = 0;
  uint8_t type = 0, pad[7] = {};
  uint32_t clock_or_fd = 0, pad2 = 0;
  uint64_t timeout = 0, precision = 0;
  uint16_t flags = 0, pad3[3] = {};
};
static_assert(sizeof(SubscriptionPreview1) == 48);

struct SubscriptionUnstable {
  uint64_t user = 0;
  uint8_t type = 0, pad[7] = {};
  union {
    uint64_t identifier = 0;  // of a clock
    uint32_t fd;
  };
  uint32_t clock = 0, pad2 = 0;
  uint64_t timeout = 0, precision = 0;
  uint16_t flags = 0, pad3[3] = {};
};
static_assert(sizeof(SubscriptionUnstable) == 56);

struct Event {
  uint64_t user = 0;
  uint16_t error = 0;
  uint8_t type = 0, pad[5] = {};
  uint64_t bytes = 0;
  uint16_t flags = 0, pad2[3] = {};
};
static_assert(sizeof(Event) == 32);

// What both versions say.
struct Wish {
  uint64_t user = 0;
  uint8_t type = 0;
  uint32_t clock = 0;
  Fd fd{};
  uint64_t timeout = 0;
  uint16_t flags = 0;
};

Wish wish_of(const SubscriptionPreview1& from) {
  return {from.user,    from.type, from.clock_or_fd, Fd{static_cast<int32_t>(from.clock_or_fd)},
          from.timeout, from.flags};
}

Wish wish_of(const SubscriptionUnstable& from) {
  return {from.user,    from.type, from.clock, Fd{static_cast<int32_t>(from.fd)},
          from.timeout, from.flags};
}

template <class Subscription>
SysResult<std::vector<Wish>> read_wishes(Call& call, UserPtr at, uint32_t count) {
  const auto bytes = TRY(call.bytes_in(at, uint64_t{count} * sizeof(Subscription)));
  std::vector<Wish> wishes(count);
  for (size_t i = 0; i < wishes.size(); ++i) {
    Subscription subscription;
    std::memcpy(&subscription, bytes.data() + i * sizeof subscription, sizeof subscription);
    wishes[i] = wish_of(subscription);
    const bool known = wishes[i].type == kReading || wishes[i].type == kWriting ||
                       (wishes[i].type == kClock && wishes[i].clock <= kLastClock &&
                        (wishes[i].flags & ~uint32_t{kAbsoluteTime}) == 0);
    if (!known) return Errno::kINVAL;
  }
  return wishes;
}

// What can be read at once, as far as somebody counts it; 1 where nobody does.
uint64_t readable_bytes(OpenFile& file) {
  switch (file.kind()) {
    case FileKind::kRegular: {
      auto& regular = static_cast<RegularFile&>(file);
      const auto size = regular.body().size();
      return size.ok() && *size > regular.position() ? *size - regular.position() : 0;
    }
    case FileKind::kPipe:
      return static_cast<PipeEnd&>(file).pipe().size();
    case FileKind::kSocket:
      return static_cast<Socket&>(file).queued_bytes();
    default:
      return 1;
  }
}

// One run of the call: what has happened, and what to wait for if nothing has.
class Round {
 public:
  explicit Round(Call& call) : call_(call), now_(call.kernel().clock().monotonic_ns()) {
    // Relative times count from the first run.
    if (!call.retried()) call.scratch().deadline = now_;
    start_ = call.scratch().deadline;
  }

  void look_at(const Wish& wish) {
    Event event;
    event.user = wish.user;
    event.type = wish.type;
    const bool happened =
        wish.type == kClock ? look_at_clock(wish) : look_at_descriptor(wish, event);
    if (happened) events_.push_back(event);
  }
  const std::vector<Event>& events() const { return events_; }
  Errno wait() { return call_.block(queues_, deadline_, OnSignal::kInterrupt); }

 private:
  bool look_at_clock(const Wish& wish) {
    const auto time = static_cast<int64_t>(std::min<uint64_t>(wish.timeout, INT64_MAX));
    int64_t due = deadline_after(start_, time);
    if (wish.flags & kAbsoluteTime) {
      // Both clocks can be waited for.
      const auto point = to_monotonic(call_, static_cast<int32_t>(wish.clock), time);
      due = point.ok() ? *point : now_;
    }
    if (due <= now_) return true;
    deadline_ = std::min(deadline_, due);
    return false;
  }

  bool look_at_descriptor(const Wish& wish, Event& event) {
    const auto file = file_with(call_, wish.fd, kPollFdReadwrite);
    if (!file.ok()) {
      event.error = errno_of(file.error());
      return true;
    }
    const uint32_t wanted = wish.type == kReading ? kPollIn : kPollOut;
    const uint32_t state = (*file)->poll();
    if ((state & (wanted | kPollErr | kPollHup)) == 0) {
      if (WaitQueue* queue = (*file)->wait_queue(wanted)) queues_.push_back(queue);
      return false;
    }
    if (state & kPollHup) event.flags |= kHangUp;
    if (wish.type == kReading && (state & kPollIn)) event.bytes = readable_bytes(**file);
    return true;
  }

  Call& call_;
  const int64_t now_;
  int64_t start_ = 0, deadline_ = Call::kNoDeadline;
  std::vector<Event> events_;
  std::vector<WaitQueue*> queues_;
};

template <class Subscription>
Outcome poll(Call& call, UserPtr subscriptions, UserPtr events, uint32_t count,
             UserPtr event_count) {
  TRY(state_of(call));
  if (count == 0 || count > kMaxSubscriptions) return Errno::kINVAL;
  const auto out = TRY(call.bytes_out(events, uint64_t{count} * sizeof(Event)));
  TRY(call.bytes_out(event_count, sizeof(uint32_t)));
  const std::vector<Wish> wishes = TRY(read_wishes<Subscription>(call, subscriptions, count));
  Round round(call);
  for (const Wish& wish : wishes) round.look_at(wish);
  if (round.events().empty()) return round.wait();
  std::memcpy(out.data(), round.events().data(), round.events().size() * sizeof(Event));
  return call.put(event_count, static_cast<uint32_t>(round.events().size()));
}

}  // namespace

template <>
Outcome poll_oneoff<Version::kPreview1>(Call& call, UserPtr subscriptions, UserPtr events,
                                        uint32_t count, UserPtr event_count) {
  return poll<SubscriptionPreview1>(call, subscriptions, events, count, event_count);
}
template <>
Outcome poll_oneoff<Version::kUnstable>(Call& call, UserPtr subscriptions, UserPtr events,
                                        uint32_t count, UserPtr event_count) {
  return poll<SubscriptionUnstable>(call, subscriptions, events, count, event_count);
}

}  // namespace cloche::kernel::wasi
