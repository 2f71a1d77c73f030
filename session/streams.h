// The three standard streams of a program, or its terminal.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "kernel/host_stream.h"
#include "kernel/kernel.h"
#include "kernel/tty.h"
#include "session/process_state.h"
#include "session/terminal_pump.h"

namespace cloche::session {

// Thread class: that of the kernel; call between two Kernel::run().
class Streams {
 public:
  // Takes the streams out of `options`. The host's ends of pipes go to `ends`. `output`: the limit.
  Streams(kernel::Kernel& kernel, uint64_t output, RunOptions& options,
          std::array<OwnedFd, 3>& ends);

  bool ok() const;  // there was room for all
  const std::vector<std::pair<int32_t, kernel::FileRef>>& files() const { return files_; }
  Ref<RefCounted> terminal() const { return tty_; }
  kernel::Tty* tty() const { return tty_.get(); }
  TerminalPump* pump() { return pump_ ? &*pump_ : nullptr; }
  kernel::OutputBudget& budget() { return *budget_; }

  // Gives up the files, so that nothing of this program stays open in the kernel.
  void close() { files_.clear(); }
  void put_output(RunResult& result);

 private:
  void open_terminal(RunOptions& options, std::array<OwnedFd, 3>& ends);
  kernel::FileRef input(Stream& stream, OwnedFd& end);
  kernel::FileRef output(Stream& stream, OwnedFd& end, Ref<kernel::Capture>& capture,
                         Ref<kernel::OutputLoss> loss);

  kernel::Kernel& kernel_;
  Ref<kernel::OutputBudget> budget_;
  Ref<kernel::Capture> stdout_, stderr_;
  const Ref<kernel::OutputLoss> stdout_loss_ = make_ref<kernel::OutputLoss>();
  const Ref<kernel::OutputLoss> stderr_loss_ = make_ref<kernel::OutputLoss>();
  OwnedFd keys_, screen_;  // of a terminal: our ends of pipes
  Ref<kernel::Tty> tty_;
  std::optional<TerminalPump> pump_;
  std::vector<std::pair<int32_t, kernel::FileRef>> files_;
};

}  // namespace cloche::session
