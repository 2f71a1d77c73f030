#include "cli/top/view.h"

#include <algorithm>
#include <charconv>

#include "cli/top/columns.h"

namespace cloche::cli {
namespace {

constexpr size_t kMaxTyped = 200;
constexpr int kSigKill = 9, kSigTerm = 15, kMaxSignal = 64;

constexpr const char* kHelp[] = {
    "up, down, page up/down, home, end   choose a sandbox or a process",
    "enter, right / left                 open and close a sandbox",
    "c m t n   sort by CPU, memory, CPU time, name",
    "p         pause a sandbox, or let it go on",
    "k         send a signal; KILL to a sandbox ends it",
    "r         renice a process",
    "u         change a limit, like memory.max=256M",
    "q         quit        ?   this page",
    "",
    "CPU% is of one core; THR%: how long it stood still for a limit.",
};

std::string sort_name(SortKey key) {
  switch (key) {
    case SortKey::kCpu:
      return "cpu";
    case SortKey::kMemory:
      return "memory";
    case SortKey::kName:
      return "name";
    case SortKey::kTime:
      return "time";
  }
  return "";
}

std::string title_of(const TopModel& model) {
  double percent = 0;
  uint64_t memory = 0, tasks = 0;
  for (const SandboxRow& row : model.rows()) {
    percent += row.cpu_percent;
    memory += row.report.stats.memory.total;
    tasks += row.report.stats.tasks;
  }
  return "cloche top  " + std::to_string(model.rows().size()) + " sandboxes, " +
         std::to_string(tasks) + " tasks, CPU " + short_percent(percent) + " %, memory " +
         short_bytes(memory) + "  by " + sort_name(model.sort_key()) + "  ? help";
}

std::string value_of(const SandboxRow& row, std::string_view name) {
  for (const LimitValue& limit : row.report.limits) {
    if (limit.name == name) return limit.value;
  }
  return "none";
}

// One of "TERM", "SIGTERM", "15".
std::optional<int> signal_of(const std::string& text) {
  for (int signo = 1; signo <= kMaxSignal; ++signo) {
    const std::string name = signal_name(signo);
    if (text == name || "SIG" + text == name || text == std::to_string(signo)) return signo;
  }
  return std::nullopt;
}

std::optional<int> nice_of(std::string_view text) {
  int nice = 0;
  const char* const last = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `last` ends it
  const auto [end, error] = std::from_chars(text.data(), last, nice);
  if (error != std::errc() || end != last || nice < -20 || nice > 19) return std::nullopt;
  return nice;
}

}  // namespace

void TopView::open_all(const TopModel& model) {
  for (const SandboxRow& row : model.rows()) opened_.insert(row.name);
}

void TopView::add_details(const SandboxRow& row, size_t width, std::vector<Row>& rows) const {
  const SandboxStats& stats = row.report.stats;
  const MemoryStats& memory = stats.memory;
  const auto add = [&rows, width, this](const std::string& text) {
    rows.push_back({{fit("    " + text, width, Align::kLeft, charset_), LineStyle::kDetail}});
  };
  add("pid " + std::to_string(row.pid) + ", " + short_time(row.report.age_ns) +
      " old: " + row.report.command);
  add("memory: processes " + short_bytes(memory.processes) + " shared " +
      short_bytes(memory.shared) + " buffers " + short_bytes(memory.buffers) + " files " +
      short_bytes(memory.files) + " objects " + short_bytes(memory.objects) + " peak " +
      short_bytes(memory.peak));
  add("tasks " + std::to_string(stats.tasks) + "/" + value_of(row, "pids.max") + " forks " +
      std::to_string(stats.forks) + " execs " + std::to_string(stats.execs) + " inodes " +
      std::to_string(stats.inodes) + "/" + value_of(row, "inodes.max") + " output " +
      short_bytes(stats.output_bytes) + "/" + value_of(row, "output.max"));
  add("CPU " + short_time(stats.cpu_ns) + ", compiling " + short_time(stats.compile_ns) +
      ", throttled " + short_time(stats.throttled_ns) + ", system calls " +
      std::to_string(stats.syscalls) + ", inside " + std::to_string(stats.sandboxes_inside));
  if (stats.tool_calls > 0) {
    add("tool calls " + std::to_string(stats.tool_calls) + "/" + value_of(row, "tools.calls") +
        " denied " + std::to_string(stats.tools_denied) + " waiting " +
        std::to_string(stats.tools_under_way) + " carrying " + short_bytes(stats.tool_bytes));
  }
  const double most = static_cast<double>(std::max<uint64_t>(memory.peak, 1));
  const size_t room = std::min<size_t>(TopModel::kHistory, width > 40 ? (width - 20) / 2 : 10);
  add("CPU " + sparkline(row.cpu_history, room, 100, charset_) + " memory " +
      sparkline(row.memory_history, room, most, charset_));
  rows.push_back({{process_header(width), LineStyle::kHeader}});
}

std::vector<TopView::Row> TopView::rows_of(const TopModel& model, size_t width) const {
  std::vector<Row> rows;
  for (const SandboxRow& row : model.rows()) {
    const bool opened = opened_.contains(row.name);
    rows.push_back({{sandbox_line(row, opened, width, charset_)}, Item{row.name}});
    if (!opened) continue;
    add_details(row, width, rows);
    for (const ProcessRow& process : row.processes) {
      rows.push_back({{process_line(process, width, charset_)},
                      Item{row.name, process.stats.sandbox, process.stats.pid}});
    }
  }
  return rows;
}

std::vector<TopView::Item> TopView::items_of(const TopModel& model) const {
  std::vector<Item> items;
  for (const SandboxRow& row : model.rows()) {
    items.push_back({row.name});
    if (!opened_.contains(row.name)) continue;
    for (const ProcessRow& process : row.processes) {
      items.push_back({row.name, process.stats.sandbox, process.stats.pid});
    }
  }
  return items;
}

// What it stood on may have ended: then it stands on that sandbox, or on the first one.
void TopView::keep_cursor(const TopModel& model) {
  const std::vector<Item> items = items_of(model);
  const auto there = [&items](const Item& item) {
    return std::find(items.begin(), items.end(), item) != items.end();
  };
  if (cursor_ && there(*cursor_)) return;
  if (cursor_ && there({cursor_->sandbox})) {
    cursor_ = Item{cursor_->sandbox};
  } else if (items.empty()) {
    cursor_.reset();
  } else {
    cursor_ = items[0];
  }
}

std::vector<ScreenLine> TopView::help_lines(ScreenSize size) const {
  std::vector<ScreenLine> lines;
  for (const char* text : kHelp) lines.push_back({fit(text, size.columns)});
  return lines;
}

std::string TopView::question() const {
  const std::string whom =
      cursor_ && cursor_->pid != 0
          ? "process " + std::to_string(cursor_->pid) + " of " + cursor_->sandbox
          : (cursor_ ? cursor_->sandbox : "");
  switch (prompt_) {
    case Prompt::kSignal:
      return "signal for " + whom +
             (cursor_ && cursor_->pid != 0 ? " (TERM): " : " (KILL, which ends it): ");
    case Prompt::kNice:
      return "nice of " + whom + " (-20 to 19): ";
    case Prompt::kLimit:
      return "limit of " + (cursor_ ? cursor_->sandbox : "") + " (NAME=VALUE): ";
    case Prompt::kNone:
      return message_;
  }
  return "";
}

std::vector<ScreenLine> TopView::draw(const TopModel& model, ScreenSize size) {
  keep_cursor(model);
  const bool whole = size.lines == 0;  // a batch: no cursor, no last line
  std::vector<ScreenLine> lines = {{fit(title_of(model), size.columns), LineStyle::kTitle},
                                   {header_line(size.columns), LineStyle::kHeader}};
  std::vector<Row> rows = rows_of(model, size.columns);
  if (help_ && !whole) {
    rows.clear();
    for (ScreenLine& line : help_lines(size)) rows.push_back({std::move(line)});
  }
  page_ = size.lines > 3 ? size.lines - 3 : 1;
  size_t at = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (whole || !rows[i].item || rows[i].item != cursor_) continue;
    rows[i].line.style = LineStyle::kSelected;
    at = i;
  }
  top_ = std::min(top_, at);
  if (at >= top_ + page_) top_ = at + 1 - page_;
  const size_t first = whole ? 0 : top_,
               end = whole ? rows.size() : std::min(rows.size(), top_ + page_);
  for (size_t i = first; i < end; ++i) lines.push_back(std::move(rows[i].line));
  if (whole) return lines;
  while (lines.size() + 1 < size.lines) lines.push_back({std::string(size.columns, ' ')});
  lines.resize(size.lines, {std::string(size.columns, ' ')});
  // What is typed is at the end, and the end is what is seen.
  const std::string asked = question();
  const size_t room = size.columns > 0 ? size.columns - 1 : 0;
  const size_t typed = std::min(typed_.size(), room);
  lines.back() = {fit(fit(asked, std::min(display_width(displayable(asked)), room - typed),
                          Align::kLeft, charset_) +
                          typed_.substr(typed_.size() - typed),
                      size.columns, Align::kLeft, charset_),
                  LineStyle::kMessage};
  return lines;
}

void TopView::move(const TopModel& model, int64_t by) {
  const std::vector<Item> items = items_of(model);
  if (items.empty() || !cursor_) return;
  const auto found = std::find(items.begin(), items.end(), *cursor_);
  const auto last = static_cast<int64_t>(items.size()) - 1;
  const int64_t to = std::clamp<int64_t>((found - items.begin()) + by, 0, last);
  cursor_ = items[static_cast<size_t>(to)];
}

void TopView::open(const TopModel& model, bool opened) {
  if (!cursor_) return;
  if (opened) {
    opened_.insert(cursor_->sandbox);
  } else {
    opened_.erase(cursor_->sandbox);
  }
  keep_cursor(model);
}

void TopView::ask(Prompt prompt) {
  if (!cursor_) return;
  const bool process = cursor_->pid != 0;
  if (prompt == Prompt::kNice && !process) {
    message_ = "renice: choose a process of an opened sandbox";
  } else if (process && !cursor_->inner.empty() && prompt != Prompt::kLimit) {
    message_ = "a process of a sandbox inside cannot be reached from here";
  } else {
    prompt_ = prompt;
  }
}

std::optional<TopAction> TopView::press_letter(char letter, TopModel& model) {
  switch (letter) {
    case 'q':
      quit_ = true;
      break;
    case '?':
    case 'h':
      help_ = !help_;
      break;
    case 'c':
      model.sort_by(SortKey::kCpu);
      break;
    case 'm':
      model.sort_by(SortKey::kMemory);
      break;
    case 't':
      model.sort_by(SortKey::kTime);
      break;
    case 'n':
      model.sort_by(SortKey::kName);
      break;
    case 'k':
      ask(Prompt::kSignal);
      break;
    case 'r':
      ask(Prompt::kNice);
      break;
    case 'u':
      ask(Prompt::kLimit);
      break;
    case 'p': {
      const SandboxRow* const row = cursor_ ? model.find(cursor_->sandbox) : nullptr;
      if (row == nullptr) break;
      const bool paused = row->report.stats.state == SandboxStats::State::kPaused;
      return TopAction{row->name, {.what = paused ? Request::Do::kResume : Request::Do::kPause}};
    }
    default:
      break;
  }
  return std::nullopt;
}

std::optional<TopAction> TopView::press(const Key& key, TopModel& model) {
  keep_cursor(model);
  message_.clear();
  if (prompt_ != Prompt::kNone) return press_in_prompt(key);
  if (help_) {
    if (key.kind == Key::Kind::kCharacter && key.character == 'q') quit_ = true;
    help_ = false;
    return std::nullopt;
  }
  const auto page = static_cast<int64_t>(page_);
  switch (key.kind) {
    case Key::Kind::kCharacter:
      return press_letter(key.character, model);
    case Key::Kind::kUp:
      move(model, -1);
      break;
    case Key::Kind::kDown:
      move(model, 1);
      break;
    case Key::Kind::kPageUp:
      move(model, -page);
      break;
    case Key::Kind::kPageDown:
      move(model, page);
      break;
    case Key::Kind::kHome:
      move(model, INT32_MIN);
      break;
    case Key::Kind::kEnd:
      move(model, INT32_MAX);
      break;
    case Key::Kind::kEnter:
      open(model, cursor_ && !opened_.contains(cursor_->sandbox));
      break;
    case Key::Kind::kRight:
      open(model, true);
      break;
    case Key::Kind::kLeft:
      open(model, false);
      break;
    case Key::Kind::kEscape:
    case Key::Kind::kBackspace:
      break;
  }
  return std::nullopt;
}

std::optional<TopAction> TopView::press_in_prompt(const Key& key) {
  switch (key.kind) {
    case Key::Kind::kCharacter:
      if (typed_.size() < kMaxTyped) typed_ += key.character;
      return std::nullopt;
    case Key::Kind::kBackspace:
      if (!typed_.empty()) typed_.pop_back();
      return std::nullopt;
    case Key::Kind::kEnter: {
      auto action = finish_prompt();
      prompt_ = Prompt::kNone;
      typed_.clear();
      return action;
    }
    case Key::Kind::kEscape:
      prompt_ = Prompt::kNone;
      typed_.clear();
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<TopAction> TopView::finish_prompt() {
  if (!cursor_) return std::nullopt;
  TopAction action{cursor_->sandbox, {}};
  action.request.pid = cursor_->pid;
  if (prompt_ == Prompt::kSignal) {
    const auto signo =
        typed_.empty() ? std::optional(cursor_->pid == 0 ? kSigKill : kSigTerm) : signal_of(typed_);
    if (!signo) {
      message_ = "'" + typed_ + "' is no signal (like TERM, SIGTERM or 15)";
      return std::nullopt;
    }
    action.request.signal = *signo;
    const bool end = cursor_->pid == 0 && *signo == kSigKill;
    action.request.what = end ? Request::Do::kKill : Request::Do::kSignal;
  } else if (prompt_ == Prompt::kNice) {
    const auto nice = nice_of(typed_);
    if (!nice) {
      message_ = "'" + typed_ + "' is not a whole number from -20 to 19";
      return std::nullopt;
    }
    action.request.nice = *nice;
    action.request.what = Request::Do::kNice;
  } else {
    const size_t equals = typed_.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == typed_.size()) {
      message_ = "'" + typed_ + "' is not NAME=VALUE (like memory.max=256M)";
      return std::nullopt;
    }
    action.request.limits = {{typed_.substr(0, equals), typed_.substr(equals + 1)}};
    action.request.what = Request::Do::kSetLimits;
  }
  return action;
}

}  // namespace cloche::cli
