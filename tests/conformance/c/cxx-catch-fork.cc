// fork inside a catch block: the exception in flight lives on in both.
#include <exception>
#include <stdexcept>
#include <string>

#include "case.h"
int main() {
  try {
    throw std::runtime_error(std::string(200, 'e'));
  } catch (const std::exception& e) {
    pid_t child = fork();
    std::exception_ptr kept = std::current_exception();
    for (int i = 0; i < 100; i++) {
      try {
        throw i;
      } catch (int) {
      }
    }
    try {
      std::rethrow_exception(kept);
    } catch (const std::runtime_error& again) {
      if (child == 0) {
        say("child: %zu bytes", std::string(again.what()).size());
        _exit(3);
      }
      int status;
      waitpid(child, &status, 0);
      show_status("child", status);
      say("parent: %zu bytes", std::string(e.what()).size());
    }
  }
  return 0;
}
