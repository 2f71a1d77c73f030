// How other threads reach a sandbox that runs: jobs for the thread that drives it, between two
// turns of the guest. When none does, the caller's thread does the job itself.
//
// Thread class: perform() is safe, the rest belongs to the driving thread. perform() from within a
// job, or from the driving thread, would wait for itself.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "session/requests.h"

namespace cloche::session {

class Control {
 public:
  explicit Control(Requests& requests) : requests_(requests) {}
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Has the job done, and waits for it.
  void perform(const std::function<void()>& job);

  // From now on this thread drives the sandbox and calls serve() again and again, ...
  void begin_driving();
  // ... until this, which does the jobs that wait and asks `leave`. True: then nobody drives, and
  // nobody saw anything in between. False: the thread goes on.
  bool end_driving(const std::function<bool()>& leave);
  // The same for as long as one lives.
  class Driving {
   public:
    explicit Driving(Control& control);
    ~Driving();
    Driving(const Driving&) = delete;
    Driving& operator=(const Driving&) = delete;

   private:
    Control& control_;
  };
  // Does the jobs that wait.
  void serve();

 private:
  struct Waiting {
    const std::function<void()>* job;
    bool done = false;
  };

  void serve_locked();

  Requests& requests_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool driven_ = false;
  std::vector<Waiting*> waiting_;
};

}  // namespace cloche::session
