// Texts that name things: URLs, hosts, paths, tool names and patterns, misspelt words.
#include "cap/caveats/file_path.h"
#include "cap/caveats/mistake.h"
#include "cap/caveats/url.h"
#include "cap/scope.h"

namespace cloche::cap {
namespace {

void fuzz_url(std::string_view text) {
  auto host = host_of_url(text);
  if (!host.ok()) return;
  // One form: it is its own form, and in a URL of its own it is found again.
  auto again = parse_host(host->text);
  CHECK(again.ok() && *again == *host);
  auto in_url = host_of_url("https://" + host->text + ":1/?@#");
  CHECK(in_url.ok() && *in_url == *host);
  CHECK(text.find('@') == std::string_view::npos ||
        text.find('@') > text.find_first_of("/?#", text.find("://") + 3));
  for (const char c : host->text)
    CHECK(static_cast<unsigned char>(c) > 0x20 && c != '%' && c != '\\');
  auto pattern = HostPattern::parse(host->text);
  CHECK(pattern.ok() && pattern->matches(*host));
}

void fuzz_path(std::string_view text) {
  if (!check_path_parameter(text).ok()) return;
  CHECK(text.find("/../") == std::string_view::npos && !text.ends_with("/.."));
  const size_t last = text.rfind('/');
  if (text.size() > 1) CHECK(is_beneath(text, last == 0 ? "/" : text.substr(0, last)));
  CHECK(!is_beneath(text, text));
}

void fuzz_pattern(std::string_view text) {
  const size_t space = std::min(text.find(' '), text.size());
  const std::string_view name = text.substr(std::min(space + 1, text.size()));
  const bool is_name = parse_tool_name(name).ok();
  auto scope = Scope::tools(text.substr(0, space));
  if (scope.ok()) {
    CHECK(!scope->matches(Kind::kTool, name) || is_name);
    CHECK(scope->only_name().empty() || scope->matches(Kind::kTool, scope->only_name()));
    CHECK(!scope->matches(Kind::kTree, name));
  }
  if (!is_name) return;
  auto exact = Scope::tools(name);
  CHECK(exact.ok() && exact->matches(Kind::kTool, name));
  CHECK(Scope::tools("**")->matches(Kind::kTool, name));
}

}  // namespace
}  // namespace cloche::cap

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche::cap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz_url(text);
  fuzz_path(text);
  fuzz_pattern(text);
  (void)nearest_word(text, {"eq", "starts_with", "max_length"});
  return 0;
}
