#include "kernel/signal_fd.h"

#include <cstring>

#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

// struct signalfd_siginfo.
struct SignalRecord {
  uint32_t signo = 0;
  int32_t error = 0, code = 0;
  uint32_t pid = 0, uid = 0;
  int32_t fd = 0;
  uint32_t tid = 0, band = 0, overrun = 0, trap = 0;
  int32_t status = 0, value = 0;
  uint64_t pointer = 0, user_time = 0, system_time = 0, address = 0;
  uint8_t rest[48] = {};
};
static_assert(sizeof(SignalRecord) == 128);

SignalRecord record_of(const SignalInfo& info) {
  SignalRecord record;
  record.signo = static_cast<uint32_t>(info.signo);
  record.error = info.error;
  record.code = info.code;
  if (info.code == kSiTimer) {
    record.tid = static_cast<uint32_t>(info.pid);
    record.overrun = static_cast<uint32_t>(info.status);
  } else {
    record.pid = static_cast<uint32_t>(info.pid);
    record.uid = info.uid;
  }
  if (info.signo == kSigChld && info.code > 0) {
    record.status = info.status;
  } else {
    record.value = static_cast<int32_t>(info.value);
    record.pointer = info.value;
  }
  record.address = info.address;
  return record;
}

}  // namespace

void SignalFile::set_mask(SignalSet mask) {
  mask_ = mask;
  if (Thread* thread = kernel_.running()) thread->process->signal_arrived.wake_for(kPollIn);
}

SysResult<uint64_t> SignalFile::read(Call& call, std::span<uint8_t> out) {
  if (out.size() < sizeof(SignalRecord)) return Errno::kINVAL;
  uint64_t done = 0;
  SignalInfo info;
  while (out.size() - done >= sizeof(SignalRecord)) {
    if (!call.thread().pending.take(mask_, info) && !call.process().pending.take(mask_, info))
      break;
    const SignalRecord record = record_of(info);
    std::memcpy(out.data() + done, &record, sizeof record);
    done += sizeof record;
  }
  return done > 0 ? SysResult<uint64_t>(done) : Errno::kAGAIN;
}

uint32_t SignalFile::poll() {
  const Thread* thread = kernel_.running();
  if (!thread) return 0;
  const SignalSet pending = thread->pending.set() | thread->process->pending.set();
  return pending & mask_ ? kPollIn : 0;
}

WaitQueue* SignalFile::wait_queue(uint32_t) {
  Thread* thread = kernel_.running();
  return thread ? &thread->process->signal_arrived : nullptr;
}

}  // namespace cloche::kernel
