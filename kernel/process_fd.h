// pidfd_open(2): a process as an open file, which keeps meaning that process when its number is
// used again.
#pragma once

#include "kernel/open_file.h"

namespace cloche::kernel {

// What is left of a process for those who hold on to it.
struct ProcessHandle : RefCounted {
  Process* process = nullptr;  // null once somebody has waited for it
  WaitQueue ended;             // woken when it becomes a zombie, and when that is gone
};

class ProcessFile final : public AnonymousFile {
 public:
  ProcessFile(Ref<ProcessHandle> handle, uint32_t flags)
      : AnonymousFile("[pidfd]", kReadWrite | (flags & kNonBlock)), handle_(std::move(handle)) {}
  FileKind kind() const override { return FileKind::kProcess; }
  Process* process() const { return handle_->process; }
  uint32_t poll() override;
  WaitQueue* wait_queue(uint32_t) override { return &handle_->ended; }

 private:
  const Ref<ProcessHandle> handle_;
};

// The handle of `process`, made at the first use.
const Ref<ProcessHandle>& handle_of(Process& process);

}  // namespace cloche::kernel
