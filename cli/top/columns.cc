#include "cli/top/columns.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cloche::cli {
namespace {

constexpr size_t kHistoryWidth = 8, kBarWidth = 8, kNameWidth = 14, kLeastCommand = 8;
constexpr size_t kIndent = 4;  // of processes

std::optional<uint64_t> memory_limit(const SandboxRow& row) {
  for (const LimitValue& limit : row.report.limits) {
    if (limit.name == "memory.max") return bytes_of_limit(limit.value);
  }
  return std::nullopt;
}

double memory_share(const SandboxRow& row) {
  const auto limit = memory_limit(row);
  return limit && *limit > 0
             ? static_cast<double>(row.report.stats.memory.total) / static_cast<double>(*limit)
             : 0;
}

std::string state_of(const SandboxRow& row) {
  return row.silent ? "silent" : to_string(row.report.stats.state);
}

struct Column {
  const char* title;
  size_t width;
  Align align;
  int rank;  // those with the highest go first when it gets narrow
  std::string (*cell)(const SandboxRow& row, Charset charset);
};
constexpr Column kColumns[] = {
    {"STATE", 7, Align::kLeft, 5, [](const SandboxRow& r, Charset) { return state_of(r); }},
    {"CPU%", 5, Align::kRight, 1,
     [](const SandboxRow& r, Charset) { return short_percent(r.cpu_percent); }},
    {"HISTORY", kHistoryWidth, Align::kLeft, 8,
     [](const SandboxRow& r, Charset c) {
       const double most = r.cpu_history.empty()
                               ? 0
                               : *std::max_element(r.cpu_history.begin(), r.cpu_history.end());
       return sparkline(r.cpu_history, kHistoryWidth, std::max(most, 100.0), c);
     }},
    {"THR%", 4, Align::kRight, 7,
     [](const SandboxRow& r, Charset) { return short_percent(r.throttled_percent); }},
    {"MEM", 5, Align::kRight, 2,
     [](const SandboxRow& r, Charset) { return short_bytes(r.report.stats.memory.total); }},
    {"OF LIMIT", kBarWidth, Align::kLeft, 6,
     [](const SandboxRow& r, Charset) { return bar(memory_share(r), kBarWidth); }},
    {"LIMIT", 5, Align::kRight, 9,
     [](const SandboxRow& r, Charset) {
       const auto limit = memory_limit(r);
       return limit ? short_bytes(*limit) : std::string("none");
     }},
    {"TASKS", 5, Align::kRight, 3,
     [](const SandboxRow& r, Charset) { return std::to_string(r.report.stats.tasks); }},
    {"TIME", 6, Align::kRight, 4,
     [](const SandboxRow& r, Charset) { return short_time(r.report.stats.cpu_ns); }},
    {"FILES", 5, Align::kRight, 10,
     [](const SandboxRow& r, Charset) { return short_bytes(r.report.stats.file_bytes); }},
};

// Those that fit beside the name; the width they take goes to `used`.
std::vector<const Column*> columns_for(size_t width, size_t& used) {
  std::vector<const Column*> columns;
  used = 2 + kNameWidth;
  for (const Column& column : kColumns) {
    columns.push_back(&column);
    used += 1 + column.width;
  }
  while (used > width && !columns.empty()) {
    const auto last =
        std::max_element(columns.begin(), columns.end(),
                         [](const Column* a, const Column* b) { return a->rank < b->rank; });
    used -= 1 + (*last)->width;
    columns.erase(last);
  }
  return columns;
}

struct ProcessColumn {
  const char* title;
  size_t width;
  std::string (*cell)(const ProcessRow& row);
};
constexpr ProcessColumn kProcessColumns[] = {
    {"PID", 6,
     [](const ProcessRow& r) {
       const std::string pid = std::to_string(r.stats.pid);
       return r.stats.sandbox.empty() ? pid : r.stats.sandbox + ":" + pid;
     }},
    {"CPU%", 5, [](const ProcessRow& r) { return short_percent(r.cpu_percent); }},
    {"MEM", 5, [](const ProcessRow& r) { return short_bytes(r.stats.memory_bytes); }},
    {"S", 1, [](const ProcessRow& r) { return std::string(1, r.stats.state); }},
    {"NI", 3, [](const ProcessRow& r) { return std::to_string(r.stats.nice); }},
    {"TIME", 6, [](const ProcessRow& r) { return short_time(r.stats.cpu_ns); }},
    {"PPID", 5, [](const ProcessRow& r) { return std::to_string(r.stats.parent); }},
    {"THR", 3, [](const ProcessRow& r) { return std::to_string(r.stats.threads); }},
    {"FDS", 4, [](const ProcessRow& r) { return std::to_string(r.stats.open_files); }},
};

template <class Cell>
std::string process_cells(size_t width, Charset charset, std::string_view command,
                          const Cell& cell_of) {
  std::string text(kIndent, ' ');
  size_t used = kIndent;
  for (const ProcessColumn& column : kProcessColumns) {
    if (used + column.width + 1 + kLeastCommand > width) break;
    text += fit(cell_of(column), column.width, Align::kRight, charset) + " ";
    used += column.width + 1;
  }
  return fit(text + displayable(command, charset), width, Align::kLeft, charset);
}

}  // namespace

std::string sparkline(const std::vector<double>& values, size_t width, double full,
                      Charset charset) {
  static constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static constexpr const char* kAscii[] = {"_", ".", "-", "=", "+", "*", "#", "@"};
  constexpr size_t kLevels = std::size(kBlocks);
  static_assert(kLevels == std::size(kAscii));
  const size_t count = std::min(width, values.size());
  std::string text(width - count, ' ');
  for (size_t i = values.size() - count; i < values.size(); ++i) {
    const double share = full > 0 ? std::clamp(values[i] / full, 0.0, 1.0) : 0;
    const auto level = static_cast<size_t>(std::lround(share * (kLevels - 1)));
    text += charset == Charset::kUtf8 ? kBlocks[level] : kAscii[level];
  }
  return text;
}

std::string bar(double share, size_t width) {
  if (width < 3) return std::string(width, ' ');
  const size_t inner = width - 2;
  const double filled = std::clamp(share, 0.0, 1.0) * static_cast<double>(inner);
  const auto full = static_cast<size_t>(std::lround(filled));
  return "[" + std::string(full, '#') + std::string(inner - full, '.') + "]";
}

std::string header_line(size_t width) {
  size_t used = 0;
  std::string text = fit("  NAME", 2 + kNameWidth);
  for (const Column* const column : columns_for(width, used)) {
    text += " " + fit(column->title, column->width, column->align);
  }
  if (used + 1 + kLeastCommand <= width) text += " COMMAND";
  return fit(text, width);
}

std::string sandbox_line(const SandboxRow& row, bool opened, size_t width, Charset charset) {
  size_t used = 0;
  const auto columns = columns_for(width, used);
  std::string text = (opened ? "- " : "+ ") + fit(row.name, kNameWidth, Align::kLeft, charset);
  for (const Column* const column : columns) {
    text += " " + fit(column->cell(row, charset), column->width, column->align, charset);
  }
  if (used + 1 + kLeastCommand <= width) text += " " + displayable(row.report.command, charset);
  return fit(text, width, Align::kLeft, charset);
}

std::string process_header(size_t width) {
  return process_cells(width, Charset::kUtf8, "COMMAND",
                       [](const ProcessColumn& column) { return column.title; });
}

std::string process_line(const ProcessRow& row, size_t width, Charset charset) {
  const std::string& command = row.stats.command.empty() ? row.stats.name : row.stats.command;
  return process_cells(width, charset, command,
                       [&row](const ProcessColumn& column) { return column.cell(row); });
}

}  // namespace cloche::cli
