// Which pages of a private mapping has this process copied? That is the whole difference between a
// memory and the layer it is mapped from, so fork and switch rest on it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"

namespace cloche::engine {

inline constexpr uint64_t kPageSize = 4096;

// Bytes [offset, offset + size) of a memory; page-aligned.
struct PageRun {
  uint64_t offset = 0;
  uint64_t size = 0;
};

uint64_t total_size(const std::vector<PageRun>& runs);

// Thread class: safe.
class PageScanner {
 public:
  enum class Method { kPagemapScan, kPagemap };  // ioctl(PAGEMAP_SCAN), or reading the pagemap

  // The best method that this host has. Errors: kUnsupported.
  static Result<std::unique_ptr<PageScanner>> create();
  static Result<std::unique_ptr<PageScanner>> create(Method method);
  ~PageScanner();
  PageScanner(const PageScanner&) = delete;
  PageScanner& operator=(const PageScanner&) = delete;

  Method method() const { return method_; }

  // Replaces `runs` by the private pages of [base, base + size), in ascending order, neighbours
  // joined. A page counts if it is in memory or swapped out, and neither belongs to the mapped file
  // nor is the zero page.
  void private_pages(const uint8_t* base, uint64_t size, std::vector<PageRun>* runs) const;

  bool has_private_pages(const uint8_t* base, uint64_t size) const;

 private:
  PageScanner(Method method, int fd) : method_(method), fd_(fd) {}
  // One call of the ioctl: fills at most `capacity` runs from *at on and moves *at.
  uint64_t scan(const uint8_t* base, uint64_t* at, uint64_t end, PageRun* runs, uint64_t capacity,
                uint64_t max_pages) const;
  void read_pagemap(const uint8_t* base, uint64_t size, std::vector<PageRun>* runs) const;

  Method method_;
  int fd_;
};

}  // namespace cloche::engine
