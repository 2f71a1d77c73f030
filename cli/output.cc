#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/commands.h"
#include "cli/exit_codes.h"

namespace cloche::cli {

int complain(const std::string& message) {
  fprintf(stderr, "cloche: %s\n", message.c_str());
  return kExitOwnError;
}

void leave(int exit_code) {
  fflush(nullptr);
  _exit(exit_code);
}

bool print(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      complain(std::string("cannot write to stdout: ") + strerror(errno));
      return false;
    }
    done += static_cast<size_t>(size);
  }
  return true;
}

}  // namespace cloche::cli
