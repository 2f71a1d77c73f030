// What a peer may send, to a sandbox and to a command: any bytes. What is understood is within
// bounds, shows nothing that a terminal would obey, and is the same after another round.
#include <cstdlib>

#include "cli/control/text.h"
#include "cli/control/wire.h"

namespace {

using namespace cloche;       // NOLINT
using namespace cloche::cli;  // NOLINT

void check(bool good) {
  if (!good) abort();
}

void check_text(const std::string& text) {
  check(text.size() <= kMaxTextBytes && displayable(text) == text);
}

void check_request(std::string_view line) {
  const auto request = decode_request(line);
  if (!request) return check(!request.error().message.empty());
  for (const LimitValue& limit : request->limits) {
    check_text(limit.name);
    check_text(limit.value);
  }
  check(request->pid >= 0);
  const std::string text = encode(*request);
  check(text.find('\n') == text.size() - 1);
  const auto again = decode_request(std::string_view(text).substr(0, text.size() - 1));
  check(again && encode(*again) == text);
}

void check_reply(std::string_view line) {
  const auto reply = decode_reply(line);
  if (!reply) return check(!reply.error().message.empty());
  if (reply->failure) check_text(reply->failure->message);
  if (reply->report) {
    check_text(reply->report->name);
    check_text(reply->report->command);
    for (const ProcessStats& process : reply->report->stats.processes) check_text(process.name);
  }
  const std::string text = encode(*reply);
  check(text.find('\n') == text.size() - 1);
  const auto again = decode_reply(std::string_view(text).substr(0, text.size() - 1));
  check(again && encode(*again) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  check_request(line);
  check_reply(line);
  return 0;
}
