#include "session/options.h"

#include <algorithm>

#include "base/printable.h"
#include "session/failures.h"

namespace cloche::session {
namespace {

constexpr uint64_t kAddressSpaceMax = (4ull << 30) - 65536;

bool valid_hostname(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

}  // namespace

// Later entries replace earlier ones of the same name.
std::vector<std::string> environment_of(const SandboxOptions& options, const std::string& home) {
  std::vector<std::pair<std::string, std::string>> variables = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"HOME", home},
      {"USER", options.user},
      {"LANG", "C.UTF-8"},
      {"TERM", "dumb"}};
  for (const auto& [name, value] : options.env) {
    const auto found = std::find_if(variables.begin(), variables.end(),
                                    [&name](const auto& row) { return row.first == name; });
    if (found != variables.end()) {
      found->second = value;
    } else {
      variables.emplace_back(name, value);
    }
  }
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

std::string check_options(const SandboxOptions& options) {
  if (!valid_hostname(options.hostname)) {
    return "hostname '" + printable(options.hostname) + "': 1 to 64 letters, digits, '-' and '.'";
  }
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return "environment variable '" + printable(name) +
             "': the name may not be empty or hold '=', and neither part a NUL byte";
    }
  }
  if (options.workdir.find('\0') != std::string::npos ||
      (!options.workdir.empty() && options.workdir[0] != '/')) {
    return "working folder '" + printable(options.workdir) + "': not an absolute path";
  }
  return "";
}

kernel::KernelLimits kernel_limits(const EffectiveLimits& limits) {
  kernel::KernelLimits kernel_limits;
  kernel_limits.processes = static_cast<uint32_t>(std::min<uint64_t>(limits.processes, UINT32_MAX));
  kernel_limits.memory = limits.memory;
  kernel_limits.memory_high = limits.memory_high;
  kernel_limits.address_space = std::min(limits.memory, kAddressSpaceMax);
  kernel_limits.open_files =
      static_cast<uint32_t>(std::min<uint64_t>(limits.open_files, UINT32_MAX));
  kernel_limits.timers = limits.timers;
  kernel_limits.watches = limits.watches;
  kernel_limits.pipe_bytes = limits.pipe;
  kernel_limits.argument_bytes =
      static_cast<uint32_t>(std::min<uint64_t>(limits.arguments, UINT32_MAX));
  kernel_limits.module_bytes = limits.module_size;
  kernel_limits.file_bytes = limits.file_size;
  kernel_limits.fork_rate = limits.fork_rate == kNoLimit ? 0 : limits.fork_rate;
  kernel_limits.compile_ns =
      limits.compile_time.count() > 0 ? limits.compile_time.count() : INT64_MAX;
  return kernel_limits;
}

RunResult not_started(abi::Errno error, const std::string& program, const std::string& why,
                      const char* limit) {
  RunResult result;
  if (limit != nullptr) {
    result.outcome = Outcome::kLimit;
    result.limit = limit;
  }
  const bool missing = error == abi::Errno::kNOENT;
  result.error_type = missing ? "not_found" : "not_executable";
  result.error_message = printable(program) + ": " +
                         (missing ? "not found in the sandbox" : describe(error)) +
                         (why.empty() ? "" : " (" + printable(why) + ")");
  return result;
}

bool has_nul(const std::vector<std::string>& strings) {
  return std::any_of(strings.begin(), strings.end(),
                     [](const std::string& text) { return text.find('\0') != std::string::npos; });
}

}  // namespace cloche::session
