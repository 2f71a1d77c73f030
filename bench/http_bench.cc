// Requests to examples/http-server: http_bench PORT SECONDS. Four honest users, each asks for
// `echo hello | cat` again and again; first alone, then beside a user who has loops, fork bombs and
// floods running all the time, as many as the service lets it.
#include <httplib.h>

#include <atomic>
#include <thread>

#include "bench/latencies.h"

namespace cloche::bench {
namespace {

constexpr int kUsers = 4, kHostile = 4;
constexpr const char* kEvil[] = {
    "while :; do :; done",
    "f() { f | f & }; f; wait",
    "yes",
    "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done",
};

// The status; 0: no answer.
int ask(int port, const std::string& user, const std::string& code, std::string& body) {
  httplib::Client client("127.0.0.1", port);
  client.set_read_timeout(60);
  const auto answer = client.Post("/run?language=bash", {{"X-User", user}}, code, "text/plain");
  if (!answer) return 0;
  body = answer->body;
  return answer->status;
}

// Latencies of one user, in nanoseconds.
std::vector<double> honest(int port, int number, std::chrono::duration<double> time) {
  std::vector<double> took;
  const std::string user = "user" + std::to_string(number);
  const auto begun = Clock::now();
  while (Clock::now() - begun < time) {
    std::string body;
    const auto start = Clock::now();
    if (ask(port, user, "echo hello | cat", body) != 200 ||
        body.find("\"hello\\n\"") == std::string::npos) {
      fail("a wrong answer: " + body);
    }
    took.push_back(ns_since(start));
  }
  return took;
}

class Hostile {
 public:
  explicit Hostile(int port) {
    for (size_t i = 0; i < kHostile; ++i) {
      threads_.emplace_back([this, port, i] {
        for (size_t turn = i; !enough_; ++turn) {
          std::string body;
          // Who is refused asks again, but does not only ask.
          if (ask(port, "mallory", kEvil[turn % std::size(kEvil)], body) != 200) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }
      });
    }
  }
  ~Hostile() {
    enough_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  Hostile(const Hostile&) = delete;
  Hostile& operator=(const Hostile&) = delete;

 private:
  std::atomic<bool> enough_ = false;
  std::vector<std::thread> threads_;
};

void measure(Report& report, const std::string& name, int port, double seconds) {
  std::vector<std::vector<double>> took(kUsers);
  std::vector<std::thread> users;
  const auto begun = Clock::now();
  for (int i = 0; i < kUsers; ++i) {
    users.emplace_back([&took, port, i, seconds] {
      took[static_cast<size_t>(i)] = honest(port, i, std::chrono::duration<double>(seconds));
    });
  }
  for (std::thread& user : users) user.join();
  const double all = ns_since(begun);
  std::vector<double> latencies;
  for (const auto& each : took) latencies.insert(latencies.end(), each.begin(), each.end());
  report.print(name + ", a request", all / static_cast<double>(latencies.size()));
  report.print(name + ", p50", percentile(latencies, 0.5));
  report.print(name + ", p99", percentile(latencies, 0.99));
}

}  // namespace
}  // namespace cloche::bench

int main(int argc, char** argv) {
  using namespace cloche::bench;
  if (argc != 3) fail("usage: http_bench PORT SECONDS");
  const int port = std::atoi(argv[1]);
  const double seconds = std::atof(argv[2]);
  std::string body;
  for (const char* code : {"echo hello | cat", "yes | head -n 1"}) {  // compiled from here on
    if (ask(port, "user0", code, body) != 200) fail("the service does not answer: " + body);
  }
  Report report;
  measure(report, "alone", port, seconds);
  {
    const Hostile hostile(port);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    measure(report, "beside", port, seconds);
  }
}
