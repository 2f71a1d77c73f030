// What a sandbox costs its host in memory, by parts, in bytes.
#pragma once

#include <cstdint>

namespace cloche::kernel {

struct MemoryUse {
  uint64_t processes = 0;  // pages that its processes wrote, their stacks and exception heaps
  uint64_t shared = 0;     // mappings that several processes share
  uint64_t buffers = 0;    // of pipes, sockets and tool calls
  uint64_t files = 0;      // content and inodes of files kept in memory
  uint64_t objects = 0;    // processes, threads, descriptors: an estimate; what the compiler holds

  uint64_t total() const { return processes + shared + buffers + files + objects; }
  MemoryUse& operator+=(const MemoryUse& other) {
    processes += other.processes;
    shared += other.shared;
    buffers += other.buffers;
    files += other.files;
    objects += other.objects;
    return *this;
  }
};

}  // namespace cloche::kernel
