// The first line of a request on /dev/tool: what is taken is within its bounds.
#include "base/result.h"
#include "kernel/tool_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche::kernel;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto request = parse_tool_request(line);
  if (!request || request->verb != ToolRequestLine::Verb::kCall) return 0;
  CHECK(!request->name.empty() && request->name.size() <= 255);
  CHECK(line == "call " + request->name + " " + std::to_string(request->length));
  return 0;
}
