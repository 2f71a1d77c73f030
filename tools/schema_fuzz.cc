// A schema and a value, parted by a zero byte: checking neither crashes nor takes long, and says
// the same twice.
#include "tools/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\0');
  if (split == std::string_view::npos) return 0;
  auto schema = Schema::compile(input.substr(0, split));
  if (!schema.ok()) {
    CHECK(!schema.error().message.empty());
    return 0;
  }
  auto value = read_json(input.substr(split + 1));
  if (!value.ok()) return 0;
  const auto first = schema->validate(*value);
  const auto second = schema->validate(*value);
  CHECK(first.ok() == second.ok());
  if (first.ok()) return 0;
  CHECK(!first.error().problems.empty());
  CHECK(first.error().problems.size() <= Schema::kMaxProblems);
  for (const SchemaProblem& problem : first.error().problems) {
    CHECK(problem.pointer.size() <= Schema::kMaxTextBytes && !problem.message.empty());
  }
  return 0;
}
