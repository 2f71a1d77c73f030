// Arguments, environment, clocks, random numbers, the end of the process.
#include <algorithm>

#include "kernel/state.h"
#include "kernel/syscalls/user_time.h"
#include "kernel/wasi/access.h"
#include "kernel/wasi/handlers.h"

namespace cloche::kernel::wasi {
namespace {

using Strings = std::vector<std::string>;

uint64_t bytes_of(const Strings& strings) {
  uint64_t size = 0;
  for (const std::string& text : strings) size += text.size() + 1;
  return size;
}

Outcome put_sizes(Call& call, const Strings& strings, UserPtr count, UserPtr size) {
  TRY(call.bytes_out(size, sizeof(uint32_t)));
  TRY(call.put(count, static_cast<uint32_t>(strings.size())));
  return call.put(size, static_cast<uint32_t>(bytes_of(strings)));
}

// Pointers at `list`, and the strings they point to at `buffer`.
Outcome put_strings(Call& call, const Strings& strings, UserPtr list, UserPtr buffer) {
  const auto pointers = TRY(call.bytes_out(list, strings.size() * sizeof(uint32_t)));
  const auto bytes = TRY(call.bytes_out(buffer, bytes_of(strings)));
  size_t index = 0, at = 0;
  for (const std::string& text : strings) {
    const uint32_t address = buffer.address + static_cast<uint32_t>(at);
    std::memcpy(pointers.data() + index * sizeof address, &address, sizeof address);
    std::memcpy(bytes.data() + at, text.c_str(), text.size() + 1);
    at += text.size() + 1;
    ++index;
  }
  return Unit{};
}

// realtime, monotonic, process_cputime_id, thread_cputime_id: the numbers are Linux's.
constexpr uint32_t kLastClock = 3;

}  // namespace

Outcome args_get(Call& call, UserPtr argv, UserPtr buffer) {
  return put_strings(call, call.process().argv, argv, buffer);
}

Outcome args_sizes_get(Call& call, UserPtr count, UserPtr size) {
  return put_sizes(call, call.process().argv, count, size);
}

Outcome environ_get(Call& call, UserPtr environ, UserPtr buffer) {
  return put_strings(call, call.process().envp, environ, buffer);
}

Outcome environ_sizes_get(Call& call, UserPtr count, UserPtr size) {
  return put_sizes(call, call.process().envp, count, size);
}

Outcome clock_res_get(Call& call, uint32_t clock, UserPtr result) {
  if (clock > kLastClock) return Errno::kINVAL;
  return call.put(result, static_cast<uint64_t>(call.kernel().guest_clock().step_ns()));
}

Outcome clock_time_get(Call& call, uint32_t clock, uint64_t, UserPtr result) {
  if (clock > kLastClock) return Errno::kINVAL;
  const int64_t now = TRY(read_clock(call, static_cast<int32_t>(clock)));
  return call.put(result, static_cast<uint64_t>(std::max<int64_t>(now, 0)));
}

// In pieces: others get their turn in between.
Outcome random_get(Call& call, UserPtr buffer, uint32_t size) {
  constexpr uint64_t kPiece = 4 << 20;
  const auto out = TRY(call.bytes_out(buffer, size));
  uint64_t& done = call.scratch().progress;
  const auto piece = out.subspan(done, std::min<uint64_t>(out.size() - done, kPiece));
  call.process().random_source().fill(piece.data(), piece.size());
  done += piece.size();
  if (done < out.size()) return call.suspend();
  return Unit{};
}

// The low eight bits are what a parent sees, as of exit(3).
Outcome proc_exit(Call& call, int32_t code) {
  call.thread().request_value = code;
  call.thread().request = Request::kExitGroup;
  return call.suspend();
}

// Handlers do not exist: a signal does what it does by default, or nothing when it is ignored.
Outcome proc_raise(Call& call, uint32_t signal) {
  constexpr uint32_t kLast = 30, kChild = 16;  // WASI has no SIGSTKFLT
  if (signal > kLast) return Errno::kINVAL;
  if (signal == 0) return Unit{};
  const uint32_t number = signal < kChild ? signal : signal + 1;
  SignalInfo info;
  info.signo = static_cast<int32_t>(number);
  info.pid = call.process().pid;
  info.uid = call.process().credentials.uid;
  return call.kernel().send_signal(call.process(), info);
}

Outcome sched_yield(Call& call) {
  if (call.retried()) return Unit{};
  return call.suspend();
}

}  // namespace cloche::kernel::wasi
