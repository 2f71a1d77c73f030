// What a capability names: tools by canonical names, or a folder and what stands beneath it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche::cap {

// The kinds of objects that capabilities name. Names of one kind never match a scope of another.
enum class Kind : uint8_t {
  kTool,     // named by a tool name
  kTree,     // a file or folder of the host, named by an absolute path
  kSandbox,  // the right to start sandboxes inside one's own; the one name is kSandboxName
};

// One form everywhere: policy, registry, guest, audit. Segments between single slashes, each of
// A-Z a-z 0-9 _ - . and beginning with a letter or a digit: no empty segment, no dots alone,
// nothing beyond ASCII. Names that differ are different tools, in case too; a registry must refuse
// a name whose fold_case() is that of another tool. Returns the name, or kInvalidArgument with the
// reason. "payments/transfer", "getPrice", "mcp.files/read-1".
Result<std::string> parse_tool_name(std::string_view text);
Status check_tool_name(std::string_view text);
// Capital letters made small: equal for names that a person may take for one another by case.
std::string fold_case(std::string_view name);
inline constexpr size_t kMaxToolName = 255;  // bytes
inline constexpr size_t kMaxToolSegments = 16;

// Absolute, no empty segment, no "." and "..", no control character and no backslash; "/" itself is
// one. Lexical: nothing is looked up. kInvalidArgument with the reason.
Status check_tree_path(std::string_view path);
inline constexpr size_t kMaxTreePath = 4095;  // bytes

inline constexpr std::string_view kSandboxName = "sandbox";

// A set of names of one kind. Immutable.
class Scope {
 public:
  // A tool name in which a segment may be * (exactly one segment) or ** (any number, none too).
  // kInvalidArgument.
  static Result<Scope> tools(std::string_view pattern);
  // The file or folder at that path and all beneath it. kInvalidArgument.
  static Result<Scope> tree(std::string_view path);

  // To start sandboxes.
  static Scope sandboxes();

  Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }  // as it was given
  // Linear in the product of the numbers of segments. A name that is not canonical never matches.
  bool matches(Kind kind, std::string_view name) const;
  // The one name that it matches; empty when there may be more.
  std::string_view only_name() const;
  // What each name begins with, up to its first slash; empty when that may be anything.
  std::string_view first_segment() const;
  size_t bytes() const;  // of memory

 private:
  struct Segment {
    enum class Type : uint8_t { kLiteral, kOne, kAny } type = Type::kLiteral;
    std::string text;
  };
  Scope(Kind kind, std::string_view text) : kind_(kind), text_(text) {}

  Kind kind_ = Kind::kTool;
  std::string text_;
  std::vector<Segment> segments_;
};

}  // namespace cloche::cap
