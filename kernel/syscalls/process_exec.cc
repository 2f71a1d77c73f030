// execve(2), execveat(2).
#include "kernel/compiler.h"
#include "kernel/exec.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kMaxString = 128 << 10;  // MAX_ARG_STRLEN, the NUL included

// A NULL-terminated array of strings. `budget` is what the strings and pointers may still cost.
SysResult<std::vector<std::string>> copy_strings(Call& call, UserPtr array, uint64_t& budget) {
  std::vector<std::string> strings;
  if (!array) return strings;  // Linux takes NULL for an empty list
  for (uint64_t at = array.address;; at += 4) {
    if (at > UINT32_MAX) return Errno::kFAULT;
    const auto pointer = TRY(call.get<uint32_t>({static_cast<uint32_t>(at)}));
    if (pointer == 0) return strings;
    std::string text = TRY(call.string({pointer}, kMaxString, Errno::k2BIG));
    const uint64_t cost = text.size() + 1 + 4;
    if (cost > budget) return Errno::k2BIG;
    budget -= cost;
    strings.push_back(std::move(text));
  }
}

SysResult<int32_t> start(Call& call, std::unique_ptr<Program> program) {
  call.thread().exec = std::move(program);
  call.thread().request = Request::kExec;
  return call.suspend();
}

// Until the program is compiled, or another one, and it is this one's turn.
Errno wait(Call& call, Ref<CompileJob> job) {
  call.scratch().object = std::move(job);
  return call.block({&compiler_of(call.kernel()).queue()}, Call::kNoDeadline, OnSignal::kWait);
}

// The call's program is being compiled: only this call puts anything there.
CompileJob* job_of(Call& call) { return static_cast<CompileJob*>(call.scratch().object.get()); }

SysResult<int32_t> go_on(Call& call, Ref<CompileJob> job) {
  if (!job->done()) return wait(call, std::move(job));
  call.scratch().object = nullptr;
  return start(call, TRY(finish_program(call.kernel(), *job)));
}

SysResult<int32_t> exec(Call& call, ExecRequest request, UserPtr argv, UserPtr envp) {
  uint64_t budget = call.kernel().options().limits.argument_bytes;
  request.argv = TRY(copy_strings(call, argv, budget));
  request.envp = TRY(copy_strings(call, envp, budget));
  request.job = call.process().job;
  Ref<CompileJob> job;
  auto program = load_program(call.kernel(), call.process().credentials, std::move(request), &job);
  if (program.ok()) return start(call, std::move(program).value());
  if (program.error() != Errno::kSUSPEND) return program.error();
  return job ? go_on(call, std::move(job)) : wait(call, nullptr);
}

}  // namespace

SysResult<int32_t> sys_execve(Call& call, UserPath path, UserPtr argv, UserPtr envp) {
  if (CompileJob* job = job_of(call)) return go_on(call, Ref<CompileJob>(job));
  std::string name = TRY(call.path(path));
  if (name.empty()) return Errno::kNOENT;
  return exec(call, {.base = call.process().cwd, .path = std::move(name), .argv = {}, .envp = {}},
              argv, envp);
}

SysResult<int32_t> sys_execveat(Call& call, Fd directory, UserPath path, UserPtr argv, UserPtr envp,
                                uint32_t flags) {
  constexpr uint32_t kNoFollow = 0x100, kEmptyPath = 0x1000;
  constexpr Fd kWorkingDirectory{-100};
  if (CompileJob* job = job_of(call)) return go_on(call, Ref<CompileJob>(job));
  if (flags & ~(kNoFollow | kEmptyPath)) return Errno::kINVAL;
  const std::string name = TRY(call.path(path));
  if (name.empty() && !(flags & kEmptyPath)) return Errno::kNOENT;
  const bool absolute = !name.empty() && name[0] == '/';
  FileRef file;
  if (directory != kWorkingDirectory && !absolute) {
    file = TRY(call.process().fds->get_any(directory));
    if (!file->location()) return Errno::kACCES;
  }
  const vfs::Location& base = file ? file->location() : call.process().cwd;
  ExecRequest request{.base = base, .path = name, .argv = {}, .envp = {}};
  request.no_follow = flags & kNoFollow;
  if (file) {
    if (name.empty()) {
      // What a script's interpreter is given to open: it works while the descriptor stays open.
      request.path = "/dev/fd/" + std::to_string(static_cast<int32_t>(directory));
      request.file = &base;
    }
  }
  return exec(call, std::move(request), argv, envp);
}

}  // namespace cloche::kernel
