// eventfd(2): a counter that can be waited for.
#pragma once

#include "kernel/open_file.h"

namespace cloche::kernel {

class EventFile final : public AnonymousFile {
 public:
  enum class Mode : uint8_t { kCounter, kSemaphore };
  EventFile(uint64_t initial, Mode mode, uint32_t flags)
      : AnonymousFile("[eventfd]", flags), count_(initial), mode_(mode) {}
  FileKind kind() const override { return FileKind::kEvent; }
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override;
  uint32_t poll() override;
  WaitQueue* wait_queue(uint32_t) override { return &queue_; }

 private:
  static constexpr uint64_t kMax = UINT64_MAX - 1;
  uint64_t count_;
  Mode mode_;
  WaitQueue queue_;
};

}  // namespace cloche::kernel
