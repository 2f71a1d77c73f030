#include "session/host_handler.h"

#include <exception>

namespace cloche::session {
namespace {

class HostHandler final : public tools::Handler {
 public:
  explicit HostHandler(std::function<ToolResult(const ToolInvocation&)> function)
      : function_(std::move(function)) {}

  tools::Outcome handle(const tools::Invocation& call) noexcept override {
    try {
      ToolResult given = function_({call.tool, call.parameters, call.deadline, call.cancelled});
      if (given.ok) return tools::Outcome::of(std::move(given.result));
      return tools::Outcome::error(std::move(given.message), std::move(given.detail));
    } catch (const std::exception& thrown) {
      return tools::Outcome::error("the tool failed", thrown.what());
    } catch (...) {
      return tools::Outcome::error("the tool failed",
                                   "its handler threw what is no std::exception");
    }
  }

 private:
  const std::function<ToolResult(const ToolInvocation&)> function_;
};

}  // namespace

std::shared_ptr<tools::Handler> make_host_handler(
    std::function<ToolResult(const ToolInvocation&)> function) {
  return std::make_shared<HostHandler>(std::move(function));
}

}  // namespace cloche::session
