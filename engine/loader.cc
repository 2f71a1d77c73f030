#include "engine/loader.h"

#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

namespace cloche::engine {
namespace {

// Behind all that run programs: about a tenth of their weight.
constexpr int kNice = 10;

// It is an offer to the scheduler: where it is not taken, compiling is a neighbour like others.
void lower_priority() {
  const sched_param none{};
  (void)sched_setscheduler(0, SCHED_BATCH, &none);
  (void)setpriority(PRIO_PROCESS, 0, kNice);  // on Linux of this thread alone
}

}  // namespace

class Loader::Job final : public Loading {
 public:
  Job(Engine& engine, std::vector<uint8_t> wasm, const ModuleLimits& limits,
      const CompileLimits& compile_limits, int fd)
      : engine_(engine),
        wasm_(std::move(wasm)),
        limits_(limits),
        fd_(fd),
        compilation_{compile_limits} {
    wasm_bytes_ = 2 * wasm_.size();  // what is made of it to be compiled is about as large
  }
  ~Job() override { close(fd_); }

  Status start() { return thread_.start<&Job::run>(this); }
  void join() { thread_.join(); }

  int fd() const override { return fd_; }
  bool done() const override { return done_.load(std::memory_order_acquire); }
  void cancel() override { compilation_.cancelled = true; }
  int64_t spent_ns() const override { return compilation_.spent_ns; }
  uint64_t held_bytes() const override { return compilation_.held_bytes + wasm_bytes_; }
  Compilation::End end() const override { return compilation_.end; }
  const Result<ModuleRef>& result() const override {
    CHECK(done());
    return result_;
  }

 private:
  void run() {
    lower_priority();
    result_ = engine_.load(wasm_, limits_, compilation_);
    wasm_ = {};
    wasm_bytes_ = 0;
    done_.store(true, std::memory_order_release);
    const uint64_t one = 1;
    while (write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
    }
  }

  Engine& engine_;
  std::vector<uint8_t> wasm_;
  const ModuleLimits limits_;
  const int fd_;
  Compilation compilation_;
  std::atomic<uint64_t> wasm_bytes_ = 0;
  Result<ModuleRef> result_ = ModuleRef();
  std::atomic<bool> done_ = false;
  sched::Thread thread_;
};

Loader::~Loader() {
  for (const auto& job : jobs_) job->cancel();
  for (const auto& job : jobs_) job->join();
}

void Loader::forget_done() {
  std::erase_if(jobs_, [](const std::shared_ptr<Job>& job) {
    if (!job->done()) return false;
    job->join();
    return true;
  });
}

Result<std::shared_ptr<Loading>> Loader::start(std::vector<uint8_t> wasm,
                                               const ModuleLimits& limits,
                                               const CompileLimits& compile_limits) {
  const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return errno_error(errno, "an eventfd for the compiler");
  auto job = std::make_shared<Job>(engine_, std::move(wasm), limits, compile_limits, fd);
  const std::lock_guard lock(mutex_);
  forget_done();
  TRY(job->start());
  jobs_.push_back(job);
  return std::shared_ptr<Loading>(std::move(job));
}

}  // namespace cloche::engine
