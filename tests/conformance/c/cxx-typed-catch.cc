// Catch clauses that choose by type, while threads and a signal handler throw at the same time, and
// in a function that is jumped back into: each gets its own answer.
#include <csetjmp>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <vector>

#include "case.h"

struct Odd {
  int n;
};

static int choose(int n) {
  try {
    try {
      switch (n % 4) {
        case 0: throw n;
        case 1: throw Odd{n};
        case 2: throw std::runtime_error("two");
        default: throw 1.5;
      }
    } catch (const Odd& odd) {
      return 100 + odd.n % 4;
    } catch (double) {
      return 300;
    }
  } catch (int value) {
    return value % 4;
  } catch (const std::exception& error) {
    return 200 + (error.what()[0] == 't');
  }
}

static int wrong_choices(int start, int count) {
  static const int expected[] = {0, 101, 201, 300};
  int wrong = 0;
  for (int i = start; i < start + count; i++) wrong += choose(i) != expected[i % 4];
  return wrong;
}

static volatile sig_atomic_t handled, wrong_in_handler;
static void on_signal(int) {
  wrong_in_handler = wrong_in_handler + wrong_choices(handled, 1);
  handled = handled + 1;
}

static jmp_buf place;
static int jump_out_of_catch() {
  volatile int jumps = 0;
  if (setjmp(place)) jumps = jumps + 1;
  try {
    try {
      if (jumps < 2) throw Odd{7};
    } catch (const Odd& odd) {
      if (odd.n == 7) longjmp(place, 1);
    }
    throw std::logic_error("done");
  } catch (int) {
    return -1;
  } catch (const std::logic_error&) {
    return jumps;
  }
}

int main() {
  say("jumps: %d", jump_out_of_catch());
  signal(SIGUSR1, on_signal);
  std::vector<int> wrong(4);
  int here = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&wrong, i] { wrong[i] = wrong_choices(i, 20000); });
  }
  for (int i = 0; i < 1000; i++) {
    raise(SIGUSR1);
    here += wrong_choices(i, 20);
  }
  for (std::thread& thread : threads) thread.join();
  say("wrong: %d, %d %d %d %d, in the handler: %d of %d", here, wrong[0], wrong[1], wrong[2], wrong[3],
      static_cast<int>(wrong_in_handler), static_cast<int>(handled));
  return 0;
}
