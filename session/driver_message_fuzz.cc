// What a program of the guest says of a cell: any bytes.
#include "base/json.h"
#include "base/result.h"
#include "session/driver_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  using namespace cloche::session;
  constexpr uint64_t kValueBytes = 4096;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto reply = read_cell_reply(bytes, kValueBytes);
  if (!reply.ok()) {
    CHECK(!reply.error().empty());
    return 0;
  }
  if (!*reply) return 0;
  CHECK(size <= longest_reply(kValueBytes));
  CodeResult result;
  result.value = (*reply)->value;
  CHECK(result.value.data.size() <= kValueBytes);
  result.repr = (*reply)->repr;
  result.displays = (*reply)->displays;
  result.error_type = (*reply)->error_type;
  result.error_message = (*reply)->error_message;
  result.traceback = (*reply)->traceback;
  CHECK((*reply)->exit_code >= 0 && (*reply)->exit_code <= 255);
  // Whatever it said, the host hands on one line of JSON.
  CHECK(is_json_line(to_json(result), 300));
  return 0;
}
