#include "tests/security/tenant/attacks.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace cloche::tenant {
namespace {

// CPU time is what ends those that compute, so that a busy machine changes nothing; the wall clock
// is for those that wait.
const std::vector<LimitValue> kLimits = {
    {"cpu.time", "200ms"}, {"wall.time", "120s"}, {"compile.time", "20s"},
    {"memory.max", "64M"}, {"pids.max", "64"},    {"disk.max", "16M"},
    {"inodes.max", "500"}, {"output.max", "1M"},  {"open_files.max", "64"},
};
const LimitValue kWaits = {"wall.time", "300ms"};

std::string program(const char* name) { return std::string(kPrograms) + "/" + name; }

std::vector<std::string> bash(const char* script) { return {"bash", "-c", script}; }

void add_cpu(std::vector<Attack>& all) {
  const std::string cpu = program("cpu");
  all.push_back({.name = "loop-c", .argv = {cpu, "loop"}, .ends = {"cpu.time"}});
  all.push_back({.name = "loop-bash", .argv = bash("while :; do :; done"), .ends = {"cpu.time"}});
  all.push_back({.name = "loop-block", .argv = {cpu, "block"}, .ends = {"cpu.time"}});
  all.push_back({.name = "timers", .argv = {cpu, "timers"}, .ends = {"cpu.time"}});
  all.push_back({.name = "signals", .argv = {cpu, "signals"}, .ends = {"cpu.time"}});
  all.push_back({.name = "recursion-frames", .argv = {cpu, "frames"}, .ends = {"signal 11"}});
  all.push_back({.name = "recursion-stack", .argv = {cpu, "stack"}, .ends = {"signal 11"}});
  all.push_back({.name = "recursion-bash",
                 .argv = bash("f() { f; }; f"),
                 .ends = {"signal 11", "cpu.time", "memory.max"}});
  all.push_back({.name = "regex-bash",
                 .argv = bash("x=$(printf 'a%.0s' {1..40}); [[ $x =~ ^(a|aa|a*)*(a|b*)*c$ ]]"),
                 .ends = {"exit 1", "cpu.time", "memory.max"}});
  all.push_back(
      {.name = "regex-sed",
       .argv = bash("printf 'a%.0s' {1..60} | sed -E 's/^(a*)*(a*)*\\1\\2\\1c$//' | wc -c"),
       .ends = {"exit 0", "cpu.time", "memory.max"}});
  all.push_back({.name = "sort",
                 .argv = bash("yes $RANDOM | tr 0-9 b-k | sort -R"),
                 .ends = {"cpu.time", "memory.max"}});
  all.push_back({.name = "tool-calls",
                 .argv = {program("toolcalls"), "quick", "1", "1000000"},
                 .ends = {"cpu.time"}});
}

void add_events(std::vector<Attack>& all) {
  const std::string events = program("events");
  const std::vector<LimitValue> many = {{"open_files.max", "60000"}};
  for (const char* attack : {"timers", "silent", "watches", "sets", "nesting", "changes"}) {
    all.push_back({.name = std::string("events-") + attack,
                   .argv = {events, attack},
                   .limits = many,
                   .ends = {"cpu.time"}});
  }
}

void add_memory(std::vector<Attack>& all) {
  const std::string memory = program("memory");
  const std::vector<LimitValue> many = {{"open_files.max", "60000"}, {"inodes.max", "1000000"}};
  all.push_back({.name = "memory-fill",
                 .argv = {memory, "fill"},
                 .ends = {"memory.max", "exit 0", "cpu.time"}});
  all.push_back(
      {.name = "memory-touch", .argv = {memory, "touch"}, .ends = {"memory.max", "exit 0"}});
  all.push_back({.name = "memory-together",
                 .argv = {memory, "together"},
                 .ends = {"memory.max", "exit 0", "cpu.time"}});
  all.push_back({.name = "memory-bash",
                 .argv = bash("x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done"),
                 .ends = {"memory.max", "exit 2", "cpu.time"}});
  all.push_back({.name = "memory-files",
                 .argv = {memory, "files"},
                 .limits = {{"disk.max", "1G"}},
                 .ends = {"exit 0", "memory.max"}});
  all.push_back({.name = "memory-pipes",
                 .argv = {memory, "pipes"},
                 .limits = {{"open_files.max", "60000"}, {"pipe.max", "1M"}},
                 .ends = {"exit 0", "memory.max"}});
  all.push_back({.name = "memory-objects",
                 .argv = {memory, "objects"},
                 .limits = many,
                 .ends = {"exit 0", "memory.max", "cpu.time"}});
  all.push_back({.name = "memory-environment",
                 .argv = {memory, "environment"},
                 .limits = {{"pids.max", "1000"}},
                 .ends = {"exit 0", "memory.max", "signal 9", "exit 5"}});
}

void add_processes(std::vector<Attack>& all) {
  const std::string processes = program("processes");
  all.push_back({.name = "fork-everybody", .argv = {processes, "everybody"}, .ends = {"cpu.time"}});
  all.push_back({.name = "fork-chain", .argv = {processes, "chain"}, .ends = {"cpu.time"}});
  all.push_back({.name = "fork-spawn", .argv = {processes, "spawn"}, .ends = {"cpu.time"}});
  all.push_back(
      {.name = "fork-daemons", .argv = {processes, "daemons"}, .ends = {"exit 0", "cpu.time"}});
  all.push_back({.name = "fork-bash",
                 .argv = bash("f() { f | f & }; f; wait; sleep 100"),
                 .limits = {kWaits},
                 .ends = {"wall.time", "cpu.time", "memory.max"}});
  all.push_back({.name = "threads", .argv = {processes, "threads"}, .ends = {"cpu.time"}});
  all.push_back({.name = "zombies", .argv = {processes, "zombies"}, .ends = {"cpu.time"}});
  all.push_back({.name = "exec-c", .argv = {processes, "exec"}, .ends = {"cpu.time"}});
  all.push_back({.name = "exec-bash",
                 .argv = {"bash", "-c", "exec bash -c \"$0\" \"$0\"", "exec bash -c \"$0\" \"$0\""},
                 .ends = {"cpu.time"}});
  all.push_back({.name = "sleepers",
                 .argv = bash("for i in {1..40}; do sleep 1000 & done; wait"),
                 .limits = {kWaits},
                 .ends = {"wall.time"}});
}

void add_files(std::vector<Attack>& all) {
  const std::string memory = program("memory");
  all.push_back({.name = "output", .argv = {"yes"}, .ends = {"output.max"}});
  all.push_back(
      {.name = "output-stderr", .argv = bash("head -c 1G /dev/zero >&2"), .ends = {"output.max"}});
  all.push_back(
      {.name = "disk", .argv = bash("head -c 1G /dev/zero > /tmp/big"), .ends = {"exit 1"}});
  all.push_back(
      {.name = "disk-sparse",
       .argv = bash("truncate -s 1T /tmp/big; for i in {1..5000}; do echo x | dd of=/tmp/big "
                    "bs=64K seek=$i conv=notrunc status=none || exit 1; done"),
       .ends = {"exit 1", "cpu.time"}});
  all.push_back({.name = "inodes", .argv = {memory, "inodes"}, .ends = {"exit 0"}});
  all.push_back({.name = "descriptors", .argv = {memory, "descriptors"}, .ends = {"exit 0"}});
  all.push_back({.name = "links", .argv = {memory, "links"}, .ends = {"cpu.time"}});
  all.push_back(
      {.name = "module-large",
       .argv = bash("cd /tmp; { printf '\\0asm\\1\\0\\0\\0'; head -c 2M /dev/zero; } > huge; "
                    "chmod +x huge; exec ./huge"),
       .limits = {{"module.max", "1M"}},
       .ends = {"exit 126"}});
  all.push_back({.name = "module-functions",
                 .argv = {"huge"},
                 .limits = {{"compile.time", "200ms"}, {"cpu.time", "5s"}},
                 .ends = {"compile.time"},
                 .module = Attack::Module::kManyFunctions});
  all.push_back({.name = "module-memory",
                 .argv = {"huge"},
                 .limits = {{"memory.max", "30M"}, {"cpu.time", "5s"}},
                 .ends = {"memory.max"},
                 .module = Attack::Module::kManyFunctions});
  for (const char* attack : {"many", "one"}) {
    all.push_back({.name = std::string("modules-") + attack,
                   .argv = {program("modules"), attack},
                   .limits = {{"compile.time", "300ms"}, {"cpu.time", "5s"}},
                   .ends = {"exit 0"}});
  }
}

// An unsigned number as WebAssembly has them, in five bytes.
void put_number(std::vector<uint8_t>& bytes, size_t value) {
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>((value >> (7 * i) & 127) | 128));
  bytes.push_back(static_cast<uint8_t>(value >> 28 & 15));
}

void put_section(std::vector<uint8_t>& module, uint8_t id, const std::vector<uint8_t>& content) {
  module.push_back(id);
  put_number(module, content.size());
  module.insert(module.end(), content.begin(), content.end());
}

constexpr uint8_t kMagic[] = {0, 'a', 's', 'm', 1, 0, 0, 0};

// So much code that to compile it takes a second: 2,000 functions of 1,000 sums each, and a start
// that does nothing.
std::vector<uint8_t> many_functions() {
  constexpr size_t kFunctions = 2000, kSums = 1000;
  constexpr uint8_t kSum[] = {0x20, 0, 0x7c, 0x42, 3, 0x7e};  // (x + local 0) * 3
  std::vector<uint8_t> module(std::begin(kMagic), std::end(kMagic));
  put_section(module, 1, {2, 0x60, 0, 0, 0x60, 1, 0x7e, 1, 0x7e});  // () -> (), (i64) -> i64
  std::vector<uint8_t> functions, code;
  put_number(functions, kFunctions + 1);
  functions.push_back(0);
  functions.insert(functions.end(), kFunctions, 1);
  put_section(module, 3, functions);
  put_section(module, 5, {1, 0, 1});  // a page of memory
  put_section(module, 7, {1, 6, '_', 's', 't', 'a', 'r', 't', 0, 0});
  std::vector<uint8_t> body = {0, 0x20, 0};  // no locals; local.get 0
  for (size_t i = 0; i < kSums; ++i) {
    body.insert(body.end(), std::begin(kSum), std::end(kSum));
  }
  body.push_back(0x0b);
  put_number(code, kFunctions + 1);
  code.insert(code.end(), {2, 0, 0x0b});
  for (size_t i = 0; i < kFunctions; ++i) {
    body[7] = static_cast<uint8_t>(i % 60);  // the factor of the first sum
    put_number(code, body.size());
    code.insert(code.end(), body.begin(), body.end());
  }
  put_section(module, 10, code);
  return module;
}

}  // namespace

std::vector<Attack> attacks() {
  std::vector<Attack> all;
  add_cpu(all);
  add_events(all);
  add_memory(all);
  add_processes(all);
  add_files(all);
  return all;
}

Limits limits_of(const Attack& attack) {
  Limits limits;
  for (const auto* list : {&kLimits, &attack.limits}) {
    for (const LimitValue& limit : *list) {
      if (const auto failure = set_limit(limits, limit.name, limit.value)) {
        std::fprintf(stderr, "%s: %s\n", attack.name.c_str(), failure->message.c_str());
        std::exit(2);
      }
    }
  }
  return limits;
}

RunOptions run_options(const Attack& attack) {
  RunOptions options;
  options.argv = attack.argv;
  if (attack.module == Attack::Module::kManyFunctions) options.module = many_functions();
  return options;
}

std::string text_of(const RunResult& result) {
  switch (result.outcome) {
    case Outcome::kExited:
      return "exit " + std::to_string(result.exit_code);
    case Outcome::kSignaled:
      return "signal " + std::to_string(result.signal);
    case Outcome::kTimeout:
      return "wall.time";
    case Outcome::kLimit:
      return result.limit;
    case Outcome::kError:
      return "error " + result.error_type;
    case Outcome::kDenied:
    case Outcome::kCancelled:
      break;
  }
  return to_string(result.outcome);
}

bool as_expected(const Attack& attack, const RunResult& result) {
  return std::find(attack.ends.begin(), attack.ends.end(), text_of(result)) != attack.ends.end();
}

}  // namespace cloche::tenant
