// /proc of a sandbox: its own processes, and a few facts about the machine that it has. Nothing of
// the host is in it. A useful part of proc(5), each file in Linux's format.
#pragma once

#include "kernel/kernel.h"

namespace cloche::kernel {

SysResult<Unit> mount_proc(Kernel& kernel);

// The release that uname(2) and /proc/sys/kernel/osrelease tell.
inline constexpr const char* kReleaseName = "6.1.0-cloche";
inline constexpr const char* kVersionName = "#1 Cloche";

}  // namespace cloche::kernel
