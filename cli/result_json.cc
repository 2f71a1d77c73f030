#include "cli/result_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace cloche::cli {
namespace {

// Insertion order, so that people find the outcome first.
using Json = nlohmann::ordered_json;

bool valid_utf8(const std::string& bytes) {
  try {
    (void)Json(bytes).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

void put_output(Json& object, const std::string& name, const std::string& bytes) {
  const bool text = valid_utf8(bytes);
  object[name] = text ? bytes : base64(bytes);
  object[name + "_encoding"] = text ? "utf-8" : "base64";
}

double rounded(double milliseconds) { return std::round(milliseconds * 1000) / 1000; }

Json tool_calls(const std::vector<ToolCall>& calls) {
  Json list = Json::array();
  for (const ToolCall& call : calls) {
    list.push_back({{"tool", call.tool},
                    {"decision", to_string(call.decision)},
                    {"reason", call.reason.empty() ? Json(nullptr) : Json(call.reason)},
                    {"params_sha256", call.parameters_sha256},
                    {"ms", rounded(call.ms)}});
  }
  return list;
}

Json error_object(const std::string& type, const std::string& message) {
  if (type.empty() && message.empty()) return nullptr;
  return Json{{"type", type}, {"message", message}};
}

}  // namespace

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

std::string result_json(const RunResult& result) {
  Json object;
  object["outcome"] = to_string(result.outcome);
  object["limit"] = result.limit.empty() ? Json(nullptr) : Json(result.limit);
  object["exit_code"] = result.outcome == Outcome::kExited ? Json(result.exit_code) : Json(nullptr);
  object["signal"] =
      result.outcome == Outcome::kSignaled ? Json(signal_name(result.signal)) : Json(nullptr);
  put_output(object, "stdout", result.stdout_bytes);
  put_output(object, "stderr", result.stderr_bytes);
  object["truncated"] = {{"stdout", result.stdout_truncated}, {"stderr", result.stderr_truncated}};
  const Usage& usage = result.usage;
  object["usage"] = {{"wall_ms", rounded(usage.wall_ms)},
                     {"cpu_ms", rounded(usage.cpu_ms)},
                     {"memory_peak_bytes", usage.memory_peak_bytes},
                     {"processes", usage.processes},
                     {"forks", usage.forks},
                     {"file_bytes", usage.file_bytes},
                     {"tool_calls", usage.tool_calls}};
  object["tool_calls"] = tool_calls(result.tool_calls);
  object["error"] = error_object(result.error_type, result.error_message);
  return object.dump();
}

std::string failure_json(const Failure& failure) {
  RunResult result;
  result.error_type = to_string(failure.kind);
  result.error_message = failure.message;
  return result_json(result);
}

}  // namespace cloche::cli
