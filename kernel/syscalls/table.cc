#include "kernel/syscalls/table.h"

#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/invoke.h"

namespace cloche::kernel {
namespace {

#define ROW(number, name, arity, kind) \
  {"linux", #name, number, arity, kind, bind<&sys_##name, arity>()},
#define ROW_WITHOUT_HANDLER(number, name, arity, kind) \
  {"linux", #name, number, arity, kind, nullptr},

constexpr SyscallRow kLinuxRows[] = {
#include "kernel/syscalls/table.inc"
};

#undef ROW
#undef ROW_WITHOUT_HANDLER

}  // namespace

std::span<const SyscallRow> linux_rows() { return kLinuxRows; }

}  // namespace cloche::kernel
