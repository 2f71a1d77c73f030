// /dev of a sandbox: the few devices that it has (interface: null zero full random urandom tty
// ptmx, pts, and the links fd, stdin, stdout, stderr). /dev/shm is memory of the sandbox's own
// budget.
#pragma once

#include "kernel/kernel.h"

namespace cloche::kernel {

SysResult<Unit> mount_dev(Kernel& kernel);

}  // namespace cloche::kernel
