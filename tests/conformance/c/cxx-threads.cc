// std::thread, mutex, condition_variable, atomic, future, thread_local.
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "case.h"
static thread_local int mine = 10;
int main() {
  std::mutex m;
  std::condition_variable c;
  std::atomic<int> total{0};
  int ready = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      mine += i;
      total += mine;
      std::lock_guard lock(m);
      ready++;
      c.notify_all();
    });
  }
  {
    std::unique_lock lock(m);
    c.wait(lock, [&] { return ready == 4; });
  }
  for (auto& t : threads) t.join();
  say("total %d mine %d", total.load(), mine);
  std::promise<int> p;
  auto f = p.get_future();
  std::thread t([&] {
    try {
      throw 5;
    } catch (...) {
      p.set_exception(std::current_exception());
    }
  });
  try {
    f.get();
  } catch (int i) {
    say("exception came over: %d", i);
  }
  t.join();
  auto a = std::async(std::launch::async, [] { return 6 * 7; });
  say("async %d", a.get());
  std::once_flag once;
  for (int i = 0; i < 3; i++) std::call_once(once, [] { say("once"); });
  return 0;
}
