#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

Progress::Progress(Show show)
    : show_(show == Show::kYes), terminal_(show_ && isatty(STDERR_FILENO) == 1) {}

void Progress::report(const std::string& what, int percent) {
  if (!show_) return;
  if (what != what_) {
    finish();
    what_ = what;
    since_ = Clock::now();
  }
  if (percent >= 100) return finish();
  if (percent == shown_ || Clock::now() - since_ < kPatience) return;
  if (terminal_) {
    fprintf(stderr, "\r\x1b[Kcloche: %s: %d %%", printable(what_).c_str(), percent);
  } else if (shown_ < 0) {
    fprintf(stderr, "cloche: %s (once; kept for the next time)\n", printable(what_).c_str());
  }
  shown_ = percent;
}

void Progress::finish() {
  if (shown_ >= 0 && terminal_) fputs("\r\x1b[K", stderr);
  shown_ = -1;
  what_.clear();
}

}  // namespace cloche::cli
