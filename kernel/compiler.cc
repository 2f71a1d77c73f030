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
  slot_->counted = !job.of_pack();
  slot_->payer = job.found_.job;
  look();
  return result;
}

void Compiler::settle() {
  if (!slot_) return;
  const int64_t spent = slot_->loading->spent_ns() - slot_->charged;
  slot_->charged += spent;
  charge_compiling(slot_->job ? slot_->job->kernel_ : kernel_, slot_->payer, spent,
                   slot_->counted ? PaidBy::kGuest : PaidBy::kHost);
}

bool Compiler::is_paid_by(const Kernel& kernel) const {
  if (!slot_ || !slot_->counted) return false;
  const Kernel* at = slot_->job ? &slot_->job->kernel_ : &kernel_;
  while (at && at != &kernel) at = at->options().outer;
  return at != nullptr;
}

void Compiler::look() {
  if (!slot_ || !slot_->loading->done()) return;
  settle();
  if (slot_->job) slot_->job->done_ = true;
  slot_.reset();
  queue_.wake();
}

void Compiler::leave(CompileJob& job) {
  if (!slot_ || slot_->job != &job) return;
  slot_->loading->cancel();
  settle();
  slot_->job = nullptr;
}

Compiler& compiler_of(Kernel& kernel) {
  Kernel* at = &kernel;
  while (at->options().outer) at = at->options().outer;
  return *at->state().compiler;
}

void charge_compiling(Kernel& kernel, uint32_t job, int64_t spent_ns, PaidBy whom) {
  for (Kernel* at = &kernel; at; at = at->options().outer) {
    KernelUsage& usage = at->state().usage;
    usage.compile_ns += spent_ns;
    if (whom == PaidBy::kHost) continue;
    usage.cpu_ns += spent_ns;
    at->state().compile_cpu_ns += spent_ns;
    at->state().job_time.charge(job, spent_ns);
  }
}

CompileJob::~CompileJob() { compiler_of(kernel_).leave(*this); }

SysResult<Unit> CompileJob::begin(std::vector<uint8_t> bytes,
                                  const engine::ModuleLimits& module_limits,
                                  const engine::CompileLimits& limits) {
  loading_ = TRY(compiler_of(kernel_).begin(*this, std::move(bytes), module_limits, limits));
  return Unit{};
}

}  // namespace cloche::kernel
