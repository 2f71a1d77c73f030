#include "kernel/compiler.h"

#include "kernel/io_state.h"
#include "kernel/state.h"

namespace cloche::kernel {

Compiler::~Compiler() {
  if (slot_) slot_->loading->cancel();
}

SysResult<std::shared_ptr<engine::Loading>> Compiler::begin(
    CompileJob& job, std::vector<uint8_t> bytes, const engine::ModuleLimits& module_limits,
    const engine::CompileLimits& limits) {
  CHECK(!busy());
  auto loading = kernel_.options().engine->load_aside(std::move(bytes), module_limits, limits);
  if (!loading.ok()) {
    kernel_.log("exec: " + loading.error().message);
    return Errno::kAGAIN;
  }
  std::shared_ptr<engine::Loading> result = *loading;
  slot_.emplace(*this, kernel_.io().host(), std::move(*loading));
  slot_->job = &job;
  slot_->counted = limits.max_bytes != UINT64_MAX;
  look();
  return result;
}

void Compiler::look() {
  if (!slot_ || !slot_->loading->done()) return;
  const int64_t spent = slot_->loading->spent_ns() - slot_->charged;
  charge_compiling(slot_->job ? slot_->job->kernel_ : kernel_, spent);
  if (slot_->job) slot_->job->done_ = true;
  slot_.reset();
  queue_.wake();
}

void Compiler::leave(CompileJob& job) {
  if (!slot_ || slot_->job != &job) return;
  slot_->job = nullptr;
  slot_->loading->cancel();
  slot_->charged = slot_->loading->spent_ns();
  charge_compiling(job.kernel_, slot_->charged);
}

Compiler& compiler_of(Kernel& kernel) {
  Kernel* at = &kernel;
  while (at->options().outer) at = at->options().outer;
  return *at->state().compiler;
}

void charge_compiling(Kernel& kernel, int64_t spent_ns) {
  for (Kernel* at = &kernel; at; at = at->options().outer) at->state().usage.compile_ns += spent_ns;
}

CompileJob::~CompileJob() { compiler_of(kernel_).leave(*this); }

SysResult<Unit> CompileJob::begin(std::vector<uint8_t> bytes,
                                  const engine::ModuleLimits& module_limits,
                                  const engine::CompileLimits& limits) {
  loading_ = TRY(compiler_of(kernel_).begin(*this, std::move(bytes), module_limits, limits));
  return Unit{};
}

}  // namespace cloche::kernel
