#include "kernel/process_fd.h"

#include "kernel/process.h"

namespace cloche::kernel {

uint32_t ProcessFile::poll() {
  if (!handle_->process) return kPollIn | kPollHup;
  return handle_->process->life == Process::State::kZombie ? kPollIn : 0;
}

const Ref<ProcessHandle>& handle_of(Process& process) {
  if (!process.handle) {
    process.handle = make_ref<ProcessHandle>();
    process.handle->process = &process;
  }
  return process.handle;
}

}  // namespace cloche::kernel
