// What the host is told of the processes of a sandbox.
#pragma once

#include <string>
#include <vector>

#include "kernel/process.h"

namespace cloche::kernel {

struct ProcessInfo {
  int32_t pid = 0, parent = 0;
  std::string name, command;  // the guest's bytes
  char state = 'S';           // as in /proc/PID/stat
  int32_t nice = 0;
  int64_t cpu_ns = 0;
  uint64_t memory_bytes = 0;  // pages that it holds alone
  uint32_t threads = 0, open_files = 0;
};

// R S T Z
char state_letter(const Process& process);
// Host memory that it holds alone: one scan of page tables; 0 for one that ends or has not begun.
uint64_t private_bytes(const Process& process);

// Ascending pid; those of sandboxes inside not counted. Not while guest code runs.
std::vector<ProcessInfo> list_processes(Kernel& kernel);

}  // namespace cloche::kernel
