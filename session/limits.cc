#include "session/limits.h"

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "cap/caveats/mistake.h"
#include "session/failures.h"

namespace cloche::session {
namespace {

using std::chrono::nanoseconds;

// A limit that something keeps: its name in policies, where it stands, the least that makes sense.
struct TimeRow {
  std::string_view name;
  std::optional<nanoseconds> Limits::* asked;
  nanoseconds EffectiveLimits::* kept;
};
struct NumberRow {
  std::string_view name;
  std::optional<uint64_t> Limits::* asked;
  uint64_t EffectiveLimits::* kept;
  uint64_t least;
};

constexpr uint64_t kLeastOpenFiles = 3;  // the standard streams
constexpr uint64_t kMaxCpuWeight = 10'000;
constexpr std::string_view kCpuSet = "cpuset";
constexpr std::string_view kOutputOver = "output.over";

constexpr TimeRow kTimes[] = {
    {"wall.time", &Limits::timeout, &EffectiveLimits::timeout},
    {"cpu.time", &Limits::cpu_time, &EffectiveLimits::cpu_time},
    {"tools.time", &Limits::tool_time, &EffectiveLimits::tool_time},
    {"compile.time", &Limits::compile_time, &EffectiveLimits::compile_time},
};
constexpr NumberRow kNumbers[] = {
    {"cpu.weight", &Limits::cpu_weight, &EffectiveLimits::cpu_weight, 1},
    {"cpu.max", &Limits::cpu_max, &EffectiveLimits::cpu_max, 1},
    {"memory.max", &Limits::memory, &EffectiveLimits::memory, 1},
    {"memory.high", &Limits::memory_high, &EffectiveLimits::memory_high, 1},
    {"pids.max", &Limits::processes, &EffectiveLimits::processes, 1},
    {"forks.rate", &Limits::fork_rate, &EffectiveLimits::fork_rate, 1},
    {"disk.max", &Limits::disk, &EffectiveLimits::disk, 1},
    {"inodes.max", &Limits::inodes, &EffectiveLimits::inodes, 1},
    {"file.max", &Limits::file_size, &EffectiveLimits::file_size, 1},
    {"open_files.max", &Limits::open_files, &EffectiveLimits::open_files, kLeastOpenFiles},
    {"timers.max", &Limits::timers, &EffectiveLimits::timers, 1},
    {"watches.max", &Limits::watches, &EffectiveLimits::watches, 1},
    {"pipe.max", &Limits::pipe, &EffectiveLimits::pipe, 1},
    {"arguments.max", &Limits::arguments, &EffectiveLimits::arguments, 1},
    {"module.max", &Limits::module_size, &EffectiveLimits::module_size, 1},
    {"tools.calls", &Limits::tool_calls, &EffectiveLimits::tool_calls, 1},
    {"tools.bytes", &Limits::tool_bytes, &EffectiveLimits::tool_bytes, 1},
    {"output.max", &Limits::output, &EffectiveLimits::output, 1},
};

const policy::LimitRow& policy_row(std::string_view name) {
  const auto& rows = policy::limit_rows();
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [name](const policy::LimitRow& row) { return row.name == name; });
  CHECK(found != rows.end());
  return *found;
}

// Of two times, of which zero is the longest.
nanoseconds shorter(nanoseconds a, nanoseconds b) {
  if (a.count() == 0 || b.count() == 0) return std::max(a, b);
  return std::min(a, b);
}

// What both say; what none says stays as it is.
template <class T, class Less>
void take_less(T& kept, const std::optional<T>& asked, const std::optional<T>& granted,
               const Less& less) {
  if (asked && granted) {
    kept = less(*asked, *granted);
  } else if (asked || granted) {
    kept = asked ? *asked : *granted;
  }
}

// What the policy says, as far as something keeps it. False: nothing does.
bool take_limit(Limits& limits, const policy::Limit& limit) {
  for (const TimeRow& row : kTimes) {
    if (row.name != limit.row->name) continue;
    limits.*row.asked =
        nanoseconds(static_cast<int64_t>(std::min<uint64_t>(limit.value, INT64_MAX)));
    return true;
  }
  for (const NumberRow& row : kNumbers) {
    if (row.name != limit.row->name) continue;
    limits.*row.asked = limit.value;
    return true;
  }
  if (limit.row->name == kOutputOver) {
    limits.output_over = static_cast<OutputOver>(limit.value);
    return true;
  }
  if (limit.row->name != kCpuSet) return false;
  limits.cpus = limit.text;
  return true;
}

// The CPUs of both; empty: there are none, or one of the two is no list.
std::string common_cpus(const std::string& a, const std::string& b) {
  const auto first = sched::CpuSet::parse(a), second = sched::CpuSet::parse(b);
  sched::CpuSet both;
  if (!first.ok() || !second.ok()) return {};
  for (const unsigned cpu : first->list()) {
    if (second->has(cpu)) both.add(cpu);
  }
  return both.empty() ? std::string() : both.to_string();
}

// Sets limits.cpus; what is wrong, if something is.
std::optional<Failure> take_cpus(EffectiveLimits& limits, const Limits& options,
                                 const Limits& granted) {
  for (const auto& asked : {options.cpus, granted.cpus}) {
    if (!asked) continue;
    const auto set = sched::CpuSet::parse(*asked);
    if (!set.ok()) return failure_of(set.error());
    limits.cpus = limits.cpus.empty() ? set->to_string() : common_cpus(limits.cpus, *asked);
    if (limits.cpus.empty()) {
      return invalid("cpuset: the options and the policy have no CPU in common");
    }
  }
  return std::nullopt;
}

template <size_t N>
std::string with_unit(uint64_t value,
                      const std::array<std::pair<const char*, uint64_t>, N>& units) {
  for (const auto& [name, factor] : units) {
    if (value % factor == 0 && value > 0) return std::to_string(value / factor) + name;
  }
  return std::to_string(value);
}

std::string text_of(nanoseconds time) {
  constexpr std::array<std::pair<const char*, uint64_t>, 6> kUnits = {{{"h", 3'600'000'000'000},
                                                                       {"m", 60'000'000'000},
                                                                       {"s", 1'000'000'000},
                                                                       {"ms", 1'000'000},
                                                                       {"us", 1'000},
                                                                       {"ns", 1}}};
  return time.count() == 0 ? "none" : with_unit(static_cast<uint64_t>(time.count()), kUnits);
}

std::string text_of(std::string_view name, uint64_t value) {
  constexpr std::array<std::pair<const char*, uint64_t>, 3> kUnits = {
      {{"G", 1ull << 30}, {"M", 1ull << 20}, {"K", 1ull << 10}}};
  if (value == kNoLimit) return "none";
  const policy::LimitKind kind = policy_row(name).kind;
  if (kind == policy::LimitKind::kSize) return with_unit(value, kUnits);
  if (kind != policy::LimitKind::kCores) return std::to_string(value);
  // Thousandths, as a decimal.
  std::string text =
      std::to_string(value / 1000) + "." + std::to_string(1000 + value % 1000).substr(1);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Counts are numbers in a policy, all else may be a string.
std::optional<policy::Limit> parse(std::string_view name, const std::string& text) {
  const policy::LimitRow& row = policy_row(name);
  Json value;
  value.kind = row.kind == policy::LimitKind::kCount ? Json::Kind::kNumber : Json::Kind::kString;
  value.text = text;
  return policy::parse_limit(row, value);
}

Failure bad_value(std::string_view name, const std::string& value) {
  return invalid("limit " + std::string(name) + ": '" + printable(value) + "' is not " +
                 policy::expected(policy_row(name)) + ", or none");
}

}  // namespace

Expected<Limits> limits_of(const policy::Policy& policy) {
  Limits limits;
  for (const policy::Limit& limit : policy.limits) {
    if (take_limit(limits, limit)) continue;
    return Failure{Failure::Kind::kUnsupported,
                   "limit '" + std::string(limit.row->name) +
                       "' of the policy is not built yet: this version could not keep it, so it "
                       "refuses it"};
  }
  return limits;
}

EffectiveLimits within(const EffectiveLimits& limits, const EffectiveLimits& outer) {
  EffectiveLimits less;
  for (const TimeRow& row : kTimes) less.*row.kept = shorter(limits.*row.kept, outer.*row.kept);
  for (const NumberRow& row : kNumbers) {
    less.*row.kept = std::min(limits.*row.kept, outer.*row.kept);
  }
  less.cpus = outer.cpus;  // it runs where the one around it runs
  less.output_over = limits.output_over;
  return less;
}

Expected<EffectiveLimits> effective_limits(const Limits& options, const policy::Policy* policy) {
  Limits granted;
  if (policy != nullptr) {
    auto read = limits_of(*policy);
    if (!read) return read.error();
    granted = *read;
  }
  EffectiveLimits limits;
  bool valid = true;
  for (const TimeRow& row : kTimes) {
    take_less(limits.*row.kept, options.*row.asked, granted.*row.asked, shorter);
    valid &= (limits.*row.kept).count() >= 0;
  }
  for (const NumberRow& row : kNumbers) {
    take_less(limits.*row.kept, options.*row.asked, granted.*row.asked,
              [](uint64_t a, uint64_t b) { return std::min(a, b); });
    valid &= limits.*row.kept >= row.least;
  }
  take_less(limits.output_over, options.output_over, granted.output_over,
            [](OutputOver a, OutputOver b) { return std::min(a, b); });
  valid &= limits.cpu_weight <= kMaxCpuWeight;
  if (auto failure = take_cpus(limits, options, granted)) return *failure;
  if (valid) return limits;
  return invalid(
      "limits: times must not be negative, sizes and counts not zero, open files at least 3, the "
      "weight at most 10000");
}

std::vector<LimitValue> list_limits(const EffectiveLimits& limits) {
  std::vector<LimitValue> list;
  for (const TimeRow& row : kTimes) {
    list.push_back({std::string(row.name), text_of(limits.*row.kept)});
  }
  for (const NumberRow& row : kNumbers) {
    list.push_back({std::string(row.name), text_of(row.name, limits.*row.kept)});
  }
  list.push_back({std::string(kCpuSet), limits.cpus.empty() ? "none" : limits.cpus});
  const auto over = static_cast<size_t>(limits.output_over);
  list.push_back({std::string(kOutputOver), std::string(policy_row(kOutputOver).choices[over])});
  return list;
}

tools::CallLimits call_limits(const EffectiveLimits& limits) {
  tools::CallLimits calls{.calls = limits.tool_calls, .bytes = limits.tool_bytes};
  if (limits.tool_time.count() > 0) calls.call_ns = limits.tool_time.count();
  return calls;
}

bool needs_workers(const EffectiveLimits& limits) {
  const sched::Share share = share_of(limits);
  return share.quota || !share.cpus.empty();
}

sched::Share share_of(const EffectiveLimits& limits) {
  constexpr uint64_t kWhole = 1000;  // more than one virtual CPU cannot be used
  sched::Share share;
  const auto weight = sched::weight_of_cpu_weight(static_cast<int64_t>(limits.cpu_weight));
  if (weight.ok()) share.weight = *weight;
  if (limits.cpu_max < kWhole) {
    sched::Quota quota;
    quota.quota_ns =
        quota.period_ns / static_cast<int64_t>(kWhole) * static_cast<int64_t>(limits.cpu_max);
    share.quota = quota;
  }
  if (!limits.cpus.empty()) {
    auto cpus = sched::CpuSet::parse(limits.cpus);
    if (cpus.ok()) share.cpus = *cpus;
  }
  return share;
}

void copy_limit(const EffectiveLimits& from, Limits& to, std::string_view name) {
  for (const TimeRow& row : kTimes) {
    if (row.name == name) to.*row.asked = from.*row.kept;
  }
  for (const NumberRow& row : kNumbers) {
    if (row.name == name) to.*row.asked = from.*row.kept;
  }
  if (name == kCpuSet && !from.cpus.empty()) to.cpus = from.cpus;
  if (name == kOutputOver) to.output_over = from.output_over;
}

std::optional<Failure> change_limit(EffectiveLimits& limits, const std::string& name,
                                    const std::string& value) {
  const bool none = value == "none";
  std::vector<std::string_view> names;
  for (const TimeRow& row : kTimes) {
    names.push_back(row.name);
    if (row.name != name) continue;
    const auto parsed = none ? std::nullopt : parse(name, value);
    if (!none && !parsed) return bad_value(row.name, value);
    limits.*row.kept = nanoseconds(none ? 0 : static_cast<int64_t>(parsed->value));
    return std::nullopt;
  }
  for (const NumberRow& row : kNumbers) {
    names.push_back(row.name);
    if (row.name != name) continue;
    const auto parsed = none ? std::nullopt : parse(name, value);
    const bool may_be_none = EffectiveLimits().*row.kept == kNoLimit;
    if (none ? !may_be_none : !parsed || parsed->value < row.least) {
      return bad_value(row.name, value);
    }
    limits.*row.kept = none ? kNoLimit : parsed->value;
    return std::nullopt;
  }
  if (name == kCpuSet) {
    const auto set = sched::CpuSet::parse(none ? "0" : value);
    if (!set.ok()) return bad_value(kCpuSet, value);
    limits.cpus = none ? "" : set->to_string();
    return std::nullopt;
  }
  if (name == kOutputOver) {
    const auto parsed = parse(name, value);
    if (!parsed) {
      return invalid("limit output.over: '" + printable(value) + "' is not " +
                     policy::expected(policy_row(kOutputOver)));
    }
    limits.output_over = static_cast<OutputOver>(parsed->value);
    return std::nullopt;
  }
  names.insert(names.end(), {kCpuSet, kOutputOver});
  const std::string nearest = cap::nearest_word(name, names);
  return invalid("there is no limit '" + printable(name) + "'" +
                 (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
}

}  // namespace cloche::session

namespace cloche {

std::optional<Failure> set_limit(Limits& limits, const std::string& name,
                                 const std::string& value) {
  session::EffectiveLimits changed;
  if (auto failure = session::change_limit(changed, name, value)) return failure;
  session::copy_limit(changed, limits, name);
  return std::nullopt;
}

}  // namespace cloche
