#include "cap/scope.h"

#include <algorithm>

#include "base/printable.h"

namespace cloche::cap {
namespace {

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || is_capital(c) || (c >= '0' && c <= '9');
}

bool is_name_segment(std::string_view segment) {
  if (segment.empty() || !is_letter_or_digit(segment[0])) return false;
  return std::all_of(segment.begin(), segment.end(), [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
  });
}

// Takes the next segment and the slash after it off `rest`.
std::string_view next_segment(std::string_view& rest) {
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
  return segment;
}

Error bad_name(std::string_view text, const char* why) {
  return make_error(Code::kInvalidArgument, "the tool name \"%s\" %s",
                    printable(text.substr(0, 80)).c_str(), why);
}

// Whether `text` is a pattern, or a plain name when there may be no wildcards.
Status check_segments(std::string_view text, bool wildcards) {
  if (text.empty()) return bad_name(text, "is empty");
  if (text.size() > kMaxToolName) return bad_name(text, "is longer than 255 bytes");
  if (std::count(text.begin(), text.end(), '/') >= static_cast<ptrdiff_t>(kMaxToolSegments)) {
    return bad_name(text, "has more than 16 segments");
  }
  if (text.back() == '/') return bad_name(text, "ends in a slash");
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view segment = next_segment(rest);
    if (wildcards && (segment == "*" || segment == "**")) continue;
    if (!is_name_segment(segment)) {
      return bad_name(
          text, wildcards ? "has a segment that is not *, ** or a name of A-Z a-z 0-9 _ - . that "
                            "begins with a letter or a digit"
                          : "has a segment that is not made of A-Z a-z 0-9 _ - . or does not "
                            "begin with a letter or a digit");
    }
  }
  return ok_status();
}

// A path without its first slash, in segments; false when it is not canonical.
bool is_tree_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kMaxTreePath) return false;
  if (path == "/") return true;
  if (path.back() == '/') return false;
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const std::string_view segment = next_segment(rest);
    if (segment.empty() || segment == "." || segment == "..") return false;
  }
  return std::all_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\';
  });
}

bool is_canonical(Kind kind, std::string_view name) {
  switch (kind) {
    case Kind::kTool:
      return check_tool_name(name).ok();
    case Kind::kTree:
      return is_tree_path(name);
    case Kind::kSandbox:
      return name == kSandboxName;
  }
  return false;
}

}  // namespace

Status check_tool_name(std::string_view text) { return check_segments(text, false); }

Result<std::string> parse_tool_name(std::string_view text) {
  TRY(check_tool_name(text));
  return std::string(text);
}

std::string fold_case(std::string_view name) {
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return folded;
}

Status check_tree_path(std::string_view path) {
  if (is_tree_path(path)) return ok_status();
  return make_error(Code::kInvalidArgument,
                    "\"%s\" is not an absolute path without empty, . or .. segments, control "
                    "characters and backslashes",
                    printable(path.substr(0, 80)).c_str());
}

Result<Scope> Scope::tools(std::string_view pattern) {
  TRY(check_segments(pattern, true));
  Scope scope(Kind::kTool, pattern);
  for (std::string_view rest = pattern; !rest.empty();) {
    const std::string_view segment = next_segment(rest);
    if (segment == "**") {
      scope.segments_.push_back({Segment::Type::kAny, {}});
    } else if (segment == "*") {
      scope.segments_.push_back({Segment::Type::kOne, {}});
    } else {
      scope.segments_.push_back({Segment::Type::kLiteral, std::string(segment)});
    }
  }
  return scope;
}

Result<Scope> Scope::tree(std::string_view path) {
  TRY(check_tree_path(path));
  Scope scope(Kind::kTree, path);
  for (std::string_view rest = path.substr(1); !rest.empty();) {
    scope.segments_.push_back({Segment::Type::kLiteral, std::string(next_segment(rest))});
  }
  scope.segments_.push_back({Segment::Type::kAny, {}});
  return scope;
}

Scope Scope::sandboxes() {
  Scope scope(Kind::kSandbox, kSandboxName);
  scope.segments_.push_back({Segment::Type::kLiteral, std::string(kSandboxName)});
  return scope;
}

bool Scope::matches(Kind kind, std::string_view name) const {
  if (kind != kind_ || !is_canonical(kind, name)) return false;
  std::string_view rest = kind == Kind::kTree ? name.substr(1) : name;
  // The usual walk for globs: when a segment does not fit, the last ** takes one more.
  size_t at = 0, retry_at = SIZE_MAX;
  std::string_view retry_rest;
  for (;;) {
    if (at < segments_.size() && segments_[at].type == Segment::Type::kAny) {
      retry_at = ++at;
      retry_rest = rest;
      continue;
    }
    if (rest.empty() && at == segments_.size()) return true;
    std::string_view after = rest;
    const std::string_view segment = next_segment(after);
    if (!rest.empty() && at < segments_.size() &&
        (segments_[at].type == Segment::Type::kOne || segments_[at].text == segment)) {
      rest = after;
      ++at;
      continue;
    }
    if (retry_at == SIZE_MAX || retry_rest.empty()) return false;
    next_segment(retry_rest);
    rest = retry_rest;
    at = retry_at;
  }
}

std::string_view Scope::only_name() const {
  const bool literal = std::all_of(segments_.begin(), segments_.end(), [](const Segment& s) {
    return s.type == Segment::Type::kLiteral;
  });
  return literal ? std::string_view(text_) : std::string_view();
}

std::string_view Scope::first_segment() const {
  return segments_[0].type == Segment::Type::kLiteral ? std::string_view(segments_[0].text)
                                                      : std::string_view();
}

size_t Scope::bytes() const {
  size_t sum = sizeof(Scope) + text_.size();
  for (const Segment& segment : segments_) sum += sizeof(Segment) + segment.text.size();
  return sum;
}

}  // namespace cloche::cap
