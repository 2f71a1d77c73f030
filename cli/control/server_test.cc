#include "cli/control/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>

#include "cli/control/client.h"
#include "cli/control/publication.h"

namespace cloche::cli {
namespace {

using namespace std::chrono_literals;  // NOLINT

class FakeTarget final : public ControlTarget {
 public:
  SandboxStats stats() override {
    SandboxStats now;
    now.tasks = 42;
    return now;
  }
  std::vector<LimitValue> limits() override { return {{"a", a}, {"b", b}}; }
  std::optional<Failure> set_limit(const std::string& name, const std::string& value) override {
    if (name == "a" || name == "b") {
      (name == "a" ? a : b) = value;
      return std::nullopt;
    }
    return Failure{Failure::Kind::kInvalidArgument, "no limit " + name};
  }
  void pause() override { log += "pause "; }
  void resume() override { log += "resume "; }
  void kill() override { log += "kill "; }
  void signal(int signo) override { log += "signal " + std::to_string(signo) + " "; }
  std::optional<Failure> signal_process(int pid, int signo) override {
    log += "signal " + std::to_string(pid) + " " + std::to_string(signo) + " ";
    return std::nullopt;
  }
  std::optional<Failure> set_nice(int pid, int nice) override {
    if (pid == 2) return std::nullopt;
    return Failure{Failure::Kind::kNotFound, "no process " + std::to_string(nice)};
  }

  std::string a = "1", b = "2", log;
};

class ControlTest : public testing::Test {
 protected:
  ControlTest() : base_(testing::TempDir() + "control-" + std::to_string(getpid())) {
    std::filesystem::remove_all(base_);
    path_ = base_ + "/cloche";
    std::filesystem::create_directory(base_);
    setenv("XDG_RUNTIME_DIR", base_.c_str(), 1);
  }
  ~ControlTest() override { std::filesystem::remove_all(base_); }

  RuntimeFolder folder() {
    auto folder = RuntimeFolder::open(path_, RuntimeFolder::Make::kYes);
    EXPECT_TRUE(folder) << folder.error().message;
    return std::move(*folder);
  }
  std::unique_ptr<ControlServer> serve(RuntimeFolder& folder, std::chrono::milliseconds patience) {
    auto listener = folder.claim("one");
    EXPECT_TRUE(listener);
    // std::function wants what can be copied.
    auto held = std::make_shared<OwnedFd>(std::move(*listener));
    auto server = ControlServer::start(
        [held]() -> std::optional<ControlServer::Post> {
          return ControlServer::Post{std::move(*held), {.name = "one", .command = "c", .pid = 5}};
        },
        target_, {.patience = patience});
    EXPECT_TRUE(server);
    return std::move(*server);
  }
  static Expected<Reply> ask_one(RuntimeFolder& folder, const Request& request) {
    return ask(folder, {"one"}, request)[0].reply;
  }
  // What comes back for these bytes, until the other side closes.
  static std::string raw(RuntimeFolder& folder, const std::string& bytes) {
    const auto connection = folder.connect("one");
    EXPECT_TRUE(connection);
    fcntl(connection->socket.get(), F_SETFL, 0);
    ::send(connection->socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::string answer;
    char buffer[4096];
    for (;;) {
      const ssize_t size = recv(connection->socket.get(), buffer, sizeof buffer, 0);
      if (size <= 0) return answer;
      answer.append(buffer, static_cast<size_t>(size));
    }
  }

  std::string base_, path_;
  FakeTarget target_;
};

TEST_F(ControlTest, EveryRequestReachesTheTarget) {
  RuntimeFolder names = folder();
  const auto server = serve(names, 2000ms);
  const auto shown = ask_one(names, {.what = Request::Do::kShow});
  ASSERT_TRUE(shown && shown->report);
  EXPECT_EQ(shown->report->stats.tasks, 42u);
  EXPECT_EQ(shown->report->name, "one");
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kPause}));
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kResume}));
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kSignal, .signal = 15}));
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kSignal, .pid = 3, .signal = 9}));
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kKill}));
  EXPECT_EQ(target_.log, "pause resume signal 15 signal 3 9 kill ");
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kNice, .pid = 2, .nice = 4}));
  const auto refused = ask_one(names, {.what = Request::Do::kNice, .pid = 3, .nice = 4});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Failure::Kind::kNotFound);
  EXPECT_EQ(refused.error().message, "one: no process 4");
}

TEST_F(ControlTest, LimitsAreSetTogetherOrNotAtAll) {
  RuntimeFolder names = folder();
  const auto server = serve(names, 2000ms);
  Request request{.what = Request::Do::kSetLimits, .limits = {{"a", "7"}, {"b", "8"}}};
  EXPECT_EQ(ask_one(names, request)->changed, 2u);
  EXPECT_EQ(target_.a + target_.b, "78");
  request.limits = {{"a", "0"}, {"b", "0"}, {"c", "0"}};
  const auto refused = ask_one(names, request);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no limit c"), std::string::npos);
  EXPECT_EQ(target_.a + target_.b, "78");
}

TEST_F(ControlTest, HostilePeersGetAnErrorAndDisturbNobody) {
  RuntimeFolder names = folder();
  const auto server = serve(names, 300ms);
  EXPECT_EQ(raw(names, "\n").find("{\"changed\":0,\"cloche\":1,\"error\":\"malformed\""), 0u);
  EXPECT_NE(raw(names, std::string(1000, '\xff') + "\n").find("malformed"), std::string::npos);
  EXPECT_NE(raw(names, std::string(kMaxRequestBytes + 10, ' ')).find("too long"),
            std::string::npos);
  EXPECT_EQ(raw(names, "{\"cloche\":1"), "") << "an unfinished request";
  // More than there is room for, all silent: they time out, and then others have their turn.
  std::vector<OwnedFd> silent;
  for (size_t i = 0; i < ControlServer::kMaxConnections + 4; ++i) {
    auto connection = names.connect("one");
    if (connection) silent.push_back(std::move(connection->socket));
  }
  EXPECT_GE(silent.size(), ControlServer::kMaxConnections);
  EXPECT_TRUE(ask_one(names, {.what = Request::Do::kShow}));
  EXPECT_EQ(target_.log, "");
}

TEST_F(ControlTest, ASilentSandboxIsGivenUp) {
  RuntimeFolder names = folder();
  const auto listener = names.claim("one");  // nobody accepts
  const auto answers = ask(names, {"one", "two"}, {}, 100ms);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].reply.error().kind, Failure::Kind::kIo);
  EXPECT_EQ(answers[0].pid, getpid());
  EXPECT_EQ(answers[1].reply.error().kind, Failure::Kind::kNotFound);
  EXPECT_EQ(answers[1].pid, 0);
}

TEST_F(ControlTest, HostileSandboxesAreNotBelieved) {
  RuntimeFolder names = folder();
  for (const std::string& bytes : {std::string("nonsense\n"), std::string("{}\n"), std::string(),
                                   std::string(kMaxReplyBytes + 2, 'x')}) {
    const auto listener = names.claim("one");
    ASSERT_TRUE(listener);
    pthread_t thread{};
    struct Liar {
      int listener;
      const std::string& bytes;
    } liar{listener->get(), bytes};
    pthread_create(
        &thread, nullptr,
        [](void* argument) -> void* {
          const auto* const self = static_cast<Liar*>(argument);
          fcntl(self->listener, F_SETFL, 0);
          const OwnedFd peer(accept(self->listener, nullptr, nullptr));
          char buffer[4096];
          (void)recv(peer.get(), buffer, sizeof buffer, 0);
          size_t sent = 0;
          while (sent < self->bytes.size()) {
            const ssize_t size = ::send(peer.get(), self->bytes.data() + sent,
                                        self->bytes.size() - sent, MSG_NOSIGNAL);
            if (size <= 0) break;
            sent += static_cast<size_t>(size);
          }
          return nullptr;
        },
        &liar);
    EXPECT_FALSE(ask_one(names, {.what = Request::Do::kShow})) << bytes.substr(0, 20);
    pthread_join(thread, nullptr);
    names.release("one");
  }
}

TEST_F(ControlTest, ANameIsTakenOnce) {
  auto first = Publication::begin({.name = "mine"}, target_);
  ASSERT_TRUE(first) << first.error().message;
  auto second = Publication::begin({.name = "mine"}, target_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Failure::Kind::kInvalidArgument);
  EXPECT_NE(second.error().message.find("'mine'"), std::string::npos);
  first->reset();
  EXPECT_TRUE(Publication::begin({.name = "mine"}, target_));
}

TEST_F(ControlTest, DefaultNamesDiffer) {
  auto first = Publication::begin({}, target_);
  auto second = Publication::begin({}, target_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ((*first)->name(), "run-" + std::to_string(getpid()));
  EXPECT_EQ((*second)->name(), "run-" + std::to_string(getpid()) + "-2");
  EXPECT_EQ(folder().names().size(), 2u);
}

TEST_F(ControlTest, WhatRunsForAMomentMakesNoSocket) {
  {
    const auto run = Publication::begin({.delay = 10s}, target_);
  }
  EXPECT_FALSE(RuntimeFolder::open(path_, RuntimeFolder::Make::kNo));
  auto run = Publication::begin({.command = "late", .delay = 5ms}, target_);
  ASSERT_TRUE(run);
  for (int i = 0; i < 1000 && (*run)->name().empty(); ++i) usleep(5000);
  RuntimeFolder names = folder();
  const auto answer = ask(names, {(*run)->name()}, {})[0];
  ASSERT_TRUE(answer.reply && answer.reply->report);
  EXPECT_EQ(answer.reply->report->command, "late");
  (*run)->withdraw();
  EXPECT_TRUE(names.names().empty());
}

TEST_F(ControlTest, ALateFailureIsTold) {
  std::atomic<int> told{0};
  mkdir(path_.c_str(), 0755);
  const auto run = Publication::begin(
      {.delay = 5ms,
       .on_failure =
           [&told](const Failure& failure) { told = 1 + static_cast<int>(failure.kind); }},
      target_);
  ASSERT_TRUE(run);
  for (int i = 0; i < 1000 && told == 0; ++i) usleep(5000);
  EXPECT_EQ(told, 1 + static_cast<int>(Failure::Kind::kPermissionDenied));
}

TEST_F(ControlTest, DeadSocketsAreRemoved) {
  RuntimeFolder names = folder();
  {
    const auto listener = names.claim("one");
  }  // closed without release(): as by a dead process
  EXPECT_EQ(names.names().size(), 1u);
  EXPECT_EQ(names.connect("one").error().kind, Failure::Kind::kNotFound);
  EXPECT_EQ(names.names().size(), 0u);
  {
    const auto listener = names.claim("one");
  }
  EXPECT_TRUE(names.claim("one"));
}

TEST_F(ControlTest, NamesThatCannotBe) {
  for (const char* name :
       {"", ".", "..", ".lock", "-x", "_x", "a/b", "../x", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(is_sandbox_name(name)) << name;
    EXPECT_FALSE(folder().claim(name)) << name;
    EXPECT_FALSE(folder().connect(name)) << name;
  }
  EXPECT_TRUE(is_sandbox_name(std::string(kMaxNameBytes, 'x')));
  EXPECT_TRUE(folder().claim(std::string(kMaxNameBytes, 'x')));
  EXPECT_FALSE(is_sandbox_name(std::string(kMaxNameBytes + 1, 'x')));
}

TEST_F(ControlTest, AFolderThatIsNotOursAloneIsRefused) {
  const auto kind_of = [this] {
    const auto opened = RuntimeFolder::open(path_, RuntimeFolder::Make::kYes);
    return opened ? Failure::Kind::kInternal : opened.error().kind;
  };
  mkdir(path_.c_str(), 0755);
  EXPECT_EQ(kind_of(), Failure::Kind::kPermissionDenied) << "others may read";
  rmdir(path_.c_str());
  mkdir((base_ + "/other").c_str(), 0700);
  ASSERT_EQ(symlink((base_ + "/other").c_str(), path_.c_str()), 0);
  EXPECT_EQ(kind_of(), Failure::Kind::kPermissionDenied) << "a symbolic link";
  unlink(path_.c_str());
  close(open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
  EXPECT_EQ(kind_of(), Failure::Kind::kPermissionDenied) << "a file";
  unlink(path_.c_str());
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a folder of another user";
  mkdir(path_.c_str(), 0700);
  ASSERT_EQ(chown(path_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(kind_of(), Failure::Kind::kPermissionDenied) << "of another user";
}

TEST_F(ControlTest, TheRuntimeFolderIsFoundByTheEnvironment) {
  EXPECT_EQ(runtime_folder_path(), path_);
  for (const char* value : {"", "relative", "/nonexistent", "/etc/passwd"}) {
    setenv("XDG_RUNTIME_DIR", value, 1);
    EXPECT_NE(runtime_folder_path().find(std::to_string(geteuid())), std::string::npos) << value;
  }
}

}  // namespace
}  // namespace cloche::cli
