#include "kernel/remains.h"

#include <utility>

namespace cloche::kernel {

Remains::Remains(std::vector<Part> parts) : parts_(std::move(parts)) {
  uint64_t bytes = 1;  // never 0 before the end
  for (const Part& part : parts_) bytes += part.pool->host_bytes();
  bytes_ = bytes;
  if (!thread_.start<&Remains::give_back>(this).ok()) give_back();
}

Remains::~Remains() { thread_.join(); }

void Remains::give_back() {
  for (Part& part : parts_) {
    part.contexts.clear();
    part.pool.reset();
  }
  bytes_ = 0;
}

}  // namespace cloche::kernel
