// Options of a sandbox, and its tools.

#include "capi/handles.h"

struct cloche_tool_invocation {
  std::string tool, parameters;
  const cloche::ToolInvocation& call;
};

struct cloche_tool_result {
  cloche::ToolResult result;
};

struct cloche_job {
  std::function<void()> run;
};

namespace cloche::capi {
namespace {

using std::chrono::nanoseconds;

static_assert(static_cast<int>(MountMode::kReadOnly) == CLOCHE_MOUNT_READ_ONLY);
static_assert(static_cast<int>(MountMode::kReadWrite) == CLOCHE_MOUNT_READ_WRITE);
static_assert(static_cast<int>(MountMode::kCopyOnWrite) == CLOCHE_MOUNT_COPY_ON_WRITE);

nanoseconds time_of(uint64_t value) { return nanoseconds(static_cast<int64_t>(value)); }

ToolResult call_handler(cloche_tool_handler handler, void* env, const ToolInvocation& call) {
  const cloche_tool_invocation invocation{std::string(call.tool), std::string(call.parameters),
                                          call};
  cloche_tool_result given{ToolResult::failure("the tool failed", "its handler gave no result")};
  handler(env, &invocation, &given);
  return std::move(given.result);
}

cloche_tool* add_tool(cloche_options& options, const char* name) {
  options.tools.push_back(std::make_unique<cloche_tool>(options.mistake));
  options.tools.back()->tool.name = name;
  return options.tools.back().get();
}

}  // namespace
}  // namespace cloche::capi

using namespace cloche::capi;

cloche_options* cloche_options_new() noexcept { return new cloche_options(); }
void cloche_options_free(cloche_options* options) noexcept { delete options; }

void cloche_options_add_mount(cloche_options* options, const char* host, const char* guest,
                              int mode) noexcept {
  if (!can_set(options, __func__, host) || !can_set(options, __func__, guest)) return;
  if (mode < CLOCHE_MOUNT_READ_ONLY || mode > CLOCHE_MOUNT_COPY_ON_WRITE) {
    return options->mistake.note(__func__, "no mode is " + std::to_string(mode));
  }
  options->options.mounts.push_back({host, guest, static_cast<cloche::MountMode>(mode)});
}

void cloche_options_set_env(cloche_options* options, const char* name, const char* value) noexcept {
  if (!can_set(options, __func__, name) || !can_set(options, __func__, value)) return;
  options->options.env.emplace_back(name, value);
}

void cloche_options_set_workdir(cloche_options* options, const char* folder) noexcept {
  if (can_set(options, __func__, folder)) options->options.workdir = folder;
}

void cloche_options_set_user(cloche_options* options, const char* name) noexcept {
  if (can_set(options, __func__, name)) options->options.user = name;
}

void cloche_options_set_hostname(cloche_options* options, const char* name) noexcept {
  if (can_set(options, __func__, name)) options->options.hostname = name;
}

void cloche_options_set_limit(cloche_options* options, const char* name,
                              const char* value) noexcept {
  if (!can_set(options, __func__, name) || !can_set(options, __func__, value)) return;
  if (const auto failure = cloche::set_limit(options->options.limits, name, value)) {
    options->mistake.note(__func__, failure->message);
  }
}

void cloche_options_set_policy(cloche_options* options, const char* text, size_t size,
                               const char* name, const char* folder) noexcept {
  if (!can_set(options, __func__, text)) return;
  // To the options an empty text is no policy at all.
  if (size == 0) return options->mistake.note(__func__, "the policy is empty");
  options->options.policy.assign(text, size);
  options->options.policy_name = name == nullptr ? "" : name;
  options->options.policy_folder = folder == nullptr ? "" : folder;
}

void cloche_options_allow_tool(cloche_options* options, const char* pattern) noexcept {
  if (can_set(options, __func__, pattern)) options->options.allow_tools.emplace_back(pattern);
}

void cloche_options_set_sandboxes(cloche_options* options, uint64_t count) noexcept {
  if (options != nullptr) options->options.sandboxes = count;
}

void cloche_options_set_clock_resolution(cloche_options* options, uint64_t nanoseconds) noexcept {
  if (options == nullptr) return;
  if (nanoseconds > INT64_MAX) return options->mistake.note(__func__, "it is too long");
  options->options.clock_resolution = time_of(nanoseconds);
}

void cloche_options_set_random_seed(cloche_options* options, const char* seed) noexcept {
  if (!can_set(options, __func__, seed)) return;
  // To the options an empty one is none.
  if (*seed == '\0') return options->mistake.note(__func__, "the seed is empty");
  options->options.random_seed = seed;
}

void cloche_options_set_audit_file(cloche_options* options, const char* path) noexcept {
  if (!can_set(options, __func__, path)) return;
  if (*path == '\0') return options->mistake.note(__func__, "the path is empty");
  options->options.audit_file = path;
}

void cloche_options_set_log(cloche_options* options, cloche_log log, void* env) noexcept {
  if (options == nullptr) return;
  if (log == nullptr) return options->mistake.note(__func__, "a null pointer");
  options->options.log = [log, env](const std::string& line) { log(env, line.c_str()); };
}

// --- tools

cloche_tool* cloche_options_add_tool(cloche_options* options, const char* name,
                                     cloche_tool_handler handler, void* env,
                                     cloche_release release) noexcept {
  const auto held = std::make_shared<Environment>(env, release);
  if (!can_set(options, __func__, name)) return nullptr;
  if (handler == nullptr) {
    options->mistake.note(__func__, "a null pointer");
    return nullptr;
  }
  cloche_tool* added = add_tool(*options, name);
  added->tool.handler = [handler, held](const cloche::ToolInvocation& call) {
    return call_handler(handler, held->get(), call);
  };
  return added;
}

cloche_tool* cloche_options_add_command(cloche_options* options, const char* name,
                                        const char* command) noexcept {
  if (!can_set(options, __func__, name) || !can_set(options, __func__, command)) return nullptr;
  cloche_tool* added = add_tool(*options, name);
  added->tool.command = command;
  return added;
}

void cloche_tool_set_description(cloche_tool* tool, const char* text) noexcept {
  if (can_set(tool, __func__, text)) tool->tool.description = text;
}

void cloche_tool_set_parameters(cloche_tool* tool, const char* schema) noexcept {
  if (can_set(tool, __func__, schema)) tool->tool.parameters = schema;
}

void cloche_tool_set_result(cloche_tool* tool, const char* schema) noexcept {
  if (can_set(tool, __func__, schema)) tool->tool.result = schema;
}

void cloche_tool_set_timeout(cloche_tool* tool, uint64_t nanoseconds) noexcept {
  if (tool == nullptr) return;
  if (nanoseconds > INT64_MAX) return tool->mistake.note(__func__, "it is too long");
  tool->tool.timeout = time_of(nanoseconds);
}

void cloche_tool_set_result_bytes(cloche_tool* tool, uint64_t bytes) noexcept {
  if (tool != nullptr) tool->tool.result_bytes = bytes;
}

const char* cloche_tool_invocation_tool(const cloche_tool_invocation* invocation) noexcept {
  return invocation == nullptr ? nullptr : invocation->tool.c_str();
}

const char* cloche_tool_invocation_parameters(const cloche_tool_invocation* invocation,
                                              size_t* size) noexcept {
  if (size != nullptr) *size = invocation == nullptr ? 0 : invocation->parameters.size();
  return invocation == nullptr ? nullptr : invocation->parameters.c_str();
}

uint64_t cloche_tool_invocation_time_left(const cloche_tool_invocation* invocation) noexcept {
  if (invocation == nullptr) return 0;
  const nanoseconds left = invocation->call.deadline - std::chrono::steady_clock::now();
  return left.count() > 0 ? static_cast<uint64_t>(left.count()) : 0;
}

bool cloche_tool_invocation_cancelled(const cloche_tool_invocation* invocation) noexcept {
  return invocation != nullptr && invocation->call.cancelled.load();
}

void cloche_tool_result_set(cloche_tool_result* result, const char* json, size_t size) noexcept {
  if (result == nullptr) return;
  result->result = json == nullptr ? cloche::ToolResult::failure("the tool failed",
                                                                 "its handler gave a null result")
                                   : cloche::ToolResult::success({json, size});
}

void cloche_tool_result_fail(cloche_tool_result* result, const char* message,
                             const char* detail) noexcept {
  if (result == nullptr) return;
  result->result = cloche::ToolResult::failure(message == nullptr ? "the tool failed" : message,
                                               detail == nullptr ? "" : detail);
}

// --- executors

void cloche_job_run(cloche_job* job) noexcept {
  if (job == nullptr) return;
  job->run();
  delete job;
}

void cloche_job_drop(cloche_job* job) noexcept { delete job; }

void cloche_options_set_executor(cloche_options* options, cloche_executor executor, void* env,
                                 cloche_release release) noexcept {
  const auto held = std::make_shared<Environment>(env, release);
  if (options == nullptr) return;
  if (executor == nullptr) return options->mistake.note(__func__, "a null pointer");
  options->options.tool_executor = [executor, held](std::function<void()> run) {
    auto job = std::make_unique<cloche_job>(cloche_job{std::move(run)});
    if (!executor(held->get(), job.get())) return false;
    (void)job.release();
    return true;
  };
}
