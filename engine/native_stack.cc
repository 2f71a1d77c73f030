#include "engine/native_stack.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/page_scan.h"

namespace cloche::engine {
namespace {

// Larger than any frame of host code that runs on a guest's stack.
constexpr uint64_t kGuard = 64ull << 10;

}  // namespace

Result<std::unique_ptr<NativeStack>> NativeStack::create(uint64_t size) {
  size = (size + kPageSize - 1) & ~(kPageSize - 1);
  void* map = mmap(nullptr, size + kGuard, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (map == MAP_FAILED) {
    return make_error(Code::kResourceExhausted, "a native stack: %s", strerror(errno));
  }
  uint8_t* bottom = static_cast<uint8_t*>(map) + kGuard;
  std::unique_ptr<NativeStack> stack(new NativeStack(bottom, size));
  if (mprotect(bottom, size, PROT_READ | PROT_WRITE) != 0) {
    return make_error(Code::kResourceExhausted, "a native stack: %s", strerror(errno));
  }
  return stack;
}

NativeStack::~NativeStack() { munmap(bottom_ - kGuard, size_ + kGuard); }

void NativeStack::trim(const uint8_t* address) {
  uint64_t used = static_cast<uint64_t>(address - bottom_) & ~(kPageSize - 1);
  madvise(bottom_, used, MADV_DONTNEED);
}

}  // namespace cloche::engine
