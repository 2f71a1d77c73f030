// The names of outcomes, failures and signals in results.
#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche {

const char* to_string(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kInvalidArgument:
      return "invalid_argument";
    case Failure::Kind::kNotFound:
      return "not_found";
    case Failure::Kind::kPermissionDenied:
      return "permission_denied";
    case Failure::Kind::kMalformed:
      return "malformed";
    case Failure::Kind::kUnsupported:
      return "unsupported";
    case Failure::Kind::kResourceExhausted:
      return "resource_exhausted";
    case Failure::Kind::kIo:
      return "io";
    case Failure::Kind::kInternal:
      return "internal";
    case Failure::Kind::kBusy:
      return "busy";
  }
  return "internal";
}

const char* to_string(ToolCall::Decision decision) {
  switch (decision) {
    case ToolCall::Decision::kAllowed:
      return "allowed";
    case ToolCall::Decision::kDenied:
      return "denied";
    case ToolCall::Decision::kFailed:
      return "failed";
  }
  return "denied";
}

const char* to_string(Language language) {
  return language == Language::kPython ? "python" : "javascript";
}

std::optional<Language> language_of(std::string_view name) {
  if (name == "python" || name == "py") return Language::kPython;
  if (name == "javascript" || name == "js") return Language::kJavaScript;
  return std::nullopt;
}

const char* to_string(CodeValue::Kind kind) {
  switch (kind) {
    case CodeValue::Kind::kNone:
      return "none";
    case CodeValue::Kind::kJson:
      return "json";
    case CodeValue::Kind::kBytes:
      return "bytes";
    case CodeValue::Kind::kText:
      return "text";
  }
  return "none";
}

bool is_json_form(std::string_view type) {
  return type.ends_with("/json") || type.ends_with("+json");
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kExited:
      return "exited";
    case Outcome::kSignaled:
      return "signaled";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kLimit:
      return "limit";
    case Outcome::kDenied:
      return "denied";
    case Outcome::kCancelled:
      return "cancelled";
    case Outcome::kError:
      return "error";
  }
  return "error";
}

const char* version() { return CLOCHE_VERSION_STRING; }

std::string signal_name(int signal) {
  static constexpr const char* kNames[] = {
      "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
      "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
      "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};
  constexpr int kCount = static_cast<int>(std::size(kNames));
  constexpr int kFirstRealTime = 32, kLastRealTime = 64;
  if (signal >= 1 && signal <= kCount) return std::string("SIG") + kNames[signal - 1];
  if (signal == kFirstRealTime) return "SIGRTMIN";
  if (signal > kFirstRealTime && signal <= kLastRealTime) {
    return "SIGRTMIN+" + std::to_string(signal - kFirstRealTime);
  }
  return "signal " + std::to_string(signal);
}

}  // namespace cloche
