#include "sandbox.h"

#include <nanobind/stl/string.h>
#include <semaphore.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <map>

#include "failure.h"
#include "interpreter.h"
#include "values.h"

namespace nb = nanobind;

namespace cloche::python {
namespace {

using std::chrono::milliseconds;

// A kill that comes before a run has begun is forgotten by it: who wants an end asks again.
constexpr milliseconds kAskAgain{10};
constexpr milliseconds kLookAtSignals{100};
constexpr milliseconds kShutDownPatience{1000};

// Posted once, waited for by a thread that signals shall wake.
class Bell {
 public:
  Bell() { sem_init(&semaphore_, 0, 0); }
  ~Bell() { sem_destroy(&semaphore_); }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  void ring() { sem_post(&semaphore_); }
  // False: the time is over, or a signal came.
  bool wait(milliseconds longest) {
    timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_nsec + std::chrono::nanoseconds(longest).count();
    until.tv_sec += ns / 1'000'000'000;
    until.tv_nsec = ns % 1'000'000'000;
    return sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) == 0;
  }

 private:
  sem_t semaphore_;
};

// Only Python's main thread runs the handlers of signals.
bool is_main_thread() { return getpid() == gettid(); }

// Runs `work` on a thread beside, while this one, the main thread, looks at signals: what a handler
// of Python raises ends what runs in the sandbox, and is thrown.
template <class Work>
auto attended(Box& box, Work work) {
  using Given = decltype(work());
  struct Shared {
    std::optional<Given> given;
    std::exception_ptr thrown;
    Bell bell;
  };
  const auto shared = std::make_shared<Shared>();
  const bool begun = box.runners().submit([shared, &work] {
    try {
      shared->given.emplace(work());
    } catch (...) {
      shared->thrown = std::current_exception();
    }
    shared->bell.ring();
  });
  if (!begun) throw Failed("resource_exhausted", "no thread is left to run this");
  for (;;) {
    {
      const nb::gil_scoped_release released;
      if (shared->bell.wait(kLookAtSignals)) break;
    }
    if (PyErr_CheckSignals() == 0) continue;
    nb::python_error raised;  // takes it
    {
      const nb::gil_scoped_release released;
      do {
        box.kill();
      } while (!shared->bell.wait(kAskAgain));
    }
    throw raised;
  }
  if (shared->thrown) std::rethrow_exception(shared->thrown);
  return std::move(*shared->given);
}

template <class Work>
auto without_lock(Box& box, Work work) {
  if (is_main_thread()) return attended(box, std::move(work));
  const nb::gil_scoped_release released;
  return work();
}

Language language_from(const std::string& name) {
  const auto language = language_of(name);
  if (!language) throw nb::value_error("the language is python or js");
  return *language;
}

// The boxes of this process that are open, for its end. Never destroyed, as nothing of Python's end
// waits for this.
struct Boxes {
  std::mutex lock;
  std::map<std::pair<int, Box*>, std::weak_ptr<Box>> open;  // by process: a child has its parent's
};
Boxes& boxes() {
  static Boxes* const made = new Boxes;
  return *made;
}
std::vector<std::shared_ptr<Box>> open_boxes() {
  std::vector<std::shared_ptr<Box>> open;
  const std::lock_guard guard(boxes().lock);
  for (const auto& [key, weak] : boxes().open) {
    auto box = key.first == getpid() ? weak.lock() : nullptr;
    if (box) open.push_back(std::move(box));
  }
  return open;
}

}  // namespace

Box::Box(std::shared_ptr<HostParts> host, Sandbox sandbox)
    : host_(std::move(host)), sandbox_(std::move(sandbox)) {}

void Box::enlist() {
  const std::lock_guard guard(boxes().lock);
  boxes().open.emplace(std::pair(getpid(), this), weak_from_this());
}

Box::Use::Use(Box& box) : box_(box) {
  const std::lock_guard guard(box_.lock_);
  if (box_.closed_) throw Failed("closed", "the sandbox is closed: make another one");
  ++box_.uses_;
}

Box::Use::~Use() {
  const std::lock_guard guard(box_.lock_);
  if (--box_.uses_ == 0) box_.left_.notify_all();
}

void Box::close() {
  {
    const std::lock_guard guard(boxes().lock);
    boxes().open.erase(std::pair(getpid(), this));
  }
  std::unique_lock guard(lock_);
  closed_ = true;
  while (uses_ > 0) {
    if (sandbox_) sandbox_->kill();
    left_.wait_for(guard, kAskAgain);
  }
  // Outside of the lock, which closed() takes.
  std::optional<Sandbox> ended = std::move(sandbox_);
  sandbox_.reset();
  guard.unlock();
}

void Box::kill() noexcept {
  const std::lock_guard guard(lock_);
  if (sandbox_) sandbox_->kill();
}

bool Box::closed() const {
  const std::lock_guard guard(lock_);
  return closed_;
}

namespace {

std::shared_ptr<Box> make_box(const PythonHost& host, nb::dict given,
                              const std::shared_ptr<HandlerTable>& handlers) {
  const std::shared_ptr<HostParts> parts = host.parts();
  SandboxOptions options = read_sandbox_options(given, handlers);
  options.tool_executor = [parts](std::function<void()> job) {
    return parts->handlers.submit(std::move(job));
  };
  const nb::gil_scoped_release released;
  auto box = std::make_shared<Box>(
      parts, value_or_throw(Sandbox::create(parts->host, std::move(options))));
  box->enlist();
  return box;
}

}  // namespace

PythonSandbox::PythonSandbox(const PythonHost& host, nb::dict options)
    : box_(make_box(host, options, handlers_)) {}

PythonSandbox::~PythonSandbox() {
  handlers_->clear();
  if (!origin_.is_here()) {
    (void)new std::shared_ptr<Box>(std::move(box_));  // never destroyed
    return;
  }
  const nb::gil_scoped_release released;
  box_->close();
  box_.reset();
}

Box& PythonSandbox::box() const {
  origin_.check("the sandbox");
  return *box_;
}

nb::tuple PythonSandbox::run(nb::handle argv, nb::handle input, nb::handle output, nb::handle error,
                             nb::handle timeout_ns) {
  Box::Use sandbox(box());
  RunOptions options = read_run_options(argv, input, output, error, timeout_ns);
  return result_tuple(without_lock(
      *box_, [&sandbox, &options] { return value_or_throw(sandbox->run(std::move(options))); }));
}

std::unique_ptr<PythonProcess> PythonSandbox::spawn(nb::dict given) {
  Box::Use sandbox(box());
  RunOptions options = read_spawn_options(given);
  auto process = without_lock(
      *box_, [&sandbox, &options] { return value_or_throw(sandbox->spawn(std::move(options))); });
  return std::make_unique<PythonProcess>(box_->host(), std::move(process));
}

nb::tuple PythonSandbox::run_code(nb::dict given) {
  Box::Use sandbox(box());
  CodeOptions options = read_code_options(given);
  return code_tuple(without_lock(*box_, [&sandbox, &options] {
    return value_or_throw(sandbox->run_code(std::move(options)));
  }));
}

bool PythonSandbox::interrupt(const std::string& language, const std::string& session) {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  return sandbox->interrupt(language_from(language), session);
}

bool PythonSandbox::close_session(const std::string& language, const std::string& session) {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  return sandbox->close_session(language_from(language), session);
}

nb::list PythonSandbox::sessions() {
  std::vector<SessionInfo> all;
  Box::Use sandbox(box());
  {
    const nb::gil_scoped_release released;
    all = sandbox->sessions();
  }
  nb::list list;
  for (const SessionInfo& session : all) {
    list.append(nb::make_tuple(to_string(session.language), session.name, session.pid,
                               session.cells, session.busy));
  }
  return list;
}

void PythonSandbox::signal(int signo) { Box::Use(box())->signal(signo); }
void PythonSandbox::kill() { Box::Use(box())->kill(); }

nb::dict PythonSandbox::stats() {
  SandboxStats stats;
  Box::Use sandbox(box());
  {
    const nb::gil_scoped_release released;
    stats = sandbox->stats();
  }
  return stats_dict(stats);
}

nb::dict PythonSandbox::limits() {
  std::vector<LimitValue> all;
  Box::Use sandbox(box());
  {
    const nb::gil_scoped_release released;
    all = sandbox->limits();
  }
  nb::dict dict;
  for (const LimitValue& limit : all) dict[limit.name.c_str()] = limit.value;
  return dict;
}

void PythonSandbox::set_limit(const std::string& name, const std::string& value) {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  throw_if(sandbox->set_limit(name, value));
}

void PythonSandbox::pause() {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  sandbox->pause();
}

void PythonSandbox::resume() {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  sandbox->resume();
}

void PythonSandbox::signal_process(int pid, int signo) {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  throw_if(sandbox->signal_process(pid, signo));
}

void PythonSandbox::set_nice(int pid, int nice) {
  Box::Use sandbox(box());
  const nb::gil_scoped_release released;
  throw_if(sandbox->set_nice(pid, nice));
}

nb::list PythonSandbox::audit() {
  std::vector<std::string> lines;
  Box::Use sandbox(box());
  {
    const nb::gil_scoped_release released;
    lines = sandbox->audit();
  }
  nb::list list;
  for (const std::string& line : lines) list.append(nb::str(line.data(), line.size()));
  return list;
}

void PythonSandbox::close() {
  Box& box = this->box();
  {
    const nb::gil_scoped_release released;
    box.close();
  }
  handlers_->clear();
}

void shut_down() {
  {
    const nb::gil_scoped_release released;
    for (const std::shared_ptr<Box>& box : open_boxes()) box->close();
  }
  close_interpreter(kShutDownPatience);
}

}  // namespace cloche::python
