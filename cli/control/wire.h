// What a command and a running sandbox say to each other: one line of JSON each way, then the
// connection ends.
//
//   {"cloche":1,"do":"set_limits","limits":[{"name":"pids.max","value":"10"}]}
//   {"cloche":1,"ok":true,"changed":1}
//
// "cloche" is the version of the protocol; another one is refused. Members that are not known are
// passed over; known ones of a wrong type, out of range or too long are errors. Neither side
// believes the other: what is decoded here is within bounds, and text in it is displayable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace cloche::cli {

inline constexpr int kProtocolVersion = 1;
inline constexpr size_t kMaxRequestBytes = 64 << 10;
inline constexpr size_t kMaxReplyBytes = 4 << 20;
inline constexpr size_t kMaxListed = 1 << 15;  // processes, limits
inline constexpr size_t kMaxTextBytes = 4096;  // of one string

struct Request {
  enum class Do : uint8_t { kShow, kKill, kSignal, kSetLimits, kPause, kResume, kNice };
  Do what = Do::kShow;
  int pid = 0;                          // kSignal: 0 for the foreground programs; kNice
  int signal = 0;                       // kSignal: 1 to 64
  int nice = 0;                         // kNice: -20 to 19
  std::vector<LimitValue> limits = {};  // kSetLimits
};

// All that is shown of a sandbox.
struct Report {
  std::string name, command;
  int pid = 0;         // of the process of this machine that it runs in
  int64_t age_ns = 0;  // since that began
  SandboxStats stats = {};
  std::vector<LimitValue> limits = {};
};

struct Reply {
  std::optional<Failure> failure = {};
  std::optional<Report> report = {};  // kShow
  // kSetLimits: how many were set. After a failure either none, or, when those before it could not
  // be set back, some.
  uint64_t changed = 0;
};

// With the newline at its end. A reply that would be too long leaves processes out.
std::string encode(const Request& request);
std::string encode(const Reply& reply);

// `line` without its newline. Errors: kMalformed, kUnsupported (another version).
Expected<Request> decode_request(std::string_view line);
Expected<Reply> decode_reply(std::string_view line);

// A report as one line of JSON for other programs, without a newline; members as in the protocol.
std::string report_json(const Report& report);

}  // namespace cloche::cli
