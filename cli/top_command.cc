// cloche top: asks the sandboxes, shows the answers, sends what keys ask for.
#include <unistd.h>

#include <cstdlib>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/running.h"
#include "cli/terminal.h"
#include "cli/top/screen.h"
#include "cli/values.h"

namespace cloche::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{500};  // for all sandboxes together
constexpr size_t kBatchColumns = 100;
constexpr uint64_t kMostColumns = 1000;

void sample(RunningSandboxes& running, TopModel& model) {
  std::vector<TopSample> samples;
  for (Answer& answer : running.ask({}, {.what = Request::Do::kShow}, kPatience)) {
    if (answer.pid == 0 || answer.ended) continue;
    TopSample one{.name = answer.name, .pid = answer.pid};
    if (answer.reply) one.report = std::move(answer.reply->report);
    samples.push_back(std::move(one));
  }
  model.update(std::move(samples));
}

// $COLUMNS, the terminal's, or 100.
size_t batch_columns() {
  if (const char* const text = getenv("COLUMNS")) {
    if (const auto columns = parse_count(text, 1, kMostColumns)) return *columns;
  }
  const auto window = window_size(STDOUT_FILENO);
  return window ? window->columns : kBatchColumns;
}

std::string without_trailing_spaces(const std::string& text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

int batch(const TopArguments& arguments, RunningSandboxes& running) {
  TopModel model;
  TopView view(charset_of_environment());
  auto next = Clock::now();
  for (uint64_t i = 0; arguments.count == 0 || i < arguments.count; ++i) {
    if (i > 0) sleep_until(next);
    next += std::chrono::duration_cast<Clock::duration>(arguments.interval);
    sample(running, model);
    view.open_all(model);
    std::string text = i > 0 ? "\n" : "";
    for (const ScreenLine& line : view.draw(model, {batch_columns(), 0})) {
      text += without_trailing_spaces(line.text) + "\n";
    }
    if (!print(text)) return kExitOwnError;
  }
  return 0;
}

void act(const TopAction& action, RunningSandboxes& running, TopView& view) {
  for (const Answer& answer : running.ask({action.sandbox}, action.request, kPatience)) {
    const bool done = bool(answer.reply) || (answer.ended && may_end(action.request));
    if (!done) view.set_message(answer.reply.error().message);
  }
}

// Until a key or a signal ends it. Gives the signal.
int interact(const TopArguments& arguments, RunningSandboxes& running, Screen& screen) {
  TopModel model;
  TopView view(screen.charset());
  auto next = Clock::now();
  while (!view.wants_to_quit() && screen.signal() == 0) {
    if (Clock::now() >= next) {
      sample(running, model);
      next = Clock::now() + std::chrono::duration_cast<Clock::duration>(arguments.interval);
    }
    screen.draw(view.draw(model, screen.size()));
    const auto key = screen.wait(std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()));
    if (!key) continue;
    if (const auto action = view.press(*key, model)) {
      act(*action, running, view);
      next = Clock::now();  // what it did is seen at once
    }
  }
  return screen.signal();
}

}  // namespace

int top_command(const TopArguments& arguments) {
  auto running = RunningSandboxes::open();
  if (!running) return complain(running.error().message);
  if (arguments.batch) return batch(arguments, *running);
  auto screen = Screen::open();
  if (!screen) return complain(screen.error().message);
  const int signo = interact(arguments, *running, **screen);
  return signo == 0 ? 0 : kExitSignalBase + signo;
}

}  // namespace cloche::cli
