// Programs that go on by themselves.
#include <algorithm>

#include "capi/handles.h"

namespace cloche::capi {
namespace {

static_assert(static_cast<int>(Process::End::kInput) == CLOCHE_STDIN);
static_assert(static_cast<int>(Process::End::kOutput) == CLOCHE_STDOUT);
static_assert(static_cast<int>(Process::End::kError) == CLOCHE_STDERR);

bool is_stream(int stream) { return stream >= CLOCHE_STDIN && stream <= CLOCHE_STDERR; }

cloche_result* copy_of(const RunResult& result) {
  auto* const made = new cloche_result();
  static_cast<RunResult&>(made->result) = result;
  return made;
}

}  // namespace
}  // namespace cloche::capi

using namespace cloche::capi;
using cloche::Process;

cloche_process* cloche_sandbox_spawn(cloche_sandbox* sandbox, const cloche_command* command,
                                     cloche_error** error) noexcept {
  if (sandbox == nullptr || command == nullptr) return fail_null(error, __func__);
  if (command->mistake.failure()) return fail(error, *command->mistake.failure());
  auto process = sandbox->sandbox.spawn(command->options);
  if (!process) return fail(error, process.error());
  return new cloche_process{std::move(*process)};
}

void cloche_process_free(cloche_process* process) noexcept { delete process; }

int cloche_process_pid(const cloche_process* process) noexcept {
  return process == nullptr ? CLOCHE_NONE : process->process.pid();
}

cloche_result* cloche_process_wait(const cloche_process* process, cloche_error** error) noexcept {
  if (process == nullptr) return fail_null(error, __func__);
  return copy_of(process->process.wait());
}

cloche_result* cloche_process_wait_for(const cloche_process* process, uint64_t nanoseconds,
                                       cloche_error** error) noexcept {
  if (process == nullptr) return fail_null(error, __func__);
  const std::chrono::nanoseconds timeout(std::min<uint64_t>(nanoseconds, INT64_MAX));
  const cloche::RunResult* const result = process->process.wait_for(timeout);
  return result == nullptr ? nullptr : copy_of(*result);
}

void cloche_process_signal(cloche_process* process, int signo) noexcept {
  if (process != nullptr) process->process.signal(signo);
}

void cloche_process_kill(cloche_process* process) noexcept {
  if (process != nullptr) process->process.kill();
}

void cloche_process_resize(cloche_process* process, uint16_t rows, uint16_t columns) noexcept {
  if (process != nullptr) process->process.resize({rows, columns});
}

int cloche_process_descriptor(const cloche_process* process, int stream) noexcept {
  if (process == nullptr || !is_stream(stream)) return CLOCHE_NONE;
  return process->process.descriptor(static_cast<Process::End>(stream));
}

int cloche_process_take_descriptor(cloche_process* process, int stream) noexcept {
  if (process == nullptr || !is_stream(stream)) return CLOCHE_NONE;
  return process->process.take_descriptor(static_cast<Process::End>(stream));
}

void cloche_process_close_descriptor(cloche_process* process, int stream) noexcept {
  if (process == nullptr || !is_stream(stream)) return;
  process->process.close_descriptor(static_cast<Process::End>(stream));
}

void cloche_process_detach(cloche_process* process) noexcept {
  if (process != nullptr) process->process.detach();
}
