// Sandboxes, commands and results.
#include <iterator>

#include "capi/handles.h"

namespace cloche::capi {
namespace {

constexpr Outcome kOutcomes[] = {Outcome::kExited, Outcome::kSignaled, Outcome::kTimeout,
                                 Outcome::kLimit,  Outcome::kDenied,   Outcome::kCancelled,
                                 Outcome::kError};
static_assert(static_cast<int>(Outcome::kExited) == CLOCHE_EXITED);
static_assert(static_cast<int>(Outcome::kError) == CLOCHE_ERROR);
static_assert(std::size(kOutcomes) == CLOCHE_ERROR + 1);
static_assert(static_cast<int>(ToolCall::Decision::kAllowed) == CLOCHE_CALL_ALLOWED);
static_assert(static_cast<int>(ToolCall::Decision::kDenied) == CLOCHE_CALL_DENIED);
static_assert(static_cast<int>(ToolCall::Decision::kFailed) == CLOCHE_CALL_FAILED);

struct UsageRow {
  const char* name;
  double (*get)(const Usage& usage);
};

constexpr UsageRow kUsage[] = {
    {"wall_ms", [](const Usage& u) { return u.wall_ms; }},
    {"cpu_ms", [](const Usage& u) { return u.cpu_ms; }},
    {"memory_peak_bytes", [](const Usage& u) { return static_cast<double>(u.memory_peak_bytes); }},
    {"processes", [](const Usage& u) { return static_cast<double>(u.processes); }},
    {"forks", [](const Usage& u) { return static_cast<double>(u.forks); }},
    {"file_bytes", [](const Usage& u) { return static_cast<double>(u.file_bytes); }},
    {"tool_calls", [](const Usage& u) { return static_cast<double>(u.tool_calls); }},
};

cloche_result* result_of(Expected<RunResult> result, cloche_error** error) {
  if (!result) return fail(error, result.error());
  auto* const made = new cloche_result();
  static_cast<RunResult&>(made->result) = std::move(*result);
  return made;
}

void set_stream(cloche_command* command, const char* function, int which, Stream stream) {
  if (command == nullptr) return;
  Stream* const streams[] = {&command->options.standard_input, &command->options.standard_output,
                             &command->options.standard_error};
  if (which < CLOCHE_STDIN || which > CLOCHE_STDERR) {
    return command->mistake.note(function, "no stream is " + std::to_string(which));
  }
  *streams[which] = std::move(stream);
}

const ToolCall* call_at(const cloche_result* result, size_t index) {
  return index < cloche_result_call_count(result) ? &result->result.tool_calls[index] : nullptr;
}

const char* bytes_of(const std::string& text, size_t* size) {
  if (size != nullptr) *size = text.size();
  return text.c_str();
}

const char* no_bytes(size_t* size) {
  if (size != nullptr) *size = 0;
  return nullptr;
}

}  // namespace
}  // namespace cloche::capi

using namespace cloche::capi;

cloche_sandbox* cloche_sandbox_create(const cloche_host* host, const cloche_options* options,
                                      cloche_error** error) noexcept {
  if (host == nullptr || options == nullptr) return fail_null(error, __func__);
  if (options->mistake.failure()) return fail(error, *options->mistake.failure());
  cloche::SandboxOptions copy = options->options;
  for (const auto& tool : options->tools) copy.tools.push_back(tool->tool);
  auto sandbox = cloche::Sandbox::create(host->host, std::move(copy));
  if (!sandbox) return fail(error, sandbox.error());
  return new cloche_sandbox{std::move(*sandbox)};
}

void cloche_sandbox_free(cloche_sandbox* sandbox) noexcept { delete sandbox; }

cloche_result* cloche_sandbox_run(cloche_sandbox* sandbox, const char* const argv[],
                                  cloche_error** error) noexcept {
  if (sandbox == nullptr || argv == nullptr) return fail_null(error, __func__);
  std::vector<std::string> words;
  for (const char* const* word = argv; *word != nullptr; ++word) words.emplace_back(*word);
  return result_of(sandbox->sandbox.run(std::move(words)), error);
}

cloche_result* cloche_sandbox_run_command(cloche_sandbox* sandbox, const cloche_command* command,
                                          cloche_error** error) noexcept {
  if (sandbox == nullptr || command == nullptr) return fail_null(error, __func__);
  if (command->mistake.failure()) return fail(error, *command->mistake.failure());
  return result_of(sandbox->sandbox.run(command->options), error);
}

void cloche_sandbox_signal(cloche_sandbox* sandbox, int signo) noexcept {
  if (sandbox != nullptr) sandbox->sandbox.signal(signo);
}

void cloche_sandbox_kill(cloche_sandbox* sandbox) noexcept {
  if (sandbox != nullptr) sandbox->sandbox.kill();
}

void cloche_sandbox_resize(cloche_sandbox* sandbox, uint16_t rows, uint16_t columns) noexcept {
  if (sandbox != nullptr) sandbox->sandbox.resize({rows, columns});
}

cloche_list* cloche_sandbox_audit(const cloche_sandbox* sandbox) noexcept {
  return sandbox == nullptr ? nullptr : new_list(sandbox->sandbox.audit());
}

// --- commands

cloche_command* cloche_command_new() noexcept { return new cloche_command(); }
void cloche_command_free(cloche_command* command) noexcept { delete command; }

void cloche_command_add_argument(cloche_command* command, const char* argument) noexcept {
  if (can_set(command, __func__, argument)) command->options.argv.emplace_back(argument);
}

void cloche_command_set_module(cloche_command* command, const void* bytes, size_t size) noexcept {
  if (!can_set(command, __func__, bytes)) return;
  const auto* first = static_cast<const uint8_t*>(bytes);
  command->options.module = std::vector<uint8_t>(first, first + size);
}

void cloche_command_set_input(cloche_command* command, const void* bytes, size_t size) noexcept {
  if (size > 0 && !can_set(command, __func__, bytes)) return;
  std::string input(static_cast<const char*>(size == 0 ? "" : bytes), size);
  set_stream(command, __func__, CLOCHE_STDIN, cloche::Stream::bytes(std::move(input)));
}

void cloche_command_set_fd(cloche_command* command, int stream, int fd) noexcept {
  if (command != nullptr && fd < 0) {
    return command->mistake.note(__func__, "no descriptor is " + std::to_string(fd));
  }
  set_stream(command, __func__, stream, cloche::Stream::descriptor(fd));
}

void cloche_command_set_null(cloche_command* command, int stream) noexcept {
  set_stream(command, __func__, stream, cloche::Stream::null());
}

void cloche_command_set_pipe(cloche_command* command, int stream) noexcept {
  set_stream(command, __func__, stream, cloche::Stream::pipe());
}

void cloche_command_set_timeout(cloche_command* command, uint64_t nanoseconds) noexcept {
  if (command == nullptr) return;
  if (nanoseconds > INT64_MAX) return command->mistake.note(__func__, "it is too long");
  command->options.timeout.reset();
  if (nanoseconds > 0) command->options.timeout = std::chrono::nanoseconds(nanoseconds);
}

void cloche_command_set_terminal(cloche_command* command, uint16_t rows,
                                 uint16_t columns) noexcept {
  if (command == nullptr) return;
  command->options.terminal = true;
  command->options.window = {rows, columns};
}

// --- results

int cloche_result_outcome(const cloche_result* result) noexcept {
  return result == nullptr ? CLOCHE_NONE : static_cast<int>(result->result.outcome);
}

const char* cloche_outcome_name(int outcome) noexcept {
  const bool known = outcome >= 0 && static_cast<size_t>(outcome) < std::size(kOutcomes);
  return known ? to_string(kOutcomes[outcome]) : nullptr;
}

bool cloche_result_ok(const cloche_result* result) noexcept {
  return result != nullptr && result->result.ok();
}

int cloche_result_exit_code(const cloche_result* result) noexcept {
  return result == nullptr ? CLOCHE_NONE : result->result.exit_code;
}

int cloche_result_signal(const cloche_result* result) noexcept {
  return result == nullptr ? 0 : result->result.signal;
}

const char* cloche_result_limit(const cloche_result* result) noexcept {
  return result == nullptr ? nullptr : result->result.limit.c_str();
}

const char* cloche_result_error_type(const cloche_result* result) noexcept {
  return result == nullptr ? nullptr : result->result.error_type.c_str();
}

const char* cloche_result_error_message(const cloche_result* result) noexcept {
  return result == nullptr ? nullptr : result->result.error_message.c_str();
}

const char* cloche_result_stdout(const cloche_result* result, size_t* size) noexcept {
  return result == nullptr ? no_bytes(size) : bytes_of(result->result.stdout_bytes, size);
}

const char* cloche_result_stderr(const cloche_result* result, size_t* size) noexcept {
  return result == nullptr ? no_bytes(size) : bytes_of(result->result.stderr_bytes, size);
}

bool cloche_result_stdout_truncated(const cloche_result* result) noexcept {
  return result != nullptr && result->result.stdout_truncated;
}

bool cloche_result_stderr_truncated(const cloche_result* result) noexcept {
  return result != nullptr && result->result.stderr_truncated;
}

double cloche_result_usage(const cloche_result* result, const char* name) noexcept {
  if (result == nullptr || name == nullptr) return CLOCHE_NONE;
  for (const UsageRow& row : kUsage) {
    if (std::string_view(name) == row.name) return row.get(result->result.usage);
  }
  return CLOCHE_NONE;
}

size_t cloche_result_call_count(const cloche_result* result) noexcept {
  return result == nullptr ? 0 : result->result.tool_calls.size();
}

int cloche_result_call_decision(const cloche_result* result, size_t index) noexcept {
  const cloche::ToolCall* call = call_at(result, index);
  return call == nullptr ? CLOCHE_NONE : static_cast<int>(call->decision);
}

const char* cloche_result_call_tool(const cloche_result* result, size_t index) noexcept {
  const cloche::ToolCall* call = call_at(result, index);
  return call == nullptr ? nullptr : call->tool.c_str();
}

const char* cloche_result_call_reason(const cloche_result* result, size_t index) noexcept {
  const cloche::ToolCall* call = call_at(result, index);
  return call == nullptr ? nullptr : call->reason.c_str();
}

const char* cloche_result_call_parameters_sha256(const cloche_result* result,
                                                 size_t index) noexcept {
  const cloche::ToolCall* call = call_at(result, index);
  return call == nullptr ? nullptr : call->parameters_sha256.c_str();
}

double cloche_result_call_ms(const cloche_result* result, size_t index) noexcept {
  const cloche::ToolCall* call = call_at(result, index);
  return call == nullptr ? -1.0 : call->ms;
}

char* cloche_result_json(const cloche_result* result) noexcept {
  if (result == nullptr) return nullptr;
  const cloche::RunResult& run = result->result;
  return new_text(result->is_code ? cloche::to_json(result->result) : cloche::to_json(run));
}

void cloche_result_free(cloche_result* result) noexcept { delete result; }
