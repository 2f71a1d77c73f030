#include "cli/code_requests.h"

#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/values.h"

namespace cloche::cli {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxLine = 6 * CodeOptions::kMaxCode;  // code, all of it escaped, and input
constexpr size_t kMaxUnderWay = 64;

Failure wrong(const std::string& what) { return {Failure::Kind::kInvalidArgument, what}; }

// Takes the member `key` out of the object, if it is there.
std::optional<Failure> take_text(Json& object, const char* key, std::string& out) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (!found->is_string()) return wrong(std::string("\"") + key + "\" must be a string");
  out = found->get<std::string>();
  object.erase(found);
  return std::nullopt;
}

std::optional<Failure> take_duration(Json& object, const char* key,
                                     std::optional<std::chrono::nanoseconds>& out) {
  std::string text;
  if (!object.contains(key)) return std::nullopt;
  if (auto failure = take_text(object, key, text)) return failure;
  const auto duration = parse_duration(text);
  if (!duration) return wrong(std::string("\"") + key + "\": " + duration.error().message);
  out = *duration;
  return std::nullopt;
}

std::optional<Failure> take_language(Json& object, Language& out) {
  std::string name;
  if (!object.contains("language")) return std::nullopt;
  if (auto failure = take_text(object, "language", name)) return failure;
  const auto language = language_of(name);
  if (!language) return wrong("\"language\" must be \"python\" or \"js\"");
  out = *language;
  return std::nullopt;
}

std::optional<Failure> take_what(Json& object, CodeRequest::What& out) {
  std::string name = "run";
  if (auto failure = take_text(object, "do", name)) return failure;
  if (name == "run") return std::nullopt;
  out = CodeRequest::What::kInterrupt;
  if (name == "interrupt") return std::nullopt;
  out = CodeRequest::What::kClose;
  if (name == "close") return std::nullopt;
  out = CodeRequest::What::kSessions;
  if (name == "sessions") return std::nullopt;
  return wrong("\"do\" must be \"run\", \"interrupt\", \"close\" or \"sessions\"");
}

std::optional<Failure> take_run(Json& object, CodeOptions& options) {
  if (!object.contains("code")) return wrong("\"code\" is missing");
  if (auto failure = take_text(object, "code", options.code)) return failure;
  if (auto failure = take_text(object, "stdin", options.standard_input)) return failure;
  if (auto failure = take_duration(object, "timeout", options.timeout)) return failure;
  std::optional<std::chrono::nanoseconds> grace;
  if (auto failure = take_duration(object, "grace", grace)) return failure;
  options.grace = grace.value_or(options.grace);
  const auto bytes = object.find("value_bytes");
  if (bytes == object.end()) return std::nullopt;
  if (!bytes->is_number_unsigned()) return wrong("\"value_bytes\" must be a whole number");
  options.value_bytes = bytes->get<uint64_t>();
  object.erase(bytes);
  return std::nullopt;
}

std::string with_id(const std::string& id, const std::string& object) {
  return "{\"id\":" + id + (object == "{}" ? "" : ",") + object.substr(1) + "\n";
}

std::string flag(const char* name, bool value) {
  return std::string("{\"") + name + "\":" + (value ? "true" : "false") + "}";
}

std::string list_of(const std::vector<SessionInfo>& sessions) {
  std::string list;
  for (const SessionInfo& session : sessions) {
    list += (list.empty() ? "" : ",") +
            ("{\"language\":\"" + std::string(to_string(session.language))) + "\",\"session\":\"" +
            session.name + "\",\"pid\":" + std::to_string(session.pid) +
            ",\"cells\":" + std::to_string(session.cells) +
            ",\"busy\":" + (session.busy ? "true" : "false") + "}";
  }
  return "{\"sessions\":[" + list + "]}";
}

// Answers, whichever thread has them, one after the other.
class Server {
 public:
  explicit Server(Sandbox& sandbox) : sandbox_(sandbox) {}
  ~Server() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ == 0; });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void take(const std::string& line) {
    std::string id = "null";
    auto request = read_code_request(line, id);
    if (!request) return answer(id, to_json(request.error()));
    const CodeOptions& options = request->options;
    switch (request->what) {
      case CodeRequest::What::kRun:
        return begin(std::move(*request));
      case CodeRequest::What::kInterrupt:
        return answer(id,
                      flag("interrupted", sandbox_.interrupt(options.language, options.session)));
      case CodeRequest::What::kClose:
        return answer(id,
                      flag("closed", sandbox_.close_session(options.language, options.session)));
      case CodeRequest::What::kSessions:
        return answer(id, list_of(sandbox_.sessions()));
    }
  }

  bool is_heard() const { return is_heard_; }

 private:
  void answer(const std::string& id, const std::string& object) {
    const std::lock_guard lock(mutex_);
    if (is_heard_) is_heard_ = print(with_id(id, object));
  }

  void begin(CodeRequest request) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return under_way_ < kMaxUnderWay; });
      ++under_way_;
    }
    std::thread([this, request = std::move(request)]() mutable {
      auto result = sandbox_.run_code(std::move(request.options));
      answer(request.id, result ? to_json(*result) : to_json(result.error()));
      const std::lock_guard lock(mutex_);
      --under_way_;
      changed_.notify_all();
    }).detach();
  }

  Sandbox& sandbox_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t under_way_ = 0;
  std::atomic<bool> is_heard_ = true;
};

}  // namespace

Expected<CodeRequest> read_code_request(const std::string& line, std::string& id) {
  Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) return wrong("a request must be a JSON object on one line");
  CodeRequest request;
  if (const auto found = object.find("id"); found != object.end()) {
    if (!found->is_string() && !found->is_number_integer() && !found->is_null()) {
      return wrong("\"id\" must be a string or a whole number");
    }
    id = found->dump();
    object.erase(found);
  }
  request.id = id;
  if (auto failure = take_what(object, request.what)) return *failure;
  if (auto failure = take_language(object, request.options.language)) return *failure;
  if (auto failure = take_text(object, "session", request.options.session)) return *failure;
  if (request.what == CodeRequest::What::kRun) {
    if (auto failure = take_run(object, request.options)) return *failure;
  }
  if (!object.empty()) {
    return wrong("there is no key \"" + printable(object.begin().key()) + "\" in such a request");
  }
  return request;
}

int serve_code_requests(Sandbox& sandbox, int fd) {
  Server server(sandbox);
  std::string text, piece(65536, '\0');
  while (server.is_heard()) {
    const ssize_t size = read(fd, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    size_t from = text.size();
    text.append(piece, 0, static_cast<size_t>(size));
    for (size_t end; (end = text.find('\n', from)) != std::string::npos; from = 0) {
      if (end > 0) server.take(text.substr(0, end));
      text.erase(0, end + 1);
    }
    if (text.size() > kMaxLine) {
      return complain("a request is longer than " + std::to_string(kMaxLine) + " bytes");
    }
  }
  if (!text.empty() && server.is_heard()) server.take(text);
  return server.is_heard() ? 0 : kExitOwnError;
}

}  // namespace cloche::cli
