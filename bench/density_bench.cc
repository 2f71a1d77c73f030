// What many live sandboxes cost: density_bench COUNT PACK CODE_CACHE. Prints one JSON object: the
// cost of one more sandbox beside 1, 10, 100 ... COUNT that wait, each with a bash, in nanoseconds
// of wall time, measured in turn; the memory of one that waits, in bytes; and CPU time of the
// process with COUNT in a millisecond in which all wait.
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include <memory>
#include <thread>

#include "bench/crowd.h"

namespace cloche::bench {
namespace {

constexpr auto kIdle = std::chrono::seconds(1);

int64_t process_cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

// Bytes that this process has for itself.
double private_memory() {
  std::FILE* file = std::fopen("/proc/self/smaps_rollup", "re");
  if (file == nullptr) fail("no /proc/self/smaps_rollup");
  char line[256];
  unsigned long kilobytes = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::sscanf(line, "Pss: %lu kB", &kilobytes) == 1) break;
  }
  std::fclose(file);
  return static_cast<double>(kilobytes) * 1024;
}

// One sandbox from nothing to nothing.
double hello_ns(const Host& host) {
  const auto start = Clock::now();
  {
    auto sandbox = value_of(Sandbox::create(host, {}));
    const auto result = value_of(sandbox.run({"bash", "-c", "echo hello"}));
    if (result.stdout_bytes != "hello\n") fail("the guest said '" + result.stdout_bytes + "'");
  }
  return ns_since(start);
}

// What a process with `live` sandboxes that wait is asked for, by a byte.
enum Ask : char { kHellos = 'h', kFigures = 'f' };
constexpr size_t kHellosAtATime = 10;

void answer(int fd, const std::vector<double>& values) {
  const auto size = static_cast<ssize_t>(values.size() * sizeof(double));
  if (write(fd, values.data(), static_cast<size_t>(size)) != size) fail("nobody listens");
}

std::vector<double> hellos(const Host& host) {
  std::vector<double> times;
  for (size_t i = 0; i < kHellosAtATime; ++i) times.push_back(hello_ns(host));
  return times;
}

// Memory of one, memory of all, CPU time while all wait.
std::vector<double> figures(double before, size_t live) {
  const double all = private_memory();
  const int64_t cpu = process_cpu_ns();
  std::this_thread::sleep_for(kIdle);
  const double idle = static_cast<double>(process_cpu_ns() - cpu) /
                      std::chrono::duration<double, std::milli>(kIdle).count();
  return {(all - before) / static_cast<double>(std::max<size_t>(live - 1, 1)), all, idle};
}

// Holds `live` sandboxes that wait, and answers until nobody asks any more.
void hold(const char* pack, const char* cache, size_t live, int asked, int answers) {
  const Host host = value_of(Host::create({.pack = pack, .cache_dir = cache}));
  (void)hello_ns(host);
  std::vector<std::unique_ptr<Parked>> parked;
  parked.push_back(std::make_unique<Parked>(host));
  const double before = private_memory();
  while (parked.size() < live) parked.push_back(std::make_unique<Parked>(host));
  for (char what; read(asked, &what, 1) == 1;) {
    answer(answers, what == kHellos ? hellos(host) : figures(before, live));
  }
}

// A process of its own for each number, so that all can be measured in turn.
class Holder {
 public:
  Holder(const char* pack, const char* cache, size_t live) : live_(live) {
    int ask[2], answers[2];
    if (pipe2(ask, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) fail("no more descriptors");
    pid_ = fork();
    if (pid_ == 0) {
      close(ask[1]);
      hold(pack, cache, live, ask[0], answers[1]);
      _exit(0);
    }
    close(ask[0]);
    close(answers[1]);
    ask_ = ask[1];
    answers_ = answers[0];
  }
  ~Holder() {
    close(ask_);
    close(answers_);
    waitpid(pid_, nullptr, 0);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  std::vector<double> ask(Ask what, size_t count) {
    std::vector<double> values(count);
    const size_t size = count * sizeof(double);
    if (write(ask_, &what, 1) != 1) fail("a process is gone");
    for (size_t done = 0; done < size;) {
      const ssize_t got =
          read(answers_, reinterpret_cast<char*>(values.data()) + done, size - done);
      if (got <= 0) fail("a process is gone");
      done += static_cast<size_t>(got);
    }
    return values;
  }
  void measure() {
    for (const double time : ask(kHellos, kHellosAtATime)) times_.push_back(time);
  }
  void report(Report& report) const {
    report.print("hello beside " + std::to_string(live_), percentile(times_, 0),
                 percentile(times_, 0.5));
  }

 private:
  const size_t live_;
  pid_t pid_ = -1;
  int ask_ = -1, answers_ = -1;
  std::vector<double> times_;
};

void measure(Report& report, size_t count, const char* pack, const char* cache) {
  constexpr int kRounds = 30;
  std::vector<std::unique_ptr<Holder>> holders;
  for (size_t live = 1; live <= count; live *= 10) {
    holders.push_back(std::make_unique<Holder>(pack, cache, live));
  }
  for (const auto& holder : holders) (void)holder->ask(kHellos, kHellosAtATime);  // it is there
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& holder : holders) holder->measure();
  }
  for (const auto& holder : holders) holder->report(report);
  const std::vector<double> values = holders.back()->ask(kFigures, 3);
  report.print("memory of one", values[0]);
  report.print("memory of all", values[1]);
  report.print("idle", values[2]);
  while (!holders.empty()) holders.pop_back();  // each holds the pipes of those before it open
}

}  // namespace
}  // namespace cloche::bench

int main(int argc, char** argv) {
  using namespace cloche;  // NOLINT
  const unsigned long count = argc == 4 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (count < 2) bench::fail("usage: density_bench COUNT PACK CODE_CACHE");
  bench::Report report;
  bench::measure(report, count, argv[2], argv[3]);
  return 0;
}
