// Three texts parted by zero bytes, two schemas and a description: the stubs of tools that have
// them are well-formed as far as literals, comments and brackets go, and what is outside of
// literals and comments is plain ASCII.
#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "tools/stubs.h"

namespace {

using namespace cloche;
using namespace cloche::tools;

// Reads a stub over, token by token.
class Lexer {
 public:
  enum class Language : uint8_t { kPython, kTypeScript };
  Lexer(std::string_view text, Language language) : rest_(text), language_(language) {}

  void check() {
    std::string open;
    while (!rest_.empty()) {
      if (skip_comment() || skip_literal()) continue;
      const char c = rest_[0];
      CHECK(c == '\n' || (c >= ' ' && c <= '~' && c != '\\' && c != '\'' && c != ';') ||
            (c == ';' && language_ == Language::kTypeScript));
      if (const char* bracket = strchr("([{", c)) open.push_back(")]}"[bracket - "([{"]);
      if (strchr(")]}", c)) {
        CHECK(!open.empty() && open.back() == c);
        open.pop_back();
      }
      rest_.remove_prefix(1);
    }
    CHECK(open.empty());
  }

 private:
  bool skip_comment() {
    const char* begin = language_ == Language::kPython ? "#" : "//";
    if (rest_.starts_with(begin)) return skip_past("\n", 0);
    return language_ == Language::kTypeScript && rest_.starts_with("/*") && skip_past("*/", 2);
  }

  bool skip_literal() {
    if (language_ == Language::kPython && rest_.starts_with("\"\"\"")) return skip_quoted("\"\"\"");
    return rest_[0] == '"' && skip_quoted("\"");
  }

  bool skip_past(std::string_view end, size_t from) {
    const size_t at = rest_.find(end, from);
    CHECK(at != std::string_view::npos);
    rest_.remove_prefix(at + end.size());
    return true;
  }

  bool skip_quoted(std::string_view quote) {
    rest_.remove_prefix(quote.size());
    while (!rest_.starts_with(quote)) {
      CHECK(!rest_.empty());
      CHECK(rest_[0] != '\n' || quote.size() > 1);
      rest_.remove_prefix(rest_[0] == '\\' ? 2 : 1);
    }
    rest_.remove_prefix(quote.size());
    return true;
  }

  std::string_view rest_;
  const Language language_;
};

StubType type_of(std::string_view text) {
  const auto json = read_json(text);
  return json.ok() ? read_stub_type(*json) : StubType();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view parts[3];
  for (std::string_view& part : parts) {
    part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  std::vector<StubTool> tools;
  for (const char* name : {"a", "b/c", "class", "list", "new"}) {
    tools.push_back({name,
                     std::string(parts[2]),
                     type_of(parts[0]),
                     type_of(parts[1]),
                     {std::string(parts[2])}});
  }
  const std::string python = python_stubs(tools), typescript = typescript_stubs(tools);
  Lexer(python, Lexer::Language::kPython).check();
  Lexer(typescript, Lexer::Language::kTypeScript).check();
  CHECK(python.find("\ndef a(") != std::string::npos);
  CHECK(typescript.find("\n  \"b/c\"(") != std::string::npos);
  return 0;
}
