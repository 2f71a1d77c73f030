// A terminal's whole screen, by ncurses: the only place that knows it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "cli/top/view.h"

namespace cloche::cli {

// While it lives, stdin and stdout are a screen of lines and a source of keys; afterwards the
// terminal is as it was. At most one exists at a time. SIGINT, SIGTERM and SIGHUP no longer end the
// process but are told by signal().
//
// Thread class: unsafe.
class Screen {
 public:
  // Errors: kUnsupported (no terminal, or one of an unknown kind).
  static Expected<std::unique_ptr<Screen>> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  Charset charset() const { return charset_; }
  ScreenSize size() const;
  // `lines` as TopView::draw() gives them for size().
  void draw(const std::vector<ScreenLine>& lines);
  // The next key; nothing when time is up, the size changed or a signal came.
  std::optional<Key> wait(std::chrono::milliseconds time);
  int signal() const;  // 0: none

 private:
  explicit Screen(Charset charset);
  const Charset charset_;
  struct Terminal;
  std::unique_ptr<Terminal> terminal_;
};

}  // namespace cloche::cli
