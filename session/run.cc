#include "session/run.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/printable.h"
#include "kernel/host_stream.h"
#include "kernel/io_state.h"
#include "sched/alone.h"
#include "session/failures.h"
#include "session/options.h"
#include "session/program_start.h"
#include "session/run_watch.h"
#include "session/terminal_pump.h"

namespace cloche::session {
namespace {

using kernel::FileRef;
using kernel::Kernel;

constexpr int64_t kForever = kernel::Call::kNoDeadline;
constexpr std::chrono::milliseconds kStartPatience{5};
constexpr uint32_t kRunJob = 0;  // of programs that are no sessions

// The three standard streams of a program, or its terminal.
class Streams {
 public:
  Streams(Sandbox::State& sandbox, RunOptions& options)
      : kernel_(*sandbox.kernel), budget_(make_ref<kernel::OutputBudget>(sandbox.limits.output)) {
    if (options.terminal) {
      open_terminal(options);
      return;
    }
    files_ = {{0, input(options.standard_input)},
              {1, output(options.standard_output, stdout_, stdout_loss_)},
              {2, output(options.standard_error, stderr_, stderr_loss_)}};
  }

  bool ok() const {
    return std::all_of(files_.begin(), files_.end(),
                       [](const auto& file) { return static_cast<bool>(file.second); });
  }
  const std::vector<std::pair<int32_t, FileRef>>& files() const { return files_; }
  Ref<RefCounted> terminal() const { return tty_; }
  kernel::Tty* tty() const { return tty_.get(); }
  TerminalPump* pump() { return pump_ ? &*pump_ : nullptr; }
  kernel::OutputBudget& budget() { return *budget_; }

  // Gives up the files, so that nothing of this run stays open in the kernel.
  void close() { files_.clear(); }

  void put_output(RunResult& result) {
    if (stdout_) result.stdout_bytes = stdout_->take();
    if (stderr_) result.stderr_bytes = stderr_->take();
    result.stdout_truncated = tty_ ? budget_->exceeded() : stdout_loss_->truncated;
    result.stderr_truncated = stderr_loss_->truncated;
  }

 private:
  void open_terminal(RunOptions& options) {
    auto made = kernel_.io().terminals().create();
    if (!made.ok()) {
      files_ = {{0, FileRef()}};
      return;
    }
    tty_ = std::move(made).value();
    tty_->set_window({options.window.rows, options.window.columns, 0, 0});
    const auto file = kernel_.io().terminals().open_for_host(tty_, kernel::kReadWrite);
    const FileRef slave = file.ok() ? file.value() : FileRef();
    files_ = {{0, slave}, {1, slave}, {2, slave}};
    pump_.emplace(tty_, options.standard_input.fd(), options.standard_output.fd(), budget_);
  }

  FileRef input(Stream& stream) {
    switch (stream.kind()) {
      case Stream::Kind::kDescriptor:
        return kernel::host_input(kernel_, stream.fd());
      case Stream::Kind::kBytes:
        return kernel::memory_input(kernel_, stream.take_bytes());
      case Stream::Kind::kNull:
      case Stream::Kind::kCapture:
        return kernel::memory_input(kernel_, {});
    }
    return FileRef();
  }

  FileRef output(Stream& stream, Ref<kernel::Capture>& capture, Ref<kernel::OutputLoss> loss) {
    const kernel::OutputOptions options{budget_, std::move(loss)};
    if (stream.kind() == Stream::Kind::kDescriptor) {
      return kernel::host_output(kernel_, stream.fd(), options);
    }
    auto kept = make_ref<kernel::Capture>();
    if (stream.kind() == Stream::Kind::kCapture) capture = kept;
    return kernel::memory_output(kernel_, kept, options);
  }

  Kernel& kernel_;
  Ref<kernel::OutputBudget> budget_;
  Ref<kernel::Capture> stdout_, stderr_;
  const Ref<kernel::OutputLoss> stdout_loss_ = make_ref<kernel::OutputLoss>();
  const Ref<kernel::OutputLoss> stderr_loss_ = make_ref<kernel::OutputLoss>();
  Ref<kernel::Tty> tty_;
  std::optional<TerminalPump> pump_;
  std::vector<std::pair<int32_t, FileRef>> files_;
};

// A program that runs, or is about to.
class Program {
 public:
  Program(Sandbox::State& sandbox, Streams& streams, kernel::StartOptions start)
      : sandbox_(sandbox),
        streams_(streams),
        watch_({*sandbox.kernel, sandbox.clock, sandbox.limits, streams.budget(),
                *sandbox.world.budget, sandbox.kernel->usage()}),
        start_(*sandbox.kernel, watch_, std::move(start), sandbox.last_log_line) {
    sandbox_.run.watch = &watch_;
    sandbox_.run.output = &streams_.budget();
  }
  ~Program() {
    sandbox_.run.starting = false;
    sandbox_.run.watch = nullptr;
    sandbox_.run.output = nullptr;
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Starts it as soon as that can be.
  void go_on_starting() {
    if (!start_.pending()) return;
    start_.go_on();
    sandbox_.run.starting = start_.pending();
    if (start_.pending()) return;
    streams_.close();
    (void)sandbox_.kernel->usage();  // its peak: before the first turn
  }

  bool finished() {
    if (start_.failure()) {
      result_ = *start_.failure();
      return true;
    }
    if (interrupted_ != 0) {
      result_.outcome = Outcome::kSignaled;
      result_.signal = interrupted_;
      return true;
    }
    if (!watch_.finished(result_)) return false;
    if (sandbox_.tools) sandbox_.tools->record_stop(result_, "");
    return true;
  }
  void cancel() { result_.outcome = Outcome::kCancelled; }

  // Nothing of it is left; sessions are.
  void stop() {
    kernel::ExitStatus collected;
    if (sandbox_.code.any()) {
      sandbox_.kernel->kill_job(kRunJob);
    } else {
      sandbox_.kernel->kill_all(Kernel::GiveBack::kSoon);
    }
    (void)sandbox_.kernel->collect(start_.pid(), &collected);
  }
  void fill_result() {
    if (streams_.pump()) streams_.pump()->drain();
    watch_.fill_usage(result_);
    if (!sandbox_.tools) return;
    const bool alone = sandbox_.code.under_way() == 0;
    sandbox_.tools->take_calls(kRunJob, alone ? ToolSide::Others::kNone : ToolSide::Others::kSome,
                               result_);
  }

  // To the terminal's foreground group if there is one, else to the group the program leads. A
  // program that is not started yet has no handler and ends as by default.
  void deliver(int32_t signo) {
    if (start_.pending()) {
      if (ProgramStart::is_fatal(signo)) interrupted_ = signo;
      return;
    }
    const int32_t foreground = streams_.tty() ? streams_.tty()->foreground() : 0;
    if (sandbox_.kernel->signal(-(foreground > 0 ? foreground : start_.pid()), signo).ok()) return;
    (void)sandbox_.kernel->signal(start_.pid(), signo).ok();
  }
  // A key that is a signal, typed before the program was there to get it.
  void deliver_unheard() {
    if (!start_.pending() || !streams_.tty()) return;
    if (const int32_t key = streams_.tty()->take_unheard(); key != 0) deliver(key);
  }

  const ProgramStart& start() const { return start_; }
  Streams& streams() { return streams_; }
  RunWatch& watch() { return watch_; }
  RunResult take_result() { return std::move(result_); }

 private:
  Sandbox::State& sandbox_;
  Streams& streams_;
  RunWatch watch_;
  ProgramStart start_;
  int32_t interrupted_ = 0;  // by this signal, before it was started
  RunResult result_;
};

// Drives the kernel, a turn at a time, until a program ends, a limit is reached or the caller gives
// up; or until a cell of code is done. Cells of other threads run on the way.
class Driver final : public sched::Task {
 public:
  Driver(Sandbox::State& sandbox, Program& program)
      : sandbox_(sandbox), kernel_(*sandbox.kernel), program_(&program) {}
  Driver(Sandbox::State& sandbox, const CodeCall& call)
      : sandbox_(sandbox), kernel_(*sandbox.kernel), call_(&call) {}
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  sched::Outcome run(sched::Turn& turn) noexcept override {
    int64_t compiled = 0;
    {
      const sched::Turn::HostWork host_work(turn);
      look_at_host();
      serve_requests();
      sandbox_.control.serve();
      if (sandbox_.tools) sandbox_.tools->deliver();
      compiled = pay_compiler(turn);
      if (program_) program_->go_on_starting();
    }
    if (finished()) return end(turn);
    if (program_ && program_->start().pending() && !sandbox_.code.any()) return sleep();
    if (compiled >= turn.slice_ns()) {  // no more for now: this turn is used up
      list_waits();
      return {};
    }
    const kernel::Question should_stop{&turn_should_yield, &turn};
    bool waiting = sandbox_.run.paused ||
                   kernel_.run(slice(turn.slice_ns()), should_stop) == Kernel::Idle::kWaiting;
    const sched::Turn::HostWork host_work(turn);
    kernel_.note_peak();
    if (serve_terminal(waiting)) waiting = false;
    if (finished()) return end(turn);
    if (waiting) return sleep();
    list_waits();
    return {};
  }

 private:
  static bool turn_should_yield(void* env) noexcept {
    return static_cast<sched::Turn*>(env)->should_yield();
  }

  // What was compiled meanwhile, on another thread; returns how long that took.
  int64_t pay_compiler(sched::Turn& turn) {
    kernel_.settle_compiling();
    const int64_t now = kernel_.compile_cpu_ns();
    const int64_t spent = now - std::exchange(compiled_ns_, now);
    turn.add_guest_time(spent);
    return spent;
  }

  sched::Outcome sleep() {
    list_waits();
    slept_ = true;
    return {sched::Outcome::Then::kSleep, wake_up_at(), waits_};
  }

  TerminalPump* pump() { return program_ ? program_->streams().pump() : nullptr; }

  int64_t slice(int64_t longest) {
    if (program_) longest = program_->watch().slice(longest);
    return sandbox_.code.slice(longest);
  }

  sched::Outcome end(sched::Turn& turn) {
    (void)kernel_.usage();  // the peak of memory may be now
    if (program_) program_->stop();
    (void)pay_compiler(turn);
    if (program_) program_->fill_result();
    sched::Outcome done;
    done.then = sched::Outcome::Then::kDone;
    return done;
  }

  bool finished() {
    sandbox_.code.look();
    if (program_ ? program_->finished() : call_->done.load()) return true;
    if (!sandbox_.requests.take_kill()) return false;
    sandbox_.code.cancel_all();
    if (program_) program_->cancel();
    return true;
  }

  // True: programs that waited may go on.
  bool serve_terminal(bool waiting) {
    TerminalPump* pump = this->pump();
    if (!pump) return false;
    if (pump->pump()) return true;
    // Only the keyboard could wake anybody, and it has nothing more to give.
    if (!waiting || !pump->ignored() || kernel_.next_deadline() != kForever) return false;
    pump->hang_up();
    return true;
  }

  // When something happens inside by itself.
  int64_t wake_up_at() {
    int64_t until = sandbox_.code.deadline();
    if (program_) until = std::min(until, program_->watch().deadline());
    if (!sandbox_.run.paused) until = std::min(until, kernel_.next_deadline());
    if (sandbox_.tools) until = std::min(until, sandbox_.tools->next_deadline());
    return until;
  }

  void serve_requests() {
    const uint64_t signals = sandbox_.requests.take_signals();
    for (int32_t signo = 1; signo <= 64; ++signo) {
      if (!(signals >> (signo - 1) & 1)) continue;
      if (program_) program_->deliver(signo);
      sandbox_.code.signal(signo);
    }
    WindowSize size;
    if (sandbox_.requests.take_window(size) && program_ && program_->streams().tty()) {
      program_->streams().tty()->set_window({size.rows, size.columns, 0, 0});
    }
    if (program_) program_->deliver_unheard();
  }

  // The descriptors that guests wait for, and the bell.
  void list_waits() {
    waits_.assign(1, {sandbox_.requests.bell(), POLLIN});
    for (const kernel::HostWait& wait : kernel_.io().host().waits()) {
      waits_.push_back({wait.fd, wait.events});
    }
    guests_ = waits_.size();
    if (pump()) pump()->add_waits(waits_);
  }

  // Which of those are ready.
  void look_at_host() {
    // A busy guest needs no system call to see that the bell rang: requests are flags. The bell
    // only ends sleeps.
    const bool slept = std::exchange(slept_, false);
    if (!slept && waits_.size() <= 1) return;
    polled_.clear();
    for (const sched::FdWait& wait : waits_) {
      polled_.push_back({wait.fd, static_cast<short>(wait.events), 0});
    }
    if (poll(polled_.data(), polled_.size(), 0) <= 0) return;
    if (polled_[0].revents != 0) sandbox_.requests.silence();
    for (size_t i = 1; i < guests_; ++i) {
      if (polled_[i].revents != 0) kernel_.io().host().ready(polled_[i].fd);
    }
    if (pump()) pump()->pump();
  }

  Sandbox::State& sandbox_;
  Kernel& kernel_;
  Program* const program_ = nullptr;  // one of the two
  const CodeCall* const call_ = nullptr;
  int64_t compiled_ns_ =
      kernel_.compile_cpu_ns();       // of Kernel::compile_cpu_ns(), what the scheduler knows
  std::vector<sched::FdWait> waits_;  // the bell, those of guests, those of the terminal
  size_t guests_ = 0;                 // where those of guests end
  bool slept_ = false;
  std::vector<pollfd> polled_;
};

// Runs it to its end: here as long as it is alone, else on the workers.
std::optional<Failure> run_to_end(Sandbox::State& sandbox, Driver& driver) {
  Host::State& host = *sandbox.host;
  const Host::State::Running running(host);
  const bool may_be_alone = host.options.workers == 0 && !sandbox.cpu_share;
  if (may_be_alone && sched::run_alone(driver, sandbox.clock, host.crowded())) {
    return std::nullopt;
  }
  if (auto failure = join_workers(sandbox)) return failure;
  auto task = (*host.scheduler())->add(driver, {}, &*sandbox.cpu_share);
  if (!task.ok()) return failure_of(task.error());
  task->join();
  return std::nullopt;
}

// Before the program, so that a wrong folder is not taken for a missing program.
std::optional<Failure> check_workdir(Sandbox::State& sandbox) {
  const std::string& path = sandbox.options.workdir;
  const auto& names = sandbox.kernel->names();
  const auto found = names.walk(names.root(), path, sandbox.kernel->options().user,
                                vfs::kFollowLast | vfs::kDirectoryOnly);
  if (found.ok()) return std::nullopt;
  return failure_of(found.error(), "the working folder '" + printable(path) + "'");
}

// While one lives, this thread drives the sandbox.
class Drives {
 public:
  explicit Drives(Sandbox::State& sandbox) : Drives(sandbox, take(sandbox)) {}
  // The floor is this thread's already.
  struct Taken {};
  Drives(Sandbox::State& sandbox, Taken) : sandbox_(sandbox) { driving_.emplace(sandbox.control); }
  ~Drives() {
    driving_.reset();
    sandbox_.floor.leave();
  }
  Drives(const Drives&) = delete;
  Drives& operator=(const Drives&) = delete;

 private:
  static Taken take(Sandbox::State& sandbox) {
    const std::atomic<bool> never = false;
    sandbox.floor.take_unless(never);
    return {};
  }
  Sandbox::State& sandbox_;
  std::optional<Control::Driving> driving_;
};

// Drives until the call is done.
std::optional<Failure> drive_call(Sandbox::State& sandbox, CodeCall& call) {
  if (call.done) return std::nullopt;
  Driver driver(sandbox, call);
  auto failure = run_to_end(sandbox, driver);
  if (failure) sandbox.code.close(call.options.language, call.options.session);
  return failure;
}

}  // namespace

std::optional<Failure> join_workers(Sandbox::State& sandbox) {
  if (sandbox.cpu_share) return std::nullopt;
  auto scheduler = sandbox.host->scheduler();
  if (!scheduler) return scheduler.error();
  auto share = (*scheduler)->add_group(share_of(sandbox.limits));
  if (!share.ok()) return failure_of(share.error());
  sandbox.cpu_share.emplace(std::move(share).value());
  return std::nullopt;
}

Expected<RunResult> run_program(Sandbox::State& sandbox, RunOptions options) {
  const Drives drives(sandbox);
  if (options.argv.empty() || options.argv[0].empty()) return invalid("there is no program to run");
  if (has_nul(options.argv)) return invalid("an argument holds a NUL byte");
  if (auto failure = check_workdir(sandbox)) return *failure;
  if (sandbox.code.under_way() == 0) sandbox.requests.forget();
  sandbox.last_log_line.clear();

  kernel::StartOptions start;
  start.path = options.argv[0];
  if (options.module) {
    auto placed = place_module(sandbox.world, options.argv[0], *options.module);
    if (!placed) return placed.error();
    start.path = *placed;
    options.module.reset();  // the file has it
  }
  Streams streams(sandbox, options);
  if (!streams.ok()) {
    return Failure{Failure::Kind::kResourceExhausted, "no room for the program's streams"};
  }
  start.argv = options.argv;
  start.envp = sandbox.environment;
  start.cwd = sandbox.options.workdir;
  start.files = streams.files();
  start.terminal = streams.terminal();
  if (sandbox.tools) {
    start.authority = sandbox.tools->authority();
    if (auto failure = sandbox.tools->record_start(options.argv)) return *failure;
  }
  Program program(sandbox, streams, std::move(start));
  Driver driver(sandbox, program);
  if (auto failure = run_to_end(sandbox, driver)) {
    program.stop();
    if (sandbox.tools) {
      sandbox.tools->end_commands();
      sandbox.tools->record_end({}, "");
    }
    return *failure;
  }
  RunResult result = program.take_result();
  streams.put_output(result);
  if (sandbox.tools) {
    sandbox.tools->end_commands();
    sandbox.tools->record_end(result, "");
  }
  if (const auto error = program.start().no_room()) {
    return failure_of(*error, "starting " + printable(options.argv[0]));
  }
  return result;
}

Expected<CodeResult> run_cell(Sandbox::State& sandbox, CodeOptions options) {
  if (auto failure = CodeSessions::check(options)) return *failure;
  CodeCall call(std::move(options));
  std::optional<Failure> failure;
  if (sandbox.floor.try_take()) {
    const Drives drives(sandbox, Drives::Taken{});
    if ((failure = check_workdir(sandbox))) return *failure;
    if (sandbox.code.under_way() == 0) sandbox.requests.forget();
    if ((failure = sandbox.code.begin(call))) return *failure;
    if ((failure = drive_call(sandbox, call))) return *failure;
    return std::move(call.result);
  }
  // The kernel starts one program at a time.
  for (bool begun = false; !begun;) {
    sandbox.control.perform([&] {
      begun = !sandbox.run.starting;
      if (begun) failure = sandbox.code.begin(call);
    });
    if (!begun) std::this_thread::sleep_for(kStartPatience);
  }
  if (failure) return *failure;
  if (sandbox.floor.take_unless(call.done)) {
    const Drives drives(sandbox, Drives::Taken{});
    if ((failure = drive_call(sandbox, call))) return *failure;
  }
  return std::move(call.result);
}

}  // namespace cloche::session
