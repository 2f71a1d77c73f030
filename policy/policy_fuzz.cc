// A policy file. What compiles is described, installs, and answers a call.
#include "policy/policy.h"
#include "policy/words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  using namespace cloche::policy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto policy = read_policy(text);
  if (!policy.ok()) {
    CHECK(!policy.error().empty());
    for (const cap::Mistake& mistake : policy.error()) {
      CHECK(mistake.offset <= size && !locate(mistake, "p", text).empty());
    }
    CHECK(read_json(mistakes_json(policy.error(), text)).ok());
    return 0;
  }
  CHECK(!describe(*policy).empty() && read_json(describe_json(*policy)).ok());
  const Json parameters = read_json(R"({"a": 1, "to": {"iban": "DE1"}})").value();
  const auto denial = check_call(*policy, "payments/transfer", parameters, 10, {1, 1});
  CHECK(!denial || !denial->text.empty());
  CHECK(denial || !policy->tools.empty());
  return 0;
}
