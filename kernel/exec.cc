#include "kernel/exec.h"

#include <algorithm>
#include <cstring>

#include "kernel/compiler.h"
#include "kernel/posix_timer.h"
#include "kernel/ready.h"
#include "kernel/state.h"
#include "kernel/wasi/state.h"
#include "vfs/ops.h"

namespace cloche::kernel {
namespace {

constexpr size_t kHeadBytes = 256;          // BINPRM_BUF_SIZE
constexpr int kMaxScripts = 5;              // then ELOOP
constexpr size_t kMaxArgument = 128 << 10;  // MAX_ARG_STRLEN
constexpr size_t kNameBytes = 15;           // TASK_COMM_LEN without the NUL

struct Interpreter {
  std::string path, argument;
  bool has_argument = false;
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The first line of a script, as fs/binfmt_script.c reads it. `head` starts with "#!".
SysResult<Interpreter> parse_script(std::string_view head) {
  std::string_view line = head.substr(2);
  const size_t newline = line.find('\n');
  if (newline != std::string_view::npos) {
    line = line.substr(0, newline);
  } else {
    // Cut off by the limit: fine for the argument, not for the interpreter's path.
    size_t from = 0;
    while (from < line.size() && is_blank(line[from])) ++from;
    const bool path_ends = line.find_first_of(std::string_view(" \t\0", 3), from) != line.npos;
    if (head.size() >= kHeadBytes && !path_ends) return Errno::kNOEXEC;
  }
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  if (line.empty() || line[0] == '\0') return Errno::kNOEXEC;
  Interpreter interpreter;
  size_t end = 0;
  while (end < line.size() && !is_blank(line[end]) && line[end] != '\0') ++end;
  interpreter.path = line.substr(0, end);
  if (end < line.size() && line[end] == '\0') return interpreter;
  while (end < line.size() && is_blank(line[end])) ++end;
  std::string_view argument = line.substr(end);
  argument = argument.substr(0, argument.find('\0'));
  interpreter.has_argument = !argument.empty();
  interpreter.argument = argument;
  return interpreter;
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

SysResult<std::vector<uint8_t>> read_all(vfs::FileBody& body, uint64_t size) {
  std::vector<uint8_t> bytes(static_cast<size_t>(size));
  size_t done = 0;
  while (done < bytes.size()) {
    const uint64_t got = TRY(body.read_at(done, std::span(bytes).subspan(done)));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

// Refuses a program for a limit of `at`, which is the kernel or one around it.
Errno refuse(Kernel& kernel, Kernel& at, const std::string& path, const char* limit,
             const std::string& why) {
  kernel.log("exec: " + path + ": " + why + " (" + limit + ")");
  kernel.state().refused_for = limit;
  at.tell_limit(limit, at.acting());
  return Errno::kNOMEM;
}

// How long the compilation of a file of `size` may take and how much memory, here and in the
// sandboxes around. What memory the programs of the pack take is nobody's.
SysResult<engine::CompileLimits> limits_to_compile(Kernel& kernel, const FoundProgram& found,
                                                   uint64_t size) {
  engine::CompileLimits limits;
  const std::string& path = found.path;
  const uint64_t copies = 2 * size;  // the file, and what is made of it to be compiled
  for (Kernel* at = &kernel; at; at = at->options().outer) {
    const int64_t left = at->options().limits.compile_ns - at->state().usage.compile_ns;
    if (left <= 0)
      return refuse(kernel, *at, path, "compile.time", "the time to compile programs is used up");
    limits.max_ns = std::min(limits.max_ns, left);
    if (found.of_pack()) continue;
    const uint64_t maximum = at->options().limits.memory;
    const uint64_t used = at->usage().memory.total() + copies;
    if (used > maximum)
      return refuse(kernel, *at, path, "memory.max", "there is no memory left to compile it");
    limits.max_bytes = std::min(limits.max_bytes, maximum - used);
  }
  return limits;
}

// Whose limit ended it: the innermost of those that have nothing left, or have least.
Errno ended(Kernel& kernel, const std::string& path, engine::Compilation::End end,
            const std::string& why) {
  const bool time = end == engine::Compilation::End::kTime;
  Kernel* whose = &kernel;
  for (Kernel* at = kernel.options().outer; at; at = at->options().outer) {
    const bool less = time
                          ? at->options().limits.compile_ns - at->state().usage.compile_ns <
                                whose->options().limits.compile_ns - whose->state().usage.compile_ns
                          : at->options().limits.memory < whose->options().limits.memory;
    if (less) whose = at;
  }
  return refuse(kernel, *whose, path, time ? "compile.time" : "memory.max", why);
}

SysResult<engine::ModuleRef> take_module(Kernel& kernel, const std::string& path,
                                         const Result<engine::ModuleRef>& module,
                                         engine::Compilation::End end) {
  using End = engine::Compilation::End;
  if (module.ok()) return *module;
  if (end == End::kTime || end == End::kMemory)
    return ended(kernel, path, end, module.error().message);
  kernel.log("exec: " + path + ": " + module.error().message);
  return module.error().code == Code::kResourceExhausted ? Errno::kNOMEM : Errno::kNOEXEC;
}

SysResult<engine::ModuleRef> compile_here(Kernel& kernel, const FoundProgram& found,
                                          std::span<const uint8_t> bytes,
                                          const engine::ModuleLimits& module_limits,
                                          const engine::CompileLimits& limits) {
  engine::Compilation compilation{limits};
  const auto module = kernel.options().engine->load(bytes, module_limits, compilation);
  charge_compiling(kernel, found.job, compilation.spent_ns,
                   found.of_pack() ? PaidBy::kHost : PaidBy::kGuest);
  return take_module(kernel, found.path, module, compilation.end);
}

SysResult<Unit> compile_aside(Kernel& kernel, FoundProgram& found, std::vector<uint8_t> bytes,
                              const engine::ModuleLimits& module_limits,
                              const engine::CompileLimits& limits, Ref<CompileJob>& job) {
  auto begun = make_ref<CompileJob>(kernel, std::move(found));
  TRY(begun->begin(std::move(bytes), module_limits, limits));
  job = std::move(begun);
  return Unit{};
}

// Compiles it here, or begins to do so aside: kSUSPEND.
SysResult<engine::ModuleRef> compile(Kernel& kernel, FoundProgram& found, vfs::FileBody& body,
                                     Ref<CompileJob>* aside) {
  const uint64_t size = TRY(body.size());
  const uint64_t maximum = found.of_pack() ? size : kernel.options().limits.module_bytes;
  if (size > maximum) {
    kernel.log("exec: " + found.path + ": larger than a program may be (" +
               std::to_string(maximum) + " bytes)");
    return Errno::kNOEXEC;
  }
  if (aside && compiler_of(kernel).busy()) return Errno::kSUSPEND;
  const engine::CompileLimits compile_limits = TRY(limits_to_compile(kernel, found, size));
  std::vector<uint8_t> bytes = TRY(read_all(body, size));
  engine::ModuleLimits module_limits;
  module_limits.max_bytes = maximum;
  if (!aside) return compile_here(kernel, found, bytes, module_limits, compile_limits);
  TRY(compile_aside(kernel, found, std::move(bytes), module_limits, compile_limits, *aside));
  return Errno::kSUSPEND;
}

engine::ModuleRef find_known(Kernel& kernel, const vfs::Inode& inode) {
  const std::span<const uint8_t> hash = inode.content_hash();
  std::array<uint8_t, 32> key;
  if (hash.size() != key.size()) return nullptr;
  std::copy(hash.begin(), hash.end(), key.begin());
  return kernel.options().engine->find(key);
}

SysResult<vfs::Location> find_file(Kernel& kernel, const vfs::Credentials& who,
                                   const ExecRequest& request, const std::string& path) {
  vfs::OpenRequest how;
  how.for_execute = true;
  how.no_follow = request.no_follow;
  const uint32_t follow = request.no_follow ? 0u : uint32_t{vfs::kFollowLast};
  return TRY(vfs::open(kernel.names(), {request.base, path, follow}, who, how)).location;
}

// execve of an open file: what open(for_execute) would have checked.
SysResult<vfs::Location> check_file(const vfs::Location& file, const vfs::Credentials& who) {
  if (file.inode->type() != vfs::FileType::kRegular) return Errno::kACCES;
  TRY(vfs::may_access(*file.inode, who, vfs::kExecute));
  return file;
}

void rewrite_for_script(Program& program, const Interpreter& interpreter,
                        const std::string& script) {
  std::vector<std::string> argv{interpreter.path};
  if (interpreter.has_argument) argv.push_back(interpreter.argument);
  argv.push_back(script);
  if (!program.argv.empty()) argv.insert(argv.end(), program.argv.begin() + 1, program.argv.end());
  program.argv = std::move(argv);
}

// Programs of the pack alone: what a guest could write does not get to run anywhere else.
void find_image(Kernel& kernel, const vfs::Inode& inode, Program& program) {
  ReadyPrograms* const ready = kernel.options().ready;
  if (!ready || !program.module->can_be_ready() || inode.content_hash().empty()) return;
  program.image = ready->find(program.module, program.executable);
  if (program.image && program.image->memory_bytes() > kernel.options().limits.address_space)
    program.image = nullptr;
}

}  // namespace

uint64_t argument_cost(const std::vector<std::string>& strings) {
  uint64_t cost = 4;
  for (const std::string& text : strings) cost += text.size() + 1 + 4;
  return cost;
}

SysResult<Unit> check_arguments(const Kernel& kernel, const std::vector<std::string>& argv,
                                const std::vector<std::string>& envp) {
  for (const auto* list : {&argv, &envp})
    for (const std::string& text : *list)
      if (text.size() >= kMaxArgument) return Errno::k2BIG;
  if (argument_cost(argv) + argument_cost(envp) > kernel.options().limits.argument_bytes)
    return Errno::k2BIG;
  return Unit{};
}

namespace {

// With its module: what is left to check.
SysResult<std::unique_ptr<Program>> complete(Kernel& kernel, FoundProgram found) {
  std::unique_ptr<Program> program = std::move(found.program);
  const auto absolute = kernel.names().path_of(found.file);
  program->executable = absolute.ok() ? *absolute : found.path;
  find_image(kernel, *found.file.inode, *program);
  program->location = std::move(found.file);
  if (wasi::is_wasi(*program->module) && wasi::is_native(*program->module)) {
    kernel.log("exec: " + found.path + ": imports both from WASI and from linux or kern");
    return Errno::kNOEXEC;
  }
  TRY(check_arguments(kernel, program->argv, program->envp));
  if (program->module->initial_memory() > kernel.options().limits.address_space)
    return Errno::kNOMEM;
  return program;
}

}  // namespace

SysResult<std::unique_ptr<Program>> load_program(Kernel& kernel, const vfs::Credentials& who,
                                                 ExecRequest request, Ref<CompileJob>* aside) {
  FoundProgram found{std::make_unique<Program>(), request.path, {}, request.job};
  Program& program = *found.program;
  program.argv = std::move(request.argv);
  program.envp = std::move(request.envp);
  program.file_name = request.path;
  if (program.argv.empty()) program.argv.emplace_back();  // as Linux does since 5.18
  for (int scripts = 0;; ++scripts) {
    if (scripts > kMaxScripts) return Errno::kLOOP;
    found.file = request.file && scripts == 0 ? TRY(check_file(*request.file, who))
                                              : TRY(find_file(kernel, who, request, found.path));
    program.module = find_known(kernel, *found.file.inode);
    if (program.module) break;
    const auto body = TRY(found.file.inode->open(vfs::OpenAccess::kRead));
    uint8_t head[kHeadBytes];
    const auto got = static_cast<size_t>(TRY(body->read_at(0, head)));
    if (got >= 2 && head[0] == '#' && head[1] == '!') {
      const auto interpreter = TRY(parse_script({reinterpret_cast<const char*>(head), got}));
      rewrite_for_script(program, interpreter, found.path);
      found.path = interpreter.path;
      continue;
    }
    if (got < 4 || std::memcmp(head, "\0asm", 4) != 0) return Errno::kNOEXEC;
    program.module = TRY(compile(kernel, found, *body, aside));
    break;
  }
  return complete(kernel, std::move(found));
}

SysResult<std::unique_ptr<Program>> finish_program(Kernel& kernel, CompileJob& job) {
  CHECK(job.done());
  const engine::Loading& loading = job.loading();
  FoundProgram& found = job.found();
  found.program->module = TRY(take_module(kernel, found.path, loading.result(), loading.end()));
  return complete(kernel, std::move(found));
}

SysResult<std::unique_ptr<Program>> same_program(Kernel& kernel, const Process& process) {
  if (!process.from_image || process.threads.size() != 1) return Errno::kINVAL;
  auto program = std::make_unique<Program>();
  program->module = kernel.options().engine->find(process.main_thread()->context->module().hash());
  if (!program->module) return Errno::kNOMEM;
  program->argv = process.argv;
  program->envp = process.envp;
  program->file_name = process.program_file;
  program->executable = process.executable;
  program->location = process.executable_location;
  program->again = true;
  return program;
}

namespace {

// What was ignored stays so, everything else is as it was before the first program.

void reset_signals(Process& process) {
  for (SignalAction& action : process.actions) {
    const uint32_t handler = action.handler == 1 ? 1u : 0u;
    action = SignalAction{.handler = handler, .flags = 0, .mask = 0};
  }
  process.sigword = 0;
}

// As a program that sets them at its start: it leaves alone what was ignored.
void take_actions(Process& process, const std::array<SignalAction, kSignalCount>& actions) {
  for (size_t i = 0; i < actions.size(); ++i)
    if (process.actions[i].handler == 0) process.actions[i] = actions[i];
}

void reset_thread(Thread& thread) {
  thread.alternate_stack = {};
  thread.clear_child_tid = 0;
  thread.robust_list = 0;
  thread.restore_mask = false;
  thread.request = Request::kNone;
  thread.request_done = false;
}

// The thread that called exec becomes the process's only one, under the process's id.
void end_other_threads(Kernel& kernel, Process& process, Thread& survivor) {
  for (size_t i = process.threads.size(); i-- > 0;)
    if (process.threads[i].get() != &survivor) destroy_thread(kernel, *process.threads[i]);
  if (survivor.tid == process.pid) return;
  auto& threads = kernel.state().threads;
  threads.erase(survivor.tid);
  survivor.tid = process.pid;
  threads[survivor.tid] = &survivor;
}

void leave_memory(Kernel& kernel, Process& process, Thread& thread) {
  if (!process.address_space) return;
  AddressSpace& space = address_space_of(process);
  process.usage.max_memory = std::max(process.usage.max_memory, space.granted());
  if (space.ref_count() > 1)
    clear_child_tid(kernel, thread);
  else
    space.sync_all(*thread.context);
}

}  // namespace

bool start_program(Kernel& kernel, Process& process, Thread& thread, Program& program) {
  Kernel::State& state = kernel.state();
  const auto& on_start = kernel.options().on_start;
  std::optional<ReadyProcess> ready;
  if (program.image) ready = read_ready_note(*program.image);
  if (on_start && !program.again &&
      !on_start({process.lineage(), program.executable, program.argv})) {
    kernel.log("exec: " + program.executable + ": its start could not be put on record");
    return false;
  }
  auto context = ready ? state.pool->start(program.image, &thread)
                       : state.pool->start(program.module, &thread, program.entry);
  if (!context.ok()) {
    kernel.log("exec: " + program.executable + ": " + context.error().message);
    return false;
  }
  end_other_threads(kernel, process, thread);
  cancel_wait(kernel, thread);
  leave_memory(kernel, process, thread);
  thread.context = std::move(*context);
  release_vfork_parent(kernel, process);
  const uint64_t maximum =
      std::min(program.module->max_memory(), (uint64_t{4} << 30) - (uint64_t{64} << 10));
  process.address_space = ready ? ready->address_space
                                : make_ref<AddressSpace>(program.module->initial_memory(), maximum);
  reset_signals(process);
  if (ready) take_actions(process, ready->actions);
  process.from_image = ready.has_value();
  reset_thread(thread);
  process.timers.clear();
  if (process.fds.use_count() > 1) process.fds = process.fds->copy();
  process.fds->close_for_exec(process);
  process.executable = std::move(program.executable);
  process.executable_location = std::move(program.location);
  process.argv = std::move(program.argv);
  process.envp = std::move(program.envp);
  process.wasi = wasi::is_wasi(*program.module) ? wasi::State::enter(kernel, process) : nullptr;
  process.argument_bytes = argument_cost(process.argv) + argument_cost(process.envp);
  process.dumpable = true;
  process.name = base_name(program.file_name).substr(0, kNameBytes);
  thread.name = process.name;
  process.program_file = std::move(program.file_name);
  process.random_source().fill(process.random_bytes.data(), process.random_bytes.size());
  process.did_exec = true;
  if (!program.again) ++state.usage.execs;
  return true;
}

namespace {

enum AuxiliaryVector : uint32_t {
  kAtNull = 0,
  kAtPageSize = 6,
  kAtUid = 11,
  kAtEuid = 12,
  kAtGid = 13,
  kAtEgid = 14,
  kAtClockTick = 17,
  kAtSecure = 23,
  kAtRandom = 25,
  kAtExecFn = 31,
};

// Words first, then the bytes they point to.
class BlockWriter {
 public:
  BlockWriter(uint32_t address, size_t words) : next_(address + static_cast<uint32_t>(words * 4)) {}
  void word(uint32_t value) { words_.push_back(value); }
  void bytes(const void* data, size_t size) {
    word(next_);
    const auto* from = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
    next_ += static_cast<uint32_t>(size);
  }
  void text(const std::string& value) { bytes(value.c_str(), value.size() + 1); }
  std::vector<uint8_t> finish() const {
    std::vector<uint8_t> block(words_.size() * 4 + bytes_.size());
    std::memcpy(block.data(), words_.data(), words_.size() * 4);
    if (!bytes_.empty())
      std::memcpy(block.data() + words_.size() * 4, bytes_.data(), bytes_.size());
    return block;
  }

 private:
  std::vector<uint32_t> words_;
  std::vector<uint8_t> bytes_;
  uint32_t next_;
};

}  // namespace

std::vector<uint8_t> startup_block(const Process& process, uint32_t address) {
  constexpr size_t kAuxiliaryWords = 2 * 10;
  const size_t words = 1 + process.argv.size() + 1 + process.envp.size() + 1 + kAuxiliaryWords;
  BlockWriter block(address, words);
  block.word(static_cast<uint32_t>(process.argv.size()));
  for (const std::string& text : process.argv) block.text(text);
  block.word(0);
  for (const std::string& text : process.envp) block.text(text);
  block.word(0);
  const std::pair<uint32_t, uint32_t> values[] = {{kAtPageSize, 4096},
                                                  {kAtClockTick, 100},
                                                  {kAtSecure, 0},
                                                  {kAtUid, process.credentials.uid},
                                                  {kAtEuid, process.credentials.uid},
                                                  {kAtGid, process.credentials.gid},
                                                  {kAtEgid, process.credentials.gid}};
  for (const auto& [key, value] : values) {
    block.word(key);
    block.word(value);
  }
  block.word(kAtRandom);
  block.bytes(process.random_bytes.data(), process.random_bytes.size());
  block.word(kAtExecFn);
  block.text(process.program_file);
  block.word(kAtNull);
  block.word(0);
  return block.finish();
}

}  // namespace cloche::kernel
