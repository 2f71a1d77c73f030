#include "cli/control/wire.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "cli/control/text.h"

namespace cloche::cli {
namespace {

using Json = nlohmann::json;

constexpr int kMaxSignal = 64;
constexpr int kMaxDepth = 8;
constexpr const char* kDoNames[] = {"show",  "kill",   "signal", "set_limits",
                                    "pause", "resume", "nice"};
constexpr Failure::Kind kFailureKinds[] = {Failure::Kind::kInvalidArgument,
                                           Failure::Kind::kNotFound,
                                           Failure::Kind::kPermissionDenied,
                                           Failure::Kind::kMalformed,
                                           Failure::Kind::kUnsupported,
                                           Failure::Kind::kResourceExhausted,
                                           Failure::Kind::kIo,
                                           Failure::Kind::kInternal,
                                           Failure::Kind::kBusy};
constexpr SandboxStats::State kStates[] = {
    SandboxStats::State::kIdle, SandboxStats::State::kRunning, SandboxStats::State::kPaused};

// --- the members of each structure, once for both directions. V is Writer or Reader.

template <class V, class M>
void members(V& v, M& stats)
  requires std::is_same_v<std::remove_const_t<M>, MemoryStats>
{
  v("processes", stats.processes);
  v("shared", stats.shared);
  v("buffers", stats.buffers);
  v("files", stats.files);
  v("objects", stats.objects);
  v("total", stats.total);
  v("peak", stats.peak);
}

template <class V, class P>
void members(V& v, P& process)
  requires std::is_same_v<std::remove_const_t<P>, ProcessStats>
{
  v("sandbox", process.sandbox);
  v("pid", process.pid);
  v("parent", process.parent);
  v("name", process.name);
  v("command", process.command);
  v("state", process.state);
  v("nice", process.nice);
  v("cpu_ns", process.cpu_ns);
  v("memory_bytes", process.memory_bytes);
  v("threads", process.threads);
  v("open_files", process.open_files);
}

template <class V, class L>
void members(V& v, L& limit)
  requires std::is_same_v<std::remove_const_t<L>, LimitValue>
{
  v("name", limit.name);
  v("value", limit.value);
}

template <class V, class L>
void members(V& v, L& hits)
  requires std::is_same_v<std::remove_const_t<L>, LimitHits>
{
  v("name", hits.name);
  v("count", hits.count);
}

template <class V, class R>
void members(V& v, R& report)
  requires std::is_same_v<std::remove_const_t<R>, Report>
{
  auto& stats = report.stats;
  v("name", report.name);
  v("pid", report.pid);
  v("state", stats.state);
  v("command", report.command);
  v("age_ns", report.age_ns);
  v("wall_ns", stats.wall_ns);
  v("cpu_ns", stats.cpu_ns);
  v("run_cpu_ns", stats.run_cpu_ns);
  v("compile_ns", stats.compile_ns);
  v("throttled_ns", stats.throttled_ns);
  v("memory", stats.memory);
  v("tasks", stats.tasks);
  v("processes_started", stats.processes_started);
  v("forks", stats.forks);
  v("execs", stats.execs);
  v("syscalls", stats.syscalls);
  v("memory_kills", stats.memory_kills);
  v("file_bytes", stats.file_bytes);
  v("inodes", stats.inodes);
  v("output_bytes", stats.output_bytes);
  v("tool_calls", stats.tool_calls);
  v("tools_denied", stats.tools_denied);
  v("tool_bytes", stats.tool_bytes);
  v("tools_under_way", stats.tools_under_way);
  v("sandboxes_inside", stats.sandboxes_inside);
  v("limits_hit", stats.limits_hit);
  v("limits", report.limits);
  v("processes", stats.processes);
}

template <class V, class R>
void members(V& v, R& request)
  requires std::is_same_v<std::remove_const_t<R>, Request>
{
  v("do", request.what);
  v("pid", request.pid);
  v("signal", request.signal);
  v("nice", request.nice);
  v("limits", request.limits);
}

class Writer {
 public:
  template <class T>
  static Json object(const T& from) {
    Writer writer;
    members(writer, from);
    return std::move(writer.json_);
  }

  template <class T>
  void operator()(const char* name, const T& value) {
    json_[name] = written(value);
  }

 private:
  static Json written(const std::string& text) { return text; }
  static Json written(char letter) { return std::string(1, letter); }
  static Json written(SandboxStats::State state) { return to_string(state); }
  static Json written(Request::Do what) { return kDoNames[static_cast<size_t>(what)]; }
  template <class T>
  static Json written(const T& value) {
    if constexpr (std::is_integral_v<T>) {
      return value;
    } else {
      return object(value);
    }
  }
  template <class T>
  static Json written(const std::vector<T>& list) {
    Json out = Json::array();
    for (const T& entry : list) out.push_back(object(entry));
    return out;
  }

  Json json_ = Json::object();
};

// Takes what is there and as it should be; notes the first member that is not.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}
  const std::string& wrong() const { return wrong_; }

  template <class T>
  void operator()(const char* name, T& value) {
    const auto found = json_.find(name);
    if (found == json_.end() || !wrong_.empty()) return;
    if (!take(*found, value)) wrong_ = name;
  }

 private:
  static bool take(const Json& json, std::string& text) {
    if (!json.is_string()) return false;
    const auto& given = json.get_ref<const std::string&>();
    if (given.size() > kMaxTextBytes) return false;
    text = displayable(given);
    return true;
  }
  static bool take(const Json& json, char& letter) {
    std::string text;
    if (!take(json, text) || text.size() != 1) return false;
    letter = text[0];
    return true;
  }
  static bool take(const Json& json, SandboxStats::State& state) {
    if (!json.is_string()) return false;
    for (const SandboxStats::State one : kStates) {
      if (json.get_ref<const std::string&>() != to_string(one)) continue;
      state = one;
      return true;
    }
    return false;
  }
  static bool take(const Json& json, Request::Do& what) {
    if (!json.is_string()) return false;
    for (size_t i = 0; i < std::size(kDoNames); ++i) {
      if (json.get_ref<const std::string&>() != kDoNames[i]) continue;
      what = static_cast<Request::Do>(i);
      return true;
    }
    return false;
  }
  template <class T>
  static bool take(const Json& json, T& value) {
    if constexpr (std::is_integral_v<T>) {
      return take_number(json, value);
    } else {
      if (!json.is_object()) return false;
      Reader reader(json);
      members(reader, value);
      return reader.wrong().empty();
    }
  }
  template <class T>
  static bool take_number(const Json& json, T& value) {
    if (json.is_number_unsigned()) {
      const auto number = json.get<uint64_t>();
      if (number > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
      value = static_cast<T>(number);
      return true;
    }
    if (!json.is_number_integer() || std::is_unsigned_v<T>) return false;
    const auto number = json.get<int64_t>();
    if (number < static_cast<int64_t>(std::numeric_limits<T>::min())) return false;
    value = static_cast<T>(number);
    return true;
  }
  template <class T>
  static bool take(const Json& json, std::vector<T>& list) {
    if (!json.is_array() || json.size() > kMaxListed) return false;
    list.clear();
    for (const Json& entry : json) {
      if (!take(entry, list.emplace_back())) return false;
    }
    return true;
  }

  const Json& json_;
  std::string wrong_;
};

Failure malformed(const std::string& why) {
  return Failure{Failure::Kind::kMalformed, "not understood: " + why};
}

// Bytes from files or guests may be in it whatever its sender promises.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The object in `line`, of our version. What is nested deeper than anything of the protocol is
// passed over unkept: a bracket costs its reader a hundred times what it costs its writer.
Expected<Json> parse(std::string_view line) {
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kMaxDepth; };
  Json json = Json::parse(line, shallow, /*allow_exceptions=*/false);
  if (!json.is_object()) return malformed("no JSON object");
  const auto version = json.find("cloche");
  if (version == json.end() || !version->is_number_unsigned()) return malformed("no version");
  if (version->get<uint64_t>() != kProtocolVersion) {
    return Failure{Failure::Kind::kUnsupported, "it speaks version " +
                                                    std::to_string(version->get<uint64_t>()) +
                                                    " of the protocol, this command version " +
                                                    std::to_string(kProtocolVersion)};
  }
  return json;
}

Failure::Kind failure_kind(const std::string& name) {
  for (const Failure::Kind kind : kFailureKinds) {
    if (name == to_string(kind)) return kind;
  }
  return Failure::Kind::kInternal;
}

bool in_range(const Request& request) {
  if (request.pid < 0) return false;
  if (request.what == Request::Do::kSignal)
    return request.signal >= 1 && request.signal <= kMaxSignal;
  if (request.what == Request::Do::kNice) {
    return request.pid > 0 && request.nice >= -20 && request.nice <= 19;
  }
  return request.what != Request::Do::kSetLimits || !request.limits.empty();
}

std::string encode_whole(const Reply& reply) {
  Json json{{"cloche", kProtocolVersion}, {"ok", !reply.failure}, {"changed", reply.changed}};
  if (reply.failure) {
    json["error"] = to_string(reply.failure->kind);
    json["message"] = reply.failure->message.substr(0, kMaxTextBytes);
  }
  if (reply.report) json["report"] = Writer::object(*reply.report);
  return dump(json) + "\n";
}

}  // namespace

std::string encode(const Request& request) {
  Json json = Writer::object(request);
  json["cloche"] = kProtocolVersion;
  return dump(json) + "\n";
}

std::string encode(const Reply& reply) {
  std::string text = encode_whole(reply);
  Reply less;
  while (text.size() > kMaxReplyBytes) {
    if (!less.report) less = reply;
    if (!less.report || less.report->stats.processes.empty()) {
      return encode(Reply{.failure = malformed("the answer is too long")});
    }
    less.report->stats.processes.resize(less.report->stats.processes.size() / 2);
    text = encode_whole(less);
  }
  return text;
}

Expected<Request> decode_request(std::string_view line) {
  auto json = parse(line);
  if (!json) return json.error();
  if (!json->contains("do")) return malformed("nothing to do");
  Request request;
  Reader reader(*json);
  members(reader, request);
  if (!reader.wrong().empty()) return malformed("member \"" + reader.wrong() + "\"");
  if (!in_range(request)) return malformed("a number is out of range or a member is missing");
  return request;
}

Expected<Reply> decode_reply(std::string_view line) {
  auto json = parse(line);
  if (!json) return json.error();
  const auto ok = json->find("ok");
  if (ok == json->end() || !ok->is_boolean()) return malformed("no \"ok\"");
  Reply reply;
  std::string error, message;
  Reader reader(*json);
  reader("changed", reply.changed);
  reader("error", error);
  reader("message", message);
  if (json->contains("report")) reader("report", reply.report.emplace());
  if (!reader.wrong().empty()) return malformed("member \"" + reader.wrong() + "\"");
  if (!ok->get<bool>()) reply.failure = Failure{failure_kind(error), message};
  return reply;
}

std::string report_json(const Report& report) { return dump(Writer::object(report)); }

}  // namespace cloche::cli
