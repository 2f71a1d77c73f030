// Programs: from a path to a module that is ready to start, by the rules of execve(2).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/kernel.h"

namespace cloche::kernel {

struct Program {
  engine::ModuleRef module;
  std::vector<std::string> argv, envp;
  std::string file_name;   // as given, for AT_EXECFN and the process's name
  std::string executable;  // absolute path of the module
  vfs::Location location;
  engine::ImageRef image;  // null: from its beginning
  // Where it starts without an image; the same program once more (kern.cold).
  engine::EntryPoint entry = engine::EntryPoint::kStart;
  bool again = false;
};

struct ExecRequest {
  const vfs::Location& base;  // where relative paths start
  std::string path;
  std::vector<std::string> argv, envp;
  bool no_follow = false;               // AT_SYMLINK_NOFOLLOW: ELOOP for a symlink
  const vfs::Location* file = nullptr;  // the file itself, instead of the path (fexecve)
  uint32_t job = 0;                     // whose CPU time its compilation is
};

// A program whose file was found.
struct FoundProgram {
  std::unique_ptr<Program> program;  // without a module
  std::string path;                  // of the file, as it was asked for
  vfs::Location file;
  uint32_t job = 0;

  // It is the host's own, and compiled once for all: what that takes is nobody's.
  bool of_pack() const { return !file.inode->content_hash().empty(); }
};

class CompileJob;  // kernel/compiler.h

// Finds and compiles the program, through interpreters of `#!` scripts (Linux rules: the first 256
// bytes, one argument, ELOOP beyond five scripts).
// Errors: those of the path walk; EACCES no x bit or not a regular file; ENOEXEC neither a module
// that this sandbox can run nor a script (the log says why); E2BIG; ENOMEM (also: compile.time,
// memory.max); EAGAIN: the host has no thread left.
// Cost: compiles the module unless the engine knows it. With `aside` a thread does that: kSUSPEND.
// Then `*aside` is the compilation, and finish_program() gives the program once that is done; or it
// is null: another program is being compiled, so try again when compiler_of() is no longer busy.
SysResult<std::unique_ptr<Program>> load_program(Kernel& kernel, const vfs::Credentials& who,
                                                 ExecRequest request, Ref<CompileJob>* aside);
SysResult<std::unique_ptr<Program>> finish_program(Kernel& kernel, CompileJob& job);

// What argv and envp cost of KernelLimits::argument_bytes: strings with NUL, and pointers.
uint64_t argument_cost(const std::vector<std::string>& strings);
// E2BIG: one string over 128 KiB or all together over the limit.
SysResult<Unit> check_arguments(const Kernel& kernel, const std::vector<std::string>& argv,
                                const std::vector<std::string>& envp);

// Puts `program` into a process that has no running program yet, or whose thread `thread` asked for
// exec: the other threads end, the memory is new. False: it could not start (out of memory); the
// old program is gone then, as on Linux past the point of no return.
bool start_program(Kernel& kernel, Process& process, Thread& thread, Program& program);

// The program that a process runs, to be started again from its beginning. EINVAL: it was not
// started from an image.
SysResult<std::unique_ptr<Program>> same_program(Kernel& kernel, const Process& process);

// The block that kern.startup gives the guest (abi/README.md), for a guest buffer at `address`.
std::vector<uint8_t> startup_block(const Process& process, uint32_t address);

}  // namespace cloche::kernel
