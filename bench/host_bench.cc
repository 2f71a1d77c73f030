// host_bench PACK CACHE ROUNDS: what a host's own work with a sandbox costs: 100 MB written and
// read by Files, unpacked and packed as an archive of 1,000 files, while nothing runs and beside a
// loop of bash; a program started by spawn() and waited for. Prints JSON: nanoseconds of wall
// clock.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kBytes = 100'000'000;
constexpr size_t kFiles = 1000;

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "host_bench: %s\n", message.c_str());
  std::exit(1);
}

void must(const std::optional<cloche::Failure>& failure) {
  if (failure) fail(failure->message);
}

template <class T>
T take(cloche::Expected<T> result) {
  if (!result) fail(result.error().message);
  return std::move(*result);
}

class Bench {
 public:
  Bench(const cloche::Host& host, int rounds) : rounds_(rounds) {
    cloche::SandboxOptions options;
    options.limits.memory = uint64_t{1} << 30;
    sandbox_.emplace(take(cloche::Sandbox::create(host, std::move(options))));
    for (size_t i = 0; i < kBytes; ++i) bytes_ += static_cast<char>(i * 7 + i / 4096);
  }

  void all() {
    (void)take(sandbox_->run({"true"}));
    measure("run", [this] { (void)take(sandbox_->run({"true"})); });
    measure("spawn", [this] { (void)take(sandbox_->spawn({"true"})).wait(); });
    transfers("");
    auto loop = take(sandbox_->spawn({"bash", "-c", "while :; do :; done"}));
    transfers(", busy");
    if (loop.poll() != nullptr) fail("the loop ended");
  }

  void print() const {
    const char* separator = "{";
    for (const auto& [name, times] : times_) {
      std::printf("%s\"%s\": {\"min_ns\": %.0f, \"median_ns\": %.0f}", separator, name.c_str(),
                  times.front(), times[times.size() / 2]);
      separator = ", ";
    }
    std::printf("}\n");
  }

 private:
  void measure(const std::string& name, const std::function<void()>& work) {
    std::vector<double>& times = times_[name];
    for (int i = 0; i < rounds_; ++i) {
      const auto start = Clock::now();
      work();
      times.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    }
    std::sort(times.begin(), times.end());
  }

  void transfers(const std::string& when) {
    auto files = sandbox_->files();
    measure("write 100 MB" + when, [&] { must(files.write("large", bytes_)); });
    measure("read 100 MB" + when, [&] {
      if (take(files.read("large")) != bytes_) fail("other bytes came back");
    });
    must(files.remove("large"));
    for (size_t i = 0; i < kFiles; ++i) {
      const size_t size = kBytes / kFiles;
      must(files.write("tree/" + std::to_string(i), std::string_view(bytes_).substr(i * size, size),
                       {.append = false, .parents = true, .mode = {}}));
    }
    std::string archive;
    archive.reserve(kBytes + kBytes / 10);
    measure("pack 100 MB" + when, [&] {
      archive.clear();
      (void)take(files.pack("tree", [&archive](std::string_view piece) {
        archive += piece;
        return std::optional<cloche::Failure>();
      }));
    });
    must(files.remove("tree", cloche::Files::Depth::kAll));
    measure("unpack 100 MB" + when, [&] {
      size_t at = 0;
      const auto report =
          take(files.unpack("tree", [&](char* out, size_t size) -> cloche::Expected<size_t> {
            const size_t some = archive.copy(out, size, at);
            at += some;
            return some;
          }));
      if (report.files != kFiles) fail("files are missing");
    });
    must(files.remove("tree", cloche::Files::Depth::kAll));
  }

  const int rounds_;
  std::optional<cloche::Sandbox> sandbox_;
  std::string bytes_;
  std::map<std::string, std::vector<double>> times_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: host_bench PACK CACHE ROUNDS");
  const auto host = take(cloche::Host::create({.pack = argv[1], .cache_dir = argv[2]}));
  Bench bench(host, std::max(1, std::atoi(argv[3])));
  bench.all();
  bench.print();
  return 0;
}
