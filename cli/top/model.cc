#include "cli/top/model.h"

#include <algorithm>

#include "cli/control/text.h"

namespace cloche::cli {
namespace {

void push(std::vector<double>& history, double value) {
  if (history.size() == TopModel::kHistory) history.erase(history.begin());
  history.push_back(value);
}

const ProcessRow* find_process(const std::vector<ProcessRow>& rows, const ProcessStats& wanted) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&wanted](const ProcessRow& row) {
    return row.stats.pid == wanted.pid && row.stats.sandbox == wanted.sandbox;
  });
  return found == rows.end() ? nullptr : &*found;
}

// The same sandbox as before, and not another one that took the name.
bool continues(const SandboxRow& before, const Report& now) {
  return before.pid == now.pid && before.report.age_ns <= now.age_ns &&
         before.report.stats.cpu_ns <= now.stats.cpu_ns;
}

SandboxRow row_of(Report report, const SandboxRow* before) {
  if (before != nullptr && !continues(*before, report)) before = nullptr;
  const Report nothing;
  const Report& old = before == nullptr ? nothing : before->report;
  const int64_t time = report.age_ns - old.age_ns;
  SandboxRow row{.name = report.name, .pid = report.pid};
  row.cpu_percent = percent_of(report.stats.cpu_ns - old.stats.cpu_ns, time);
  row.throttled_percent = percent_of(report.stats.throttled_ns - old.stats.throttled_ns, time);
  if (before != nullptr) {
    row.cpu_history = before->cpu_history;
    row.memory_history = before->memory_history;
  }
  push(row.cpu_history, row.cpu_percent);
  push(row.memory_history, static_cast<double>(report.stats.memory.total));
  for (const ProcessStats& process : report.stats.processes) {
    const ProcessRow* const same =
        before == nullptr ? nullptr : find_process(before->processes, process);
    const int64_t used = process.cpu_ns - (same == nullptr ? 0 : same->stats.cpu_ns);
    row.processes.push_back({process, percent_of(used, time)});
  }
  row.report = std::move(report);
  return row;
}

// Whether `a` stands before `b`; both have what `key` asks for, in this order of importance.
template <class T, class Less>
bool before(const T& a1, const T& b1, const Less& otherwise) {
  if (a1 != b1) return a1 > b1;
  return otherwise();
}

}  // namespace

const SandboxRow* TopModel::find(const std::string& name) const {
  for (const SandboxRow& row : rows_) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

void TopModel::update(std::vector<TopSample> samples) {
  std::vector<SandboxRow> rows;
  for (TopSample& sample : samples) {
    const SandboxRow* const old = find(sample.name);
    if (sample.report) {
      sample.report->name = sample.name;
      sample.report->pid = sample.pid;
      rows.push_back(row_of(std::move(*sample.report), old));
    } else {
      rows.push_back(old == nullptr ? SandboxRow{.name = sample.name} : *old);
      rows.back().pid = sample.pid;
      rows.back().silent = true;
    }
  }
  rows_ = std::move(rows);
  sort();
}

void TopModel::sort_by(SortKey key) {
  key_ = key;
  sort();
}

void TopModel::sort() {
  const SortKey key = key_;
  std::sort(rows_.begin(), rows_.end(), [key](const SandboxRow& a, const SandboxRow& b) {
    const auto by_name = [&a, &b] { return a.name < b.name; };
    const SandboxStats &x = a.report.stats, &y = b.report.stats;
    if (key == SortKey::kCpu) return before(a.cpu_percent, b.cpu_percent, by_name);
    if (key == SortKey::kMemory) return before(x.memory.total, y.memory.total, by_name);
    if (key == SortKey::kTime) return before(x.cpu_ns, y.cpu_ns, by_name);
    return by_name();
  });
  for (SandboxRow& row : rows_) {
    std::sort(row.processes.begin(), row.processes.end(),
              [key](const ProcessRow& a, const ProcessRow& b) {
                const ProcessStats &x = a.stats, &y = b.stats;
                const auto by_pid = [&x, &y] {
                  return x.sandbox != y.sandbox ? x.sandbox < y.sandbox : x.pid < y.pid;
                };
                if (key == SortKey::kCpu) return before(a.cpu_percent, b.cpu_percent, by_pid);
                if (key == SortKey::kMemory) return before(x.memory_bytes, y.memory_bytes, by_pid);
                if (key == SortKey::kTime) return before(x.cpu_ns, y.cpu_ns, by_pid);
                return before(y.name, x.name, by_pid);
              });
  }
}

}  // namespace cloche::cli
