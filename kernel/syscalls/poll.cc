// ppoll(2) and pselect(2).
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernel/epoll.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/polling.h"
#include "kernel/syscalls/user_time.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kSignalSetBytes = 8;

}  // namespace

SysResult<Unit> start_clock(Call& call, UserPtr timeout) {
  if (call.retried()) return Unit{};
  int64_t& deadline = call.scratch().deadline;
  deadline = Call::kNoDeadline;
  if (!timeout) return Unit{};
  const int64_t wait = TRY(get_nanoseconds(call, timeout));
  deadline = deadline_after(call.kernel().clock().monotonic_ns(), wait);
  return Unit{};
}

void start_clock_ms(Call& call, int32_t timeout) {
  if (call.retried()) return;
  constexpr int64_t kMillisecond = 1'000'000;
  const int64_t now = call.kernel().clock().monotonic_ns();
  call.scratch().deadline =
      timeout < 0 ? Call::kNoDeadline : deadline_after(now, timeout * kMillisecond);
}

SysResult<bool> read_mask(Call& call, UserPtr mask_at, uint32_t size, SignalSet& mask) {
  if (!mask_at) return false;
  if (size != kSignalSetBytes) return Errno::kINVAL;
  mask = TRY(call.get<SignalSet>(mask_at)) & ~kUnblockable;
  return true;
}

SysResult<int32_t> answer_or_wait(Call& call, int32_t count, std::span<WaitQueue* const> queues,
                                  bool has_mask, SignalSet mask) {
  const int64_t deadline = call.scratch().deadline;
  const bool over = count > 0 || (deadline != Call::kNoDeadline &&
                                  call.kernel().clock().monotonic_ns() >= deadline);
  if (over) {
    if (has_mask && call.retried()) call.kernel().swap_mask_back(call.thread());
    return count;
  }
  if (has_mask && !call.retried()) call.kernel().swap_mask_in(call.thread(), mask);
  return call.block(queues, deadline, OnSignal::kInterrupt);
}

Errno run_again(Call& call, bool has_mask, SignalSet mask) {
  if (has_mask && !call.retried()) call.kernel().swap_mask_in(call.thread(), mask);
  return call.block({}, call.kernel().clock().monotonic_ns(), OnSignal::kInterrupt);
}

namespace {

struct PollEntry {
  int32_t fd;
  uint16_t events, returned;
};
static_assert(sizeof(PollEntry) == 8);

// Fills `returned` of an entry and adds the queue to wait on. True if an event holds.
bool poll_one(const FdTable& fds, PollEntry& entry, std::vector<WaitQueue*>& queues) {
  entry.returned = 0;
  if (entry.fd < 0) return false;
  const auto file = fds.get(Fd{entry.fd});
  if (!file.ok()) {
    entry.returned = kPollNval;
    return true;
  }
  const uint32_t wanted = entry.events | kPollErr | kPollHup;
  entry.returned = static_cast<uint16_t>(guest_events((*file)->poll()) & wanted);
  if (WaitQueue* queue = (*file)->wait_queue(entry.events)) queues.push_back(queue);
  return entry.returned != 0;
}

}  // namespace

SysResult<int32_t> sys_ppoll_time64(Call& call, UserPtr list, uint32_t count, UserPtr timeout,
                                    UserPtr mask_at, uint32_t mask_size) {
  TRY(start_clock(call, timeout));
  SignalSet mask = 0;
  const bool has_mask = TRY(read_mask(call, mask_at, mask_size, mask));
  if (count > descriptor_limit(call.process())) return Errno::kINVAL;
  const auto guest = TRY(call.bytes_out(list, uint64_t{count} * sizeof(PollEntry)));
  std::vector<PollEntry> entries(count);
  if (count > 0) std::memcpy(entries.data(), guest.data(), guest.size());
  std::vector<WaitQueue*> queues;
  int32_t ready = 0;
  for (PollEntry& entry : entries)
    if (poll_one(*call.process().fds, entry, queues)) ++ready;
  const SysResult<int32_t> result = answer_or_wait(call, ready, queues, has_mask, mask);
  if (result.ok() && count > 0) std::memcpy(guest.data(), entries.data(), guest.size());
  return result;
}

// --- select

namespace {

constexpr uint32_t kSetWord = 32;
constexpr uint32_t kMaxSetBits = FdTable::kHardLimit;
enum SetIndex : size_t { kReadSet, kWriteSet, kExceptSet, kSetCount };

// What makes a descriptor ready in each of the three sets.
constexpr uint32_t kReadyEvents[kSetCount] = {kPollIn | kPollHup | kPollErr, kPollOut | kPollErr,
                                              kPollPri};

using DescriptorSet = std::vector<uint32_t>;

bool has_bit(const DescriptorSet& set, uint32_t bit) {
  return !set.empty() && (set[bit / kSetWord] >> (bit % kSetWord) & 1) != 0;
}

struct SelectSets {
  UserPtr address[kSetCount];
  DescriptorSet wanted[kSetCount], ready[kSetCount];
  uint32_t bits = 0;

  SysResult<Unit> load(Call& call) {
    const uint32_t words = (bits + kSetWord - 1) / kSetWord;
    for (size_t i = 0; i < kSetCount; ++i) {
      if (!address[i]) continue;
      const auto bytes = TRY(call.bytes_out(address[i], uint64_t{words} * sizeof(uint32_t)));
      wanted[i].resize(words);
      ready[i].assign(words, 0);
      if (words > 0) std::memcpy(wanted[i].data(), bytes.data(), bytes.size());
    }
    return Unit{};
  }
  SysResult<Unit> store(Call& call) const {
    for (size_t i = 0; i < kSetCount; ++i) {
      if (ready[i].empty()) continue;
      const uint64_t size = ready[i].size() * sizeof(uint32_t);
      std::memcpy(TRY(call.bytes_out(address[i], size)).data(), ready[i].data(), size);
    }
    return Unit{};
  }
  // How many bits are ready. EBADF: a wanted descriptor is not open.
  SysResult<int32_t> look(const FdTable& fds, std::vector<WaitQueue*>& queues) {
    int32_t count = 0;
    for (uint32_t bit = 0; bit < bits; ++bit) {
      bool any = false;
      for (const DescriptorSet& set : wanted) any |= has_bit(set, bit);
      if (!any) continue;
      const FileRef file = TRY(fds.get(Fd{static_cast<int32_t>(bit)}));
      const uint32_t events = file->poll();
      uint32_t awaited = 0;
      for (size_t i = 0; i < kSetCount; ++i)
        if (has_bit(wanted[i], bit)) awaited |= kReadyEvents[i];
      if (WaitQueue* queue = file->wait_queue(awaited)) queues.push_back(queue);
      for (size_t i = 0; i < kSetCount; ++i) {
        if (!has_bit(wanted[i], bit) || (events & kReadyEvents[i]) == 0) continue;
        ready[i][bit / kSetWord] |= 1u << (bit % kSetWord);
        ++count;
      }
    }
    return count;
  }
};

struct MaskArgument {
  uint32_t address, size;
};

}  // namespace

SysResult<int32_t> sys_pselect6_time64(Call& call, int32_t count, UserPtr read_set,
                                       UserPtr write_set, UserPtr except_set, UserPtr timeout,
                                       UserPtr mask_argument) {
  TRY(start_clock(call, timeout));
  MaskArgument mask_from{};
  if (mask_argument) mask_from = TRY(call.get<MaskArgument>(mask_argument));
  SignalSet mask = 0;
  const bool has_mask = TRY(read_mask(call, UserPtr{mask_from.address}, mask_from.size, mask));
  if (count < 0) return Errno::kINVAL;
  SelectSets sets{{read_set, write_set, except_set},
                  {},
                  {},
                  std::min(static_cast<uint32_t>(count), kMaxSetBits)};
  TRY(sets.load(call));
  std::vector<WaitQueue*> queues;
  const auto looked = sets.look(*call.process().fds, queues);
  if (!looked.ok()) {
    if (has_mask && call.retried()) call.kernel().swap_mask_back(call.thread());
    return looked.error();
  }
  const SysResult<int32_t> result = answer_or_wait(call, *looked, queues, has_mask, mask);
  if (result.ok()) TRY(sets.store(call));
  return result;
}

}  // namespace cloche::kernel
