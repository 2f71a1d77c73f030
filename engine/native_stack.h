// A native stack: pages with a guard below.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace cloche::engine {

class NativeStack {
 public:
  // `size` bytes, rounded up to pages. Errors: kResourceExhausted.
  static Result<std::unique_ptr<NativeStack>> create(uint64_t size);
  ~NativeStack();
  NativeStack(const NativeStack&) = delete;
  NativeStack& operator=(const NativeStack&) = delete;

  uint8_t* bottom() const { return bottom_; }
  uint8_t* top() const { return bottom_ + size_; }
  uint64_t size() const { return size_; }
  bool contains(uint64_t address) const {
    return address - reinterpret_cast<uintptr_t>(bottom_) < size_;
  }

  // Gives the memory below `address` back to the host.
  void trim(const uint8_t* address);

 private:
  NativeStack(uint8_t* bottom, uint64_t size) : bottom_(bottom), size_(size) {}
  uint8_t* const bottom_;
  const uint64_t size_;
};

}  // namespace cloche::engine
