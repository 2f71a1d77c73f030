// The dispatch table: one row for each call of abi/syscalls.tab, of `kern`, and of WASI
// (kernel/wasi/).
#pragma once

#include <cstdint>
#include <span>

#include "kernel/call.h"

namespace cloche::kernel {

inline constexpr int32_t kSuspended = -4096;   // what the guest sees of Errno::kSUSPEND
inline constexpr uint32_t kMaxArguments = 11;  // words: wasi path_open has two i64 among nine

struct SyscallRow {
  const char* module;
  const char* name;
  int32_t number;  // Linux; -1 for the others
  uint8_t arity;   // in words: an i64 is two
  // '-', 'b', 'x' (abi/syscalls.tab). 'w': of WASI; may block, and is called again by its stand-in
  // (engine/wasmtime/src/stand_in.rs) until it gives something else than SUSPEND.
  char kind;
  // Takes the arguments apart, runs the handler and makes its result an i32. Null: ENOSYS.
  int32_t (*invoke)(Call& call, const int32_t* arguments);
  const char* params = nullptr;  // 'i' and 'j' (i64), one a parameter; null: i32 only
  bool has_result = true;        // else the guest takes none: proc_exit
};

std::span<const SyscallRow> linux_rows();  // ascending number
std::span<const SyscallRow> kern_rows();
std::span<const SyscallRow> wasi_rows();
// kern.result, which the dispatcher itself answers.
const SyscallRow& result_row();

}  // namespace cloche::kernel
