// The JSON reader: what it takes, it writes so that it reads the same again.
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto value = read_json(text, {.bytes = 1u << 20, .depth = 32, .values = 10'000});
  if (!value.ok()) {
    CHECK(value.error().offset <= size && !value.error().message.empty());
    (void)position_of(text, value.error().offset);
    return 0;
  }
  const std::string written = write_json(*value);
  auto again = read_json(written);
  CHECK(again.ok() && same_json(*value, *again) && write_json(*again) == written);
  return 0;
}
