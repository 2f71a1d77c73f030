#include "cli/control/client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cloche::cli {
namespace {

using Clock = std::chrono::steady_clock;

// One conversation under way.
class Talk {
 public:
  Talk(OwnedFd socket, std::string request, std::string name)
      : socket_(std::move(socket)), request_(std::move(request)), name_(std::move(name)) {}

  bool done() const { return !socket_; }
  pollfd wants() const {
    const short events = sent_ < request_.size() ? POLLOUT : POLLIN;
    return {socket_.get(), events, 0};
  }
  void advance() { sent_ < request_.size() ? send() : receive(); }
  void give_up() {
    if (!done()) finish(Failure{Failure::Kind::kIo, name_ + ": no answer in time"});
  }
  Expected<Reply> take() { return std::move(result_); }
  bool has_ended() const { return ended_; }

 private:
  void send() {
    const ssize_t size =
        ::send(socket_.get(), request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
    if (size >= 0) {
      sent_ += static_cast<size_t>(size);
    } else if (errno != EAGAIN && errno != EINTR) {
      ended();
    }
  }

  void receive() {
    char buffer[16384];
    const ssize_t size = recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return ended();
    const size_t looked = reply_.size();
    reply_.append(buffer, static_cast<size_t>(size));
    const size_t end = reply_.find('\n', looked);
    if (end <= kMaxReplyBytes) {  // which npos is not
      auto reply = decode_reply(std::string_view(reply_).substr(0, end));
      if (!reply) return finish(named(reply.error()));
      if (const auto& failure = reply->failure) return finish(named(*failure));
      return finish(std::move(reply));
    }
    if (reply_.size() > kMaxReplyBytes) {
      finish(Failure{Failure::Kind::kMalformed, name_ + ": its answer is too long"});
    }
  }

  Failure named(const Failure& failure) const {
    return Failure{failure.kind, name_ + ": " + failure.message};
  }

  void ended() {
    ended_ = true;
    finish(Failure{Failure::Kind::kNotFound, "the sandbox '" + name_ + "' ended"});
  }

  void finish(Expected<Reply> result) {
    result_ = std::move(result);
    socket_ = OwnedFd();
  }

  OwnedFd socket_;
  std::string request_, name_, reply_;
  size_t sent_ = 0;
  bool ended_ = false;
  Expected<Reply> result_ = Failure{};
};

// Until all are done or `deadline`.
void converse(std::vector<Talk>& talks, Clock::time_point deadline) {
  for (;;) {
    std::vector<pollfd> polled;
    std::vector<Talk*> open;
    for (Talk& talk : talks) {
      if (talk.done()) continue;
      polled.push_back(talk.wants());
      open.push_back(&talk);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (open.empty() || left <= 0) return;
    if (poll(polled.data(), polled.size(), static_cast<int>(left)) < 0) continue;
    for (size_t i = 0; i < open.size(); ++i) {
      if (polled[i].revents != 0) open[i]->advance();
    }
  }
}

}  // namespace

const Report* report_of(const Answer& answer) {
  if (!answer.reply) return nullptr;
  const std::optional<Report>& report = answer.reply->report;
  return report ? &*report : nullptr;
}

bool may_end(const Request& request) {
  return request.what == Request::Do::kKill || request.what == Request::Do::kSignal ||
         request.what == Request::Do::kResume;
}

std::vector<Answer> ask(RuntimeFolder& folder, const std::vector<std::string>& names,
                        const Request& request, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  const std::string text = encode(request);
  std::vector<Answer> answers;
  std::vector<Talk> talks;
  std::vector<size_t> asked;
  for (const std::string& name : names) {
    auto connection = folder.connect(name);
    answers.push_back({name, connection ? connection->pid : 0, false, Failure{}});
    if (!connection) {
      answers.back().reply = connection.error();
      continue;
    }
    asked.push_back(answers.size() - 1);
    talks.emplace_back(std::move(connection->socket), text, name);
  }
  converse(talks, deadline);
  for (size_t i = 0; i < talks.size(); ++i) {
    talks[i].give_up();
    answers[asked[i]].ended = talks[i].has_ended();
    answers[asked[i]].reply = talks[i].take();
  }
  return answers;
}

}  // namespace cloche::cli
