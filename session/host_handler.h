// A function of the host as the handler of a tool.
#pragma once

#include <functional>
#include <memory>

#include "include/cloche/cloche.hpp"
#include "tools/handler.h"

namespace cloche::session {

// What the function throws is a failure of the call.
std::shared_ptr<tools::Handler> make_host_handler(
    std::function<ToolResult(const ToolInvocation&)> function);

}  // namespace cloche::session
