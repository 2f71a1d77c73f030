// The tools of a sandbox: what there is, whether or not anybody may call it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "tools/handler.h"
#include "tools/schema.h"

namespace cloche::tools {

// As it is declared.
struct Tool {
  std::string name = {};         // canonical (cap/scope.h)
  std::string description = {};  // for people and models
  // JSON Schema 2020-12. Parameters: none means any object. Result: none means any value.
  std::optional<std::string> parameters = {}, result = {};
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);  // of one call
  uint64_t result_bytes = uint64_t{16} << 20;                   // at most, of one result
  std::shared_ptr<Handler> handler = {};
};

// As it is kept. Immutable.
struct RegisteredTool {
  Tool tool;
  std::optional<Schema> parameters, result;
};

class Registry {
 public:
  static constexpr size_t kMaxTools = 10'000;
  // Errors: kInvalidArgument (a name that is not canonical, no handler, a time or size of 0),
  // kMalformed (a schema; says which and where), kExists (the name, or one that differs from it by
  // capital letters only), kResourceExhausted.
  Status add(Tool tool);
  const RegisteredTool* find(std::string_view name) const;
  const std::map<std::string, RegisteredTool, std::less<>>& tools() const { return tools_; }

 private:
  std::map<std::string, RegisteredTool, std::less<>> tools_;
  std::map<std::string, std::string, std::less<>> folded_;  // lower-case name -> name
};

}  // namespace cloche::tools
