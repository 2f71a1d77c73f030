// What a guest asks for when it starts a sandbox: any bytes.
#include "base/result.h"
#include "session/inner_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  using namespace cloche::session;
  const auto request = read_inner_request({reinterpret_cast<const char*>(data), size});
  if (!request.ok()) {
    CHECK(!request.error().empty());
    return 0;
  }
  CHECK(!request->argv.empty() && !request->argv[0].empty());
  for (const std::string& word : request->argv) CHECK(word.find('\0') == std::string::npos);
  for (const auto& stream : request->streams) CHECK(!stream || *stream >= 0);
  CHECK(request->options.tools.empty() && request->options.audit_file.empty());
  return 0;
}
