// Keys from a host descriptor to a terminal of the sandbox, its screen to another.
#pragma once

#include <string>
#include <vector>

#include "kernel/host_stream.h"
#include "kernel/tty.h"
#include "sched/reactor.h"

namespace cloche::session {

// Never blocks: both descriptors are polled before each transfer. A descriptor of -1 is absent.
//
// After the last key the terminal is at its end for all that read it, as a file is: the end-of-file
// key is typed whenever a program waits for keys and there are none. So a line without its end
// arrives, each of several readers ends, and a flush of the input takes nothing away. Programs that
// read keys one by one (no canonical mode) may take that key for something else; they get it
// kRawEnds times.
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
  void add_waits(std::vector<sched::FdWait>& waits) const;
  // Moves what can be moved now, at most a buffer each way. True: something moved, so programs that
  // waited for keys or for room on the screen may go on, and the kernel has to run before anybody
  // waits for the host.
  bool pump();
  // The keys ended, the program that still waits for some does not heed the end-of-file key, and
  // all that it wrote is on the screen.
  bool ignored() const {
    return ended_ && raw_ends_ == kRawEnds && screen_.empty() && tty_->wants_keys();
  }
  // Tells programs that the terminal is gone; nothing is pumped any more.
  void hang_up();
  // After the program's end: writes out what is left and can be written now. True: that is all.
  bool drain();
  // The screen's descriptor is closed: programs were told by a hang-up.
  bool gone() const { return gone_; }

 private:
  static constexpr size_t kBuffer = 16384;
  static constexpr uint32_t kRawEnds = 16;  // bash with IGNOREEOF gives in after 10
  void read_keys();
  bool type_keys();
  bool type_end();
  bool read_screen();
  bool write_screen();

  Ref<kernel::Tty> tty_;
  int keys_fd_, screen_fd_;
  Ref<kernel::OutputBudget> budget_;
  std::string keys_, screen_;  // on their way
  bool ended_ = false;         // there are no more keys behind keys_
  uint32_t raw_ends_ = 0;
  bool gone_ = false;
};

}  // namespace cloche::session
