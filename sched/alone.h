// A task on the thread of whoever waits for it, for as long as nobody else wants the CPUs: then
// there is nothing to share, and no worker has to be started for it.
#pragma once

#include <atomic>

#include "sched/scheduler.h"

namespace cloche::sched {

// Runs turns of the task in the calling thread, and sleeps when it sleeps. True: it is done. False:
// `crowded` was set, by any thread; the next turn belongs to a scheduler. Who sets it while the
// task sleeps is heeded when it wakes up. Nothing but its descriptors and its deadline ends a
// sleep.
bool run_alone(Task& task, Clock& clock, const std::atomic<bool>& crowded);

}  // namespace cloche::sched
