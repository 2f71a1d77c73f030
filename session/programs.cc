#include "session/programs.h"

#include <algorithm>

#include "base/printable.h"
#include "session/failures.h"
#include "session/options.h"
#include "session/run.h"
#include "session/sandbox_state.h"

namespace cloche::session {
namespace {

constexpr int64_t kForever = kernel::Call::kNoDeadline;

bool has_pipe(const RunOptions& options) {
  return options.standard_input.kind() == Stream::Kind::kPipe ||
         options.standard_output.kind() == Stream::Kind::kPipe ||
         options.standard_error.kind() == Stream::Kind::kPipe;
}

}  // namespace

Programs::~Programs() = default;

std::optional<Failure> Programs::check(const RunOptions& options, Program::Kind kind) {
  if (options.argv.empty() || options.argv[0].empty()) return invalid("there is no program to run");
  if (has_nul(options.argv)) return invalid("an argument holds a NUL byte");
  if (options.timeout && options.timeout->count() <= 0) {
    return invalid("the time-out of a program must be more than zero");
  }
  if (kind == Program::Kind::kRun && has_pipe(options)) {
    return invalid("run() has no use for a pipe: only spawn() gives its other end");
  }
  return std::nullopt;
}

std::optional<Failure> Programs::begin(std::shared_ptr<Process::State> record, RunOptions options,
                                       Program::Kind kind) {
  // Before the program, so that a wrong folder is not taken for a missing program.
  if (auto failure = check_workdir(sandbox_)) return failure;
  if (programs_.size() >= sandbox_.kernel->options().limits.processes) {
    sandbox_.kernel->tell_limit("pids.max", nullptr);
    return Failure{Failure::Kind::kResourceExhausted,
                   "as many programs are under way as there may be processes (pids.max)"};
  }
  if (programs_.empty() && sandbox_.code.under_way() == 0) sandbox_.requests.forget();
  auto path = place(options);
  if (!path) return path.error();
  auto streams =
      std::make_unique<Streams>(*sandbox_.kernel, sandbox_.limits.output, options, record->ends);
  if (!streams->ok()) {
    return Failure{Failure::Kind::kResourceExhausted, "no room for the program's streams"};
  }
  kernel::StartOptions start;
  start.path = std::move(*path);
  start.argv = options.argv;
  start.envp = sandbox_.environment;
  start.cwd = sandbox_.options.workdir;
  start.files = streams->files();
  start.terminal = streams->terminal();
  start.job = sandbox_.new_job();
  if (auto failure = record_start(options, start.job)) return failure;
  if (sandbox_.tools) start.authority = sandbox_.tools->authority();
  Program::Asked asked{.record = std::move(record),
                       .kind = kind,
                       .job = start.job,
                       .timeout = options.timeout.value_or(std::chrono::nanoseconds(0)),
                       .name = options.argv[0]};
  programs_.push_back(
      std::make_unique<Program>(sandbox_, std::move(asked), std::move(streams), std::move(start)));
  if (kind == Program::Kind::kSpawned) ++spawned_;
  return std::nullopt;
}

// Where its program is.
Expected<std::string> Programs::place(RunOptions& options) {
  if (!options.module) return options.argv[0];
  std::string name = options.argv[0];
  // One of the same name may still wait for its start.
  if (starting()) name += "-" + std::to_string(sandbox_.last_job);
  auto placed = place_module(sandbox_.world, name, *options.module);
  options.module.reset();  // the file has it
  return placed;
}

std::optional<Failure> Programs::record_start(const RunOptions& options, uint32_t job) {
  if (!sandbox_.tools) return std::nullopt;
  if (programs_.empty() && sandbox_.code.under_way() == 0) sandbox_.tools->forget_recorded();
  return sandbox_.tools->record_start(options.argv, job);
}

void Programs::go_on_starting() {
  for (const auto& program : programs_) {
    if (!program->starting()) continue;
    program->go_on_starting();
    if (program->starting()) return;
  }
}

bool Programs::starting() const {
  return std::any_of(programs_.begin(), programs_.end(),
                     [](const auto& program) { return program->starting(); });
}

bool Programs::all_starting() const {
  return !programs_.empty() && std::all_of(programs_.begin(), programs_.end(),
                                           [](const auto& program) { return program->starting(); });
}

void Programs::serve_requests() {
  for (const auto& program : programs_) program->serve_requests();
}

void Programs::signal(int32_t signo) {
  for (const auto& program : programs_) {
    if (program->kind() == Program::Kind::kRun) program->deliver(signo);
  }
}

void Programs::resize(WindowSize size) {
  for (const auto& program : programs_) {
    if (program->kind() == Program::Kind::kRun) program->set_window(size);
  }
}

void Programs::look() {
  for (size_t at = 0; at < programs_.size();) {
    const bool alone = programs_.size() == 1 && !sandbox_.code.any();
    if (programs_[at]->over(alone ? Program::Alone::kYes : Program::Alone::kNo)) {
      finish(at);
    } else {
      ++at;
    }
  }
}

void Programs::finish(size_t at) {
  const std::unique_ptr<Program> program = std::move(programs_[at]);
  programs_.erase(programs_.begin() + static_cast<ptrdiff_t>(at));
  const bool others = !programs_.empty() || sandbox_.code.under_way() > 0;
  RunResult result = program->take_result(others);
  const std::shared_ptr<Process::State> record = program->record();
  if (program->kind() == Program::Kind::kSpawned) --spawned_;
  record->tell_ended(std::move(result), program->failure());
  sandbox_.floor.tell(record->done);
}

void Programs::cancel_all() {
  for (const auto& program : programs_) program->cancel();
  look();
}

void Programs::cancel_spawned() {
  for (const auto& program : programs_) {
    if (program->kind() == Program::Kind::kSpawned) program->cancel();
  }
  look();
}

void Programs::cancel(const Process::State& record) {
  for (const auto& program : programs_) {
    if (program->record().get() == &record) program->cancel();
  }
  look();
}

void Programs::limits_changed() {
  for (const auto& program : programs_) {
    program->watch().limits_changed();
    program->streams().budget().set_limit(sandbox_.limits.output);
  }
}

int64_t Programs::slice(int64_t longest) {
  for (const auto& program : programs_) longest = program->watch().slice(longest);
  return longest;
}

int64_t Programs::deadline() const {
  int64_t first = kForever;
  for (const auto& program : programs_) first = std::min(first, program->deadline());
  return first;
}

void Programs::pump() {
  for (const auto& program : programs_) {
    if (TerminalPump* const pump = program->streams().pump()) pump->pump();
  }
}

void Programs::add_waits(std::vector<sched::FdWait>& waits) {
  for (const auto& program : programs_) {
    if (TerminalPump* const pump = program->streams().pump()) pump->add_waits(waits);
  }
}

bool Programs::serve_terminals(bool waiting) {
  bool served = false;
  for (const auto& program : programs_) served |= program->serve_terminal(waiting);
  return served;
}

Program* Programs::first() const {
  for (const auto& program : programs_) {
    if (program->kind() == Program::Kind::kRun) return program.get();
  }
  return programs_.empty() ? nullptr : programs_.front().get();
}

uint64_t Programs::output_bytes() const {
  Program* const shown = first();
  return shown == nullptr ? 0 : shown->streams().budget().used();
}

}  // namespace cloche::session
