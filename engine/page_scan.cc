#include "engine/page_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace cloche::engine {
namespace {

// linux/fs.h of 6.7; older headers do not have it.
struct ScanRegion {
  uint64_t start, end, categories;
};
struct ScanArguments {
  uint64_t size, flags, start, end, walk_end, vector, vector_length, max_pages;
  uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArguments);
constexpr uint64_t kIsFile = 1 << 2;
constexpr uint64_t kIsPresent = 1 << 3;
constexpr uint64_t kIsSwapped = 1 << 4;
constexpr uint64_t kIsZero = 1 << 5;

constexpr uint64_t kRegions = 256;
// A scan holds a lock that the host's threads share (mmap_lock), so a long range is read in pieces:
// so many bytes, or pages that were found.
constexpr uint64_t kPiece = 64ull << 20;
constexpr uint64_t kPiecePages = 1024;

// Bits of an entry of /proc/self/pagemap.
constexpr uint64_t kPresent = 1ull << 63;
constexpr uint64_t kSwapped = 1ull << 62;
constexpr uint64_t kFileOrShared = 1ull << 61;

void append(std::vector<PageRun>* runs, PageRun run) {
  if (!runs->empty() && runs->back().offset + runs->back().size == run.offset) {
    runs->back().size += run.size;
  } else {
    runs->push_back(run);
  }
}

}  // namespace

uint64_t total_size(const std::vector<PageRun>& runs) {
  uint64_t total = 0;
  for (const PageRun& run : runs) total += run.size;
  return total;
}

Result<std::unique_ptr<PageScanner>> PageScanner::create() {
  auto scanner = create(Method::kPagemapScan);
  return scanner.ok() ? std::move(scanner) : create(Method::kPagemap);
}

Result<std::unique_ptr<PageScanner>> PageScanner::create(Method method) {
  int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return make_error(Code::kUnsupported, "cannot open /proc/self/pagemap");
  std::unique_ptr<PageScanner> scanner(new PageScanner(method, fd));
  // A scan of one page of our own stack tells whether the kernel has the ioctl.
  if (method == Method::kPagemapScan) {
    ScanRegion region;
    uint64_t here = reinterpret_cast<uintptr_t>(&region) & ~(kPageSize - 1);
    ScanArguments arguments{};
    arguments.size = sizeof arguments;
    arguments.start = here;
    arguments.end = here + kPageSize;
    arguments.vector = reinterpret_cast<uintptr_t>(&region);
    arguments.vector_length = 1;
    arguments.category_mask = kIsPresent;
    arguments.return_mask = kIsPresent;
    if (ioctl(fd, kPagemapScan, &arguments) != 1) {
      return make_error(Code::kUnsupported, "this kernel has no PAGEMAP_SCAN (Linux 6.7)");
    }
  }
  return scanner;
}

PageScanner::~PageScanner() { close(fd_); }

uint64_t PageScanner::scan(const uint8_t* base, uint64_t* at, uint64_t end, PageRun* runs,
                           uint64_t capacity, uint64_t max_pages) const {
  std::array<ScanRegion, kRegions> regions;
  uint64_t address = reinterpret_cast<uintptr_t>(base);
  ScanArguments arguments{};
  arguments.size = sizeof arguments;
  arguments.start = address + *at;
  arguments.end = address + end;
  arguments.vector = reinterpret_cast<uintptr_t>(regions.data());
  arguments.vector_length = std::min(capacity, kRegions);
  arguments.max_pages = max_pages;
  // Not a page of the file and not the zero page, and either in memory or swapped out.
  arguments.category_inverted = kIsFile | kIsZero;
  arguments.category_mask = kIsFile | kIsZero;
  arguments.category_anyof_mask = kIsPresent | kIsSwapped;
  arguments.return_mask = kIsPresent | kIsSwapped;
  int count;
  do {
    count = ioctl(fd_, kPagemapScan, &arguments);
  } while (count < 0 && errno == EINTR);
  CHECK(count >= 0);
  *at = arguments.walk_end - address;
  for (int i = 0; i < count; ++i) {
    const ScanRegion& region = regions[static_cast<size_t>(i)];
    runs[i] = {region.start - address, region.end - region.start};
  }
  return static_cast<uint64_t>(count);
}

void PageScanner::private_pages(const uint8_t* base, uint64_t size,
                                std::vector<PageRun>* runs) const {
  runs->clear();
  if (method_ == Method::kPagemap) return read_pagemap(base, size, runs);
  std::array<PageRun, kRegions> found;
  for (uint64_t at = 0; at < size;) {
    const uint64_t end = std::min(size, at + kPiece);
    const uint64_t count = scan(base, &at, end, found.data(), found.size(), kPiecePages);
    for (uint64_t i = 0; i < count; ++i) append(runs, found[i]);
  }
}

bool PageScanner::has_private_pages(const uint8_t* base, uint64_t size) const {
  if (method_ == Method::kPagemap) {
    std::vector<PageRun> runs;
    read_pagemap(base, size, &runs);
    return !runs.empty();
  }
  PageRun run;
  for (uint64_t at = 0; at < size;) {
    if (scan(base, &at, std::min(size, at + kPiece), &run, 1, 1) > 0) return true;
  }
  return false;
}

void PageScanner::read_pagemap(const uint8_t* base, uint64_t size,
                               std::vector<PageRun>* runs) const {
  runs->clear();
  std::array<uint64_t, 1024> entries;
  uint64_t first = reinterpret_cast<uintptr_t>(base) / kPageSize;
  for (uint64_t page = 0; page < size / kPageSize;) {
    uint64_t count = std::min<uint64_t>(entries.size(), size / kPageSize - page);
    ssize_t bytes = pread(fd_, entries.data(), count * 8, static_cast<off_t>((first + page) * 8));
    CHECK(bytes == static_cast<ssize_t>(count * 8));
    for (uint64_t i = 0; i < count; ++i) {
      bool held = (entries[i] & (kPresent | kSwapped)) != 0;
      if (held && !(entries[i] & kFileOrShared)) append(runs, {(page + i) * kPageSize, kPageSize});
    }
    page += count;
  }
}

}  // namespace cloche::engine
