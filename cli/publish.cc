#include "cli/publish.h"

#include "cli/commands.h"

namespace cloche::cli {
namespace {

constexpr size_t kMaxCommandBytes = 256;
constexpr std::chrono::milliseconds kUnseen{30};

class SandboxTarget final : public ControlTarget {
 public:
  explicit SandboxTarget(Sandbox& sandbox) : sandbox_(sandbox) {}
  SandboxStats stats() override { return sandbox_.stats(); }
  std::vector<LimitValue> limits() override { return sandbox_.limits(); }
  std::optional<Failure> set_limit(const std::string& name, const std::string& value) override {
    return sandbox_.set_limit(name, value);
  }
  void pause() override { sandbox_.pause(); }
  void resume() override { sandbox_.resume(); }
  void kill() override { sandbox_.kill(); }
  void signal(int signo) override { sandbox_.signal(signo); }
  std::optional<Failure> signal_process(int pid, int signo) override {
    return sandbox_.signal_process(pid, signo);
  }
  std::optional<Failure> set_nice(int pid, int nice) override {
    return sandbox_.set_nice(pid, nice);
  }

 private:
  Sandbox& sandbox_;
};

class Published final : public PublishedRun {
 public:
  explicit Published(Sandbox& sandbox) : target_(sandbox) {}
  std::optional<Failure> begin(Publication::Options options) {
    auto publication = Publication::begin(std::move(options), target_);
    if (!publication) return publication.error();
    publication_ = std::move(*publication);
    return std::nullopt;
  }
  void withdraw() noexcept override { publication_->withdraw(); }

 private:
  SandboxTarget target_;
  std::unique_ptr<Publication> publication_;
};

std::string command_of(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) {
    if (text.size() > kMaxCommandBytes) break;
    text += (text.empty() ? "" : " ") + word;
  }
  return printable(text.substr(0, kMaxCommandBytes));
}

}  // namespace

Expected<std::unique_ptr<PublishedRun>> publish(Sandbox& sandbox, const RunArguments& arguments) {
  std::unique_ptr<PublishedRun> nothing;
  if (!arguments.publish) return nothing;
  auto published = std::make_unique<Published>(sandbox);
  const auto warn = [quiet = arguments.verbosity == Verbosity::kQuiet](const Failure& failure) {
    if (!quiet) complain("this sandbox cannot be seen by cloche ps: " + failure.message);
  };
  // Who gave it a name wants to know at once whether it has it; what is said beside a program on a
  // terminal would be lost.
  const bool now = !arguments.name.empty() || arguments.terminal;
  const auto failure = published->begin({.name = arguments.name,
                                         .prefix = arguments.terminal       ? "shell"
                                                   : arguments.argv.empty() ? "code"
                                                                            : "run",
                                         .command = command_of(arguments.argv),
                                         .delay = now ? std::chrono::milliseconds(0) : kUnseen,
                                         .on_failure = warn});
  if (!failure) return std::unique_ptr<PublishedRun>(std::move(published));
  if (failure->kind == Failure::Kind::kInvalidArgument) return *failure;
  warn(*failure);
  return nothing;
}

}  // namespace cloche::cli
