// What ppoll, pselect and epoll_pwait share: deadline, signal mask, and how one run ends.
#pragma once

#include <span>

#include "kernel/call.h"
#include "kernel/signal.h"

namespace cloche::kernel {

// Remembers the deadline of the call at its first run: after a struct timespec in guest memory
// (none: no deadline), or after so many milliseconds (negative: none). EFAULT, EINVAL.
SysResult<Unit> start_clock(Call& call, UserPtr timeout);
void start_clock_ms(Call& call, int32_t timeout);
// The signal mask to wait with. False: none given. EFAULT, EINVAL.
SysResult<bool> read_mask(Call& call, UserPtr mask_at, uint32_t size, SignalSet& mask);
// The end of one run: an answer if there is one, else the wait, under the mask if one was given.
SysResult<int32_t> answer_or_wait(Call& call, int32_t count, std::span<WaitQueue* const> queues,
                                  bool has_mask, SignalSet mask);
// The same when the call has to run again soon, so that others get their turn.
Errno run_again(Call& call, bool has_mask, SignalSet mask);

}  // namespace cloche::kernel
