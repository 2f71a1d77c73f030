// The JSON reader: what it takes, it writes so that it reads the same again; and it takes, refuses
// and says what the library alone does.
#include <algorithm>

#include "base/json.h"

namespace {

using cloche::Json;

bool identical(const Json& a, const Json& b) {
  const auto same_member = [](const cloche::JsonMember& x, const cloche::JsonMember& y) {
    return x.name == y.name && x.name_offset == y.name_offset && identical(x.value, y.value);
  };
  return a.kind == b.kind && a.boolean == b.boolean && a.offset == b.offset && a.text == b.text &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), identical) &&
         std::equal(a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
                    same_member);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const JsonLimits limits = {.bytes = 1u << 20, .depth = 32, .values = 10'000};
  auto value = read_json(text, limits);
  const auto same = internal::read_json_by_library(text, limits);
  CHECK(value.ok() == same.ok());
  CHECK(value.ok() ? identical(*value, *same)
                   : value.error().message == same.error().message &&
                         value.error().offset == same.error().offset);
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
