// That the self-check passed, noted in the code cache, so that a start need not repeat it.
#pragma once

#include <cstdint>
#include <string>

#include "engine/code_cache.h"
#include "engine/page_scan.h"

namespace cloche::engine {

// Everything that the outcome of the self-check depends on, as text: this build of the program (its
// build id), the engine with its configuration and processor features (`fingerprint`), the running
// kernel, how pages are scanned, and the shadow stack. Empty if some of it cannot be told.
std::string self_check_conditions(uint64_t fingerprint, const PageScanner& scanner);

// Holds for the conditions that were met when it was made. Trusted as compiled code is: a file that
// another user could have written, or that differs in one bit, counts as none.
// Thread class: immutable.
class SelfCheckRecord {
 public:
  // `cache` may be null: then nothing is ever known. It must outlive the record.
  SelfCheckRecord(const CodeCache* cache, uint64_t fingerprint, const PageScanner& scanner);

  // Did the self-check pass under these conditions?
  bool passed() const;
  // Notes that it did. That the note cannot be written costs the next start time, no more.
  void keep() const;

 private:
  const CodeCache* const cache_;
  const std::string conditions_;  // what the file holds
  const std::string name_;
};

}  // namespace cloche::engine
