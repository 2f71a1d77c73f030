// The reader of audit lines: what it takes has the hash of its bytes.
#include "audit/chain.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)audit::read_link(text);
  const std::string sealed = text + ",\"hash\":\"" + audit::hash_of(text) + "\"}";
  const auto link = audit::read_link(sealed);
  if (link.ok()) CHECK(link->hash == audit::hash_of(text));
  return 0;
}
