// Keys from a host descriptor to a terminal of the sandbox, its screen to another.
#pragma once

#include <poll.h>

#include <string>
#include <vector>

#include "kernel/host_stream.h"
#include "kernel/tty.h"

namespace cloche::session {

// Never blocks: both descriptors are polled before each transfer. A descriptor of -1 is absent.
//
// Thread class: that of the kernel; call between two Kernel::run().
class TerminalPump {
 public:
  TerminalPump(Ref<kernel::Tty> tty, int keys_fd, int screen_fd, Ref<kernel::OutputBudget> budget)
      : tty_(std::move(tty)),
        keys_fd_(keys_fd),
        screen_fd_(screen_fd),
        budget_(std::move(budget)) {}

  // What to poll before the next pump().
  void add_waits(std::vector<pollfd>& waits) const;
  // Moves what can be moved now, at most a buffer each way.
  void pump();
  // After the program's end: writes out what is left, for at most a second.
  void drain();
  // The screen's descriptor is closed: programs were told by a hang-up.
  bool gone() const { return gone_; }

 private:
  static constexpr size_t kBuffer = 16384;
  void read_keys();
  void type_keys();
  void read_screen();
  bool write_screen();
  void hang_up();

  Ref<kernel::Tty> tty_;
  int keys_fd_, screen_fd_;
  Ref<kernel::OutputBudget> budget_;
  std::string keys_, screen_;  // on their way
  bool gone_ = false;
};

}  // namespace cloche::session
