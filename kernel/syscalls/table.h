// The dispatch table: one row for each call of abi/syscalls.tab and of `kern`.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/call.h"

namespace cloche::kernel {

inline constexpr int32_t kSuspended = -4096;  // what the guest sees of Errno::kSUSPEND
inline constexpr uint32_t kMaxArguments = 6;

struct SyscallRow {
  const char* module;
  const char* name;
  int32_t number;  // Linux; -1 for `kern`
  uint8_t arity;
  char kind;  // '-', 'b', 'x' (abi/syscalls.tab)
  // Takes the arguments apart, runs the handler and makes its result an i32. Null: ENOSYS.
  int32_t (*invoke)(Call& call, const int32_t* arguments);
};

std::span<const SyscallRow> linux_rows();  // ascending number
std::span<const SyscallRow> kern_rows();
// kern.result, which the dispatcher itself answers.
const SyscallRow& result_row();

}  // namespace cloche::kernel
