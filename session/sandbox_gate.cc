#include "session/sandbox_gate.h"

#include "session/inner_sandbox.h"
#include "session/tool_side.h"

namespace cloche::session {

using kernel::Authority;
using kernel::ToolAnswer;
using kernel::ToolCaller;

ToolCaller SandboxGate::named(const ToolCaller& caller) const {
  ToolCaller result = caller;
  result.sandbox = options_.name;
  return result;
}

Ref<kernel::ToolCall> SandboxGate::call(Authority& authority, const ToolCaller& caller,
                                        std::string name, std::string parameters) {
  return options_.family.tools.broker().call(authority, named(caller), std::move(name),
                                             std::move(parameters));
}

std::string SandboxGate::list(const Authority& authority) {
  return options_.family.tools.broker().list(authority);
}

std::string SandboxGate::describe(const Authority& authority, kernel::ToolText form) {
  return options_.family.tools.broker().describe(authority, form);
}

Result<Ref<Authority>, std::string> SandboxGate::narrow(Authority& authority,
                                                        const ToolCaller& caller,
                                                        std::string_view grants) {
  return options_.family.tools.broker().narrow(authority, named(caller), grants);
}

uint64_t SandboxGate::revoke(Authority& authority, const ToolCaller& caller) {
  return options_.family.tools.broker().revoke(authority, named(caller));
}

ToolCaller SandboxGate::caller_of(const kernel::Process* process) {
  if (process == nullptr) return {};
  const auto& gate = static_cast<const SandboxGate&>(*process->kernel->options().tools);
  return gate.named(process->caller());
}

void SandboxGate::record_limit(const char* limit, const kernel::Process* process) const {
  const bool ended = process != nullptr && process->ended_by_limit != nullptr;
  options_.family.tools.record_limit(
      limit, ended ? ToolSide::LimitHit::kEnded : ToolSide::LimitHit::kRefused, options_.name,
      process != nullptr ? caller_of(process) : named({}));
}

Ref<kernel::ToolCall> SandboxGate::run(Authority& authority, const ToolCaller& caller,
                                       kernel::Process& process, std::string_view text) {
  const ToolCaller who = named(caller);
  InnerSandbox::Refusal refusal;
  auto request = read_inner_request(text);
  if (request.ok()) {
    auto started = InnerSandbox::start(*this, authority, who, process, std::move(request).value());
    if (started.ok()) return std::move(started).value();
    refusal = std::move(started.error());
  } else {
    refusal.text = std::move(request.error());
  }
  if (refusal.denied) options_.family.tools.record_inner_denied(who, refusal.text);
  auto call = make_ref<kernel::ToolCall>();
  call->set_answer({refusal.denied ? ToolAnswer::Status::kDenied : ToolAnswer::Status::kFailed,
                    std::move(refusal.text)});
  return call;
}

}  // namespace cloche::session
