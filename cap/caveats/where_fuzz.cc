// A where clause and parameters, both as JSON with a NUL between them.
//
// What compiles describes itself, judges the same each time, explains what it denies and nothing
// else, and allows nothing that does not meet its demands.
#include "cap/caveats/where.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  using namespace cloche::cap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t middle = std::min(text.find('\0'), size);
  const JsonLimits limits = {.bytes = 64 * 1024, .depth = 32, .values = 4096};
  auto where = read_json(text.substr(0, middle), limits);
  auto parameters = read_json(text.substr(std::min(middle + 1, size)), limits);
  if (!where.ok() || !parameters.ok()) return 0;
  Request request;
  request.parameters = &*parameters;
  bool strict_allows = false;
  for (const Others others : {Others::kRefuse, Others::kAllow}) {
    auto caveat = compile_where(*where, others);
    if (!caveat.ok()) {
      CHECK(!caveat.error().empty());
      for (const Mistake& mistake : caveat.error()) {
        CHECK(!mistake.message.empty() && mistake.offset <= middle);
      }
      return 0;
    }
    CHECK(!(*caveat)->describe().empty() && (*caveat)->bytes() > 0);
    const bool allowed = (*caveat)->allows(request);
    CHECK(allowed == (*caveat)->allows(request));
    CHECK((*caveat)->explain(request).empty() == allowed);
    for (const Demand& demand : (*caveat)->demands()) {
      const Json* const value = value_at(&*parameters, demand.path);
      CHECK(!allowed || demand.met_by(measure(value, demand.scale)));
    }
    // Allowing others allows no less.
    CHECK(others == Others::kRefuse || allowed || !strict_allows);
    strict_allows = allowed;
  }
  return 0;
}
