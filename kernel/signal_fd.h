// signalfd(2): signals as something to read.
#pragma once

#include "kernel/open_file.h"
#include "kernel/signal.h"

namespace cloche::kernel {

// As on Linux it is about the signals of whoever reads, polls or waits, not of whoever made it.
class SignalFile final : public AnonymousFile {
 public:
  SignalFile(Kernel& kernel, SignalSet mask, uint32_t flags)
      : AnonymousFile("[signalfd]", kReadWrite | (flags & kNonBlock)),
        kernel_(kernel),
        mask_(mask) {}
  FileKind kind() const override { return FileKind::kSignals; }
  void set_mask(SignalSet mask);

  // As many struct signalfd_siginfo as there are signals and room.
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  uint32_t poll() override;
  WaitQueue* wait_queue(uint32_t) override;

 private:
  Kernel& kernel_;
  SignalSet mask_;
};

}  // namespace cloche::kernel
