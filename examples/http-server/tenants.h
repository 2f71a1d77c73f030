// Who uses the service, and what runs for them.
#pragma once

#include <atomic>
#include <chrono>
#include <cloche/cloche.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// What one user may have at a time, and all together.
struct Quotas {
  unsigned runs_of_a_user = 2;
  unsigned runs = 16;
  unsigned kept_sandboxes = 64;  // of users who keep theirs between requests; the oldest goes first
};

// A snippet to run.
struct Snippet {
  std::string user = {}, language = {}, code = {};
  bool keep = false;  // in the sandbox of the user, which stays, not in one of its own
};

struct Answer {
  int status = 200;
  std::string body = {};  // JSON
};

// Runs snippets, each user's apart from all others'. All functions may be called from any thread.
class Tenants {
 public:
  Tenants(cloche::Host host, Quotas quotas) : host_(std::move(host)), quotas_(quotas) {}

  // Blocks until the snippet has ended, at most its limits long. Refuses at once what is beyond the
  // quotas (429), and everything after close() (503).
  Answer run(const Snippet& snippet);
  // Drops the sandbox that is kept for a user.
  bool forget(const std::string& user);
  // In the text format of Prometheus: the sandboxes that are there, and what the service did.
  std::string metrics();
  // Nothing new is run from now on. Waits for what runs, at most `patience`; then ends it.
  void close(std::chrono::milliseconds patience);

 private:
  struct Place;  // of a snippet that runs
  using Shared = std::shared_ptr<cloche::Sandbox>;

  // Null: refused, and `answer` says why.
  std::unique_ptr<Place> enter(const std::string& user, Answer& answer);
  cloche::Expected<Shared> sandbox_for(const Snippet& snippet);
  Answer answer_of(const Snippet& snippet, cloche::Sandbox& sandbox);

  const cloche::Host host_;
  const Quotas quotas_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  unsigned running_ = 0;
  uint64_t next_ = 0, refused_ = 0;
  std::map<std::string, unsigned> running_of_;               // users with something that runs
  std::map<std::string, std::pair<uint64_t, Shared>> kept_;  // by user: when it was used last
  std::map<std::string, Shared> live_;                       // name -> sandbox
  std::map<std::string, uint64_t> outcomes_;
};

// What a sandbox of the service gets. Nothing of this machine is mounted, no tool is granted.
cloche::SandboxOptions options_of_a_user();
