#include "kernel/event_fd.h"

#include <cstring>

namespace cloche::kernel {

SysResult<uint64_t> EventFile::read(Call&, std::span<uint8_t> out) {
  if (out.size() < sizeof count_) return Errno::kINVAL;
  if (count_ == 0) return Errno::kAGAIN;
  const uint64_t value = mode_ == Mode::kSemaphore ? 1 : count_;
  count_ -= value;
  std::memcpy(out.data(), &value, sizeof value);
  queue_.wake_for(kPollOut);
  return sizeof value;
}

SysResult<uint64_t> EventFile::write(Call&, std::span<const uint8_t> in) {
  uint64_t value = 0;
  if (in.size() < sizeof value) return Errno::kINVAL;
  std::memcpy(&value, in.data(), sizeof value);
  if (value > kMax) return Errno::kINVAL;
  if (value > kMax - count_) return Errno::kAGAIN;
  count_ += value;
  queue_.wake_for(kPollIn);
  return sizeof value;
}

uint32_t EventFile::poll() { return (count_ > 0 ? kPollIn : 0) | (count_ < kMax ? kPollOut : 0); }

}  // namespace cloche::kernel
