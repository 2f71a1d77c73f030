// Where the engine's host calls enter the kernel, and leave it.
#pragma once

#include "kernel/syscalls/table.h"

namespace cloche::kernel {

struct CallGate {
  // engine::HostFunction::call of every row; `env` is the row.
  static void enter(void* env, engine::Call& engine_call, engine::Value* values) noexcept;

 private:
  static int32_t handle(const SyscallRow& row, engine::Call& engine_call, Thread& thread,
                        const int32_t* arguments);
  static int32_t begin(const SyscallRow& row, Call& call, const int32_t* arguments);
  static int32_t resume(Call& call);
  static int32_t finish(const SyscallRow& row, Thread& thread, int32_t result);
};

}  // namespace cloche::kernel
