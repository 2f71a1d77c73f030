#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/json_text.h"
#include "base/utf8.h"
#include "include/cloche/cloche.hpp"

namespace cloche {
namespace {

// RFC 4648, with padding.
std::string base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

void put_output(JsonText& object, const std::string& name, const std::string& bytes) {
  const bool text = is_utf8(bytes);
  object.quote(name, text ? bytes : base64(bytes));
  object.quote(name + "_encoding", text ? "utf-8" : "base64");
}

// Of microseconds.
std::string milliseconds(double value) {
  std::array<char, 32> text;
  const double rounded = std::round(value * 1000) / 1000;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), rounded).ptr;
  return std::string(text.data(), end);
}

std::string quote_or_null(const std::string& text) {
  return text.empty() ? "null" : quote_json(text);
}

std::string usage_json(const Usage& usage) {
  JsonText object('{');
  object.add("wall_ms", milliseconds(usage.wall_ms)).add("cpu_ms", milliseconds(usage.cpu_ms));
  object.add("memory_peak_bytes", std::to_string(usage.memory_peak_bytes));
  object.add("processes", std::to_string(usage.processes));
  object.add("forks", std::to_string(usage.forks));
  object.add("file_bytes", std::to_string(usage.file_bytes));
  return object.add("tool_calls", std::to_string(usage.tool_calls)).end();
}

std::string calls_json(const std::vector<ToolCall>& calls) {
  JsonText list('[');
  for (const ToolCall& call : calls) {
    JsonText object('{');
    object.quote("tool", call.tool).quote("decision", to_string(call.decision));
    object.add("reason", quote_or_null(call.reason));
    object.quote("params_sha256", call.parameters_sha256).add("ms", milliseconds(call.ms));
    list.add("", object.end());
  }
  return list.end();
}

std::string hits_json(const std::vector<LimitHits>& hits) {
  JsonText object('{');
  for (const LimitHits& hit : hits) object.add(hit.name, std::to_string(hit.count));
  return object.end();
}

// `traceback` null: it has none.
std::string error_json(const RunResult& result, const std::string* traceback) {
  if (result.error_type.empty() && result.error_message.empty()) return "null";
  JsonText object('{');
  object.quote("type", result.error_type).quote("message", result.error_message);
  if (traceback != nullptr) object.add("traceback", quote_or_null(*traceback));
  return object.end();
}

void put_run(JsonText& object, const RunResult& result, const std::string* traceback) {
  const bool exited = result.outcome == Outcome::kExited;
  const bool signaled = result.outcome == Outcome::kSignaled;
  object.quote("outcome", to_string(result.outcome)).add("limit", quote_or_null(result.limit));
  object.add("exit_code", exited ? std::to_string(result.exit_code) : "null");
  object.add("signal", signaled ? quote_json(signal_name(result.signal)) : "null");
  put_output(object, "stdout", result.stdout_bytes);
  put_output(object, "stderr", result.stderr_bytes);
  JsonText truncated('{');
  truncated.flag("stdout", result.stdout_truncated).flag("stderr", result.stderr_truncated);
  object.add("truncated", truncated.end()).add("usage", usage_json(result.usage));
  object.add("tool_calls", calls_json(result.tool_calls));
  object.add("error", error_json(result, traceback));
  object.add("limits_hit", hits_json(result.limits_hit));
}

std::string value_json(const CodeValue& value) {
  switch (value.kind) {
    case CodeValue::Kind::kNone:
      return "null";
    case CodeValue::Kind::kJson:
      return value.data;
    case CodeValue::Kind::kBytes:
      return quote_json(base64(value.data));
    case CodeValue::Kind::kText:
      return quote_json(value.data);
  }
  return "null";
}

std::string displays_json(const std::vector<Display>& displays) {
  JsonText list('[');
  for (const Display& display : displays) {
    JsonText forms('{');
    for (const auto& [type, data] : display.forms) {
      forms.add(type, is_json_form(type) ? data : quote_json(data));
    }
    list.add("", forms.end());
  }
  return list.end();
}

}  // namespace

std::string to_json(const RunResult& result) {
  JsonText object('{');
  put_run(object, result, nullptr);
  return object.end();
}

std::string to_json(const CodeResult& result) {
  JsonText object('{');
  put_run(object, result, &result.traceback);
  object.add("value", value_json(result.value)).quote("value_type", to_string(result.value.kind));
  object.add("repr",
             result.value.kind == CodeValue::Kind::kNone ? "null" : quote_json(result.repr));
  object.add("displays", displays_json(result.displays)).add("cell", std::to_string(result.cell));
  object.flag("session_restarted", result.session_restarted);
  return object.flag("session_ended", result.session_ended).end();
}

std::string to_json(const Failure& failure) {
  RunResult result;
  result.error_type = to_string(failure.kind);
  result.error_message = failure.message;
  return to_json(result);
}

}  // namespace cloche
