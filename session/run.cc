#include "session/run.h"

#include <optional>

#include "base/printable.h"
#include "sched/alone.h"
#include "session/driver.h"
#include "session/failures.h"
#include "session/process_state.h"
#include "session/sandbox_state.h"

namespace cloche::session {
namespace {

// Drives until `done`: here as long as the sandbox is alone, else on the workers.
std::optional<Failure> drive(Sandbox::State& sandbox, const std::atomic<bool>& done) {
  if (done) return std::nullopt;
  Driver driver(sandbox, [&done] { return done.load(); });
  Host::State& host = *sandbox.host;
  const Host::State::Running running(host);
  const bool may_be_alone = host.options.workers == 0 && !needs_workers(sandbox.limits);
  if (may_be_alone && sched::run_alone(driver, sandbox.clock, host.crowded())) {
    return std::nullopt;
  }
  if (auto failure = join_workers(sandbox)) return failure;
  auto task = (*host.scheduler())->add(driver, {}, &*sandbox.cpu_share);
  if (!task.ok()) return failure_of(task.error());
  task->join();
  return std::nullopt;
}

// While one lives, this thread drives the sandbox. It has taken the floor.
class Drives {
 public:
  explicit Drives(Sandbox::State& sandbox) : sandbox_(sandbox) { sandbox.control.begin_driving(); }
  ~Drives() {
    (void)sandbox_.control.end_driving([this] {
      sandbox_.floor.leave();
      return true;
    });
    sandbox_.attendant.attend();
  }
  Drives(const Drives&) = delete;
  Drives& operator=(const Drives&) = delete;

 private:
  Sandbox::State& sandbox_;
};

// Begins something between two turns, whoever drives, and comes back when it is done; drives
// meanwhile, if nobody else does. `give_up` ends what nobody can drive.
template <class Begin, class GiveUp>
std::optional<Failure> run_to_end(Sandbox::State& sandbox, const std::atomic<bool>& done,
                                  const Begin& begin, const GiveUp& give_up) {
  const auto go_on = [&]() -> std::optional<Failure> {
    auto failure = drive(sandbox, done);
    if (failure) give_up();
    return failure;
  };
  if (sandbox.floor.try_take()) {
    const Drives drives(sandbox);
    if (auto failure = begin()) return failure;
    return go_on();
  }
  std::optional<Failure> failure;
  sandbox.control.perform([&failure, &begin] { failure = begin(); });
  if (failure || !sandbox.floor.take_unless(done)) return failure;
  const Drives drives(sandbox);
  return go_on();
}

}  // namespace

std::optional<Failure> check_workdir(Sandbox::State& sandbox) {
  const std::string& path = sandbox.options.workdir;
  const auto& names = sandbox.kernel->names();
  const auto found = names.walk(names.root(), path, sandbox.kernel->options().user,
                                vfs::kFollowLast | vfs::kDirectoryOnly);
  if (found.ok()) return std::nullopt;
  return failure_of(found.error(), "the working folder '" + printable(path) + "'");
}

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
  if (auto failure = Programs::check(options, Program::Kind::kRun)) return *failure;
  const auto record = std::make_shared<Process::State>(sandbox.requests.shared_bell());
  const auto failure = run_to_end(
      sandbox, record->done,
      [&] { return sandbox.programs.begin(record, std::move(options), Program::Kind::kRun); },
      [&] { sandbox.programs.cancel(*record); });
  if (failure) return *failure;
  if (record->failure) return *record->failure;
  return std::move(record->result);
}

Expected<std::shared_ptr<Process::State>> spawn_program(Sandbox::State& sandbox,
                                                        RunOptions options) {
  if (auto failure = Programs::check(options, Program::Kind::kSpawned)) return *failure;
  auto record = std::make_shared<Process::State>(sandbox.requests.shared_bell());
  std::optional<Failure> failure;
  const auto begin = [&] {
    failure = join_workers(sandbox);
    if (failure) return;
    failure = sandbox.programs.begin(record, std::move(options), Program::Kind::kSpawned);
    if (!failure) sandbox.programs.go_on_starting();
  };
  if (sandbox.floor.try_take()) {
    const Drives drives(sandbox);
    begin();
  } else {
    sandbox.control.perform(begin);
  }
  sandbox.attendant.attend();
  if (failure) return *failure;
  record->wait_started();
  if (record->failure) return *record->failure;
  return record;
}

Expected<CodeResult> run_cell(Sandbox::State& sandbox, CodeOptions options) {
  if (auto failure = CodeSessions::check(options)) return *failure;
  CodeCall call(std::move(options));
  const auto begin = [&]() -> std::optional<Failure> {
    if (auto failure = check_workdir(sandbox)) return failure;
    if (sandbox.code.under_way() == 0 && sandbox.programs.count() == 0) sandbox.requests.forget();
    return sandbox.code.begin(call);
  };
  const auto failure = run_to_end(sandbox, call.done, begin, [&] {
    (void)sandbox.code.close(call.options.language, call.options.session);
  });
  if (failure) return *failure;
  return std::move(call.result);
}

}  // namespace cloche::session
