// The figures of cloche top: samples become rows with shares, histories and an order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/control/wire.h"

namespace cloche::cli {

// What was heard of one sandbox at one time.
struct TopSample {
  std::string name;
  int pid = 0;                        // of the process of this machine
  std::optional<Report> report = {};  // nothing: it did not answer in time
};

struct ProcessRow {
  ProcessStats stats;
  double cpu_percent = 0;  // of one core
};

struct SandboxRow {
  std::string name;
  int pid = 0;
  bool silent = false;  // no answer: the rest is as it was last
  Report report = {};
  double cpu_percent = 0;                                     // of one core
  double throttled_percent = 0;                               // of the time
  std::vector<double> cpu_history = {}, memory_history = {};  // oldest first; memory in bytes
  std::vector<ProcessRow> processes = {};                     // in the same order as sandboxes
};

enum class SortKey : uint8_t { kCpu, kMemory, kName, kTime };

// Shares are those between the last two samples; a sandbox or process that is new has its average
// since it began. Rows are sorted, most first, equal ones by name or pid.
//
// Thread class: unsafe.
class TopModel {
 public:
  static constexpr size_t kHistory = 60;

  void update(std::vector<TopSample> samples);
  void sort_by(SortKey key);
  SortKey sort_key() const { return key_; }
  const std::vector<SandboxRow>& rows() const { return rows_; }
  const SandboxRow* find(const std::string& name) const;

 private:
  void sort();

  std::vector<SandboxRow> rows_;
  SortKey key_ = SortKey::kCpu;
};

}  // namespace cloche::cli
