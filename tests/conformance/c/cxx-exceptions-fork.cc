// Exceptions thrown through frames that were made before fork, in both processes.
#include <stdexcept>
#include <string>

#include "case.h"
struct Guard {
  int level;
  explicit Guard(int l) : level(l) {}
  ~Guard() {
    if (level % 10 == 0) say("level %d left", level);
  }
};
static int down(int n) {
  Guard guard(n);
  if (n == 0) {
    pid_t child = fork();
    if (child == 0) throw std::runtime_error("child");
    int status;
    waitpid(child, &status, 0);
    show_status("child", status);
    throw std::logic_error("parent");
  }
  return down(n - 1) + 1;
}
int main() {
  for (int round = 0; round < 3; round++) {
    try {
      down(30);
    } catch (const std::runtime_error& e) {
      say("caught %s", e.what());
      _exit(10 + round);
    } catch (const std::exception& e) {
      say("caught %s", e.what());
    }
  }
  return 0;
}
