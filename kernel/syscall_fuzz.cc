// Random system calls with random arguments, by processes that also break the suspension protocol:
// the kernel must neither crash nor read or write outside the guest's memory (ASan, UBSan), nor go
// beyond its limits. Programs are those of the fake engine; the input decides everything: its last
// byte, whether the program is one for WASI, which calls nothing else.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/kernel.h"
#include "kernel/syscalls/table.h"
#include "kernel/testing/clocks.h"
#include "kernel/testing/fake_engine.h"
#include "vfs/memfs.h"

namespace cloche::kernel::testing {
namespace {

constexpr uint64_t kMemory = 256 << 10;
constexpr uint32_t kProcesses = 12, kFiles = 24;

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return at_ >= size_; }
  uint8_t byte() { return empty() ? 0 : data_[at_++]; }
  uint32_t word() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = (value << 8) | byte();
    return value;
  }

 private:
  const uint8_t* data_;
  size_t size_, at_ = 0;
};

// Values that are worth trying: edges of memory and of integers, small numbers, places where the
// program keeps paths and structures.
int32_t choose_argument(Input& input) {
  const uint8_t kind = input.byte();
  const uint32_t low = input.byte();
  switch (kind % 10) {
    case 0:
      return static_cast<int32_t>(low % 8);
    case 1:
      return -static_cast<int32_t>(low % 4);
    case 2:
      return static_cast<int32_t>(kMemory - low);
    case 3:
      return static_cast<int32_t>(0u - low);
    case 4:
      return INT32_MAX - static_cast<int32_t>(low % 4);
    case 5:
      return static_cast<int32_t>(0x1000 + 64 * low);  // paths and structures
    case 6:
      return static_cast<int32_t>(low << (input.byte() % 24));
    case 7:
      return static_cast<int32_t>(input.word());
    case 8:
      return static_cast<int32_t>(low % kFiles);
    default:
      return static_cast<int32_t>(low * 4096);
  }
}

const SyscallRow& row_at(size_t number) {
  const auto first = linux_rows(), second = kern_rows();
  number %= first.size() + second.size();
  return number < first.size() ? first[number] : second[number - first.size()];
}

const SyscallRow& wasi_row_at(size_t number) { return wasi_rows()[number % wasi_rows().size()]; }

// An i64 is one argument here, and gets the sign of its low half.
size_t arguments_of(const SyscallRow& row) {
  return row.params ? std::strlen(row.params) : row.arity;
}

// Names of sockets, 64 bytes apart, and lengths that fit them.
void prepare_addresses(FakeGuest& g, uint32_t at) {
  constexpr uint16_t kUnix = 1, kInet = 2, kInet6 = 10;
  constexpr uint32_t kStep = 64;
  constexpr uint8_t kPort = 0x70;  // 28,672
  const auto start = [&g, &at](uint16_t family, uint8_t port) {
    at += kStep;
    g.store<uint16_t>(at, family);
    g.store<uint8_t>(at + 2, port);
  };
  start(kInet, kPort);
  const uint32_t here = 0x0100007f;  // 127.0.0.1
  g.store<uint32_t>(at + 4, here);
  start(kInet, 0);
  start(kInet, kPort);
  const uint32_t far = 0x08080808;
  g.store<uint32_t>(at + 4, far);
  start(kInet6, kPort);
  g.store<uint8_t>(at + 23, 1);
  start(kInet6, kPort);
  start(kInet6, 0);
  start(0, 0);
  start(kUnix, 0);
  g.text(at + 2, "/tmp/s");
  start(kUnix, 0);
  g.store<uint8_t>(at + 3, 'n');
  constexpr uint32_t kSizes[] = {16, 28, 8, 110};
  for (const uint32_t size : kSizes) {
    at += kStep;
    g.store<uint32_t>(at, size);
  }
}

void prepare_memory(FakeGuest& g) {
  static constexpr const char* kPaths[] = {"/",
                                           ".",
                                           "..",
                                           "/tmp",
                                           "/tmp/a",
                                           "a",
                                           "/tmp/a/b",
                                           "/dev/null",
                                           "/dev/tty",
                                           "/dev/ptmx",
                                           "/proc/self/fd/0",
                                           "/proc/self",
                                           "/bin/fuzz",
                                           "/tmp/link",
                                           "/dev/pts/0",
                                           "/proc/1/stat",
                                           ""};
  uint32_t at = 0x1000;
  for (const char* path : kPaths) {
    g.text(at, path);
    at += 64;
  }
  // What follows reads as pointers to them, as io vectors, or as times.
  for (uint32_t i = 0; i < 64; ++i) g.store<uint32_t>(at + 4 * i, 0x1000 + 64 * (i % 20));
  prepare_addresses(g, at + 4 * 64);
}

using Rows = const SyscallRow& (*)(size_t number);

void fuzz_body(FakeGuest& g, Input& input, Rows rows) {
  prepare_memory(g);
  const auto ask = [&g, &input](auto choose) {
    return static_cast<int32_t>(g.ask([&] { return static_cast<int64_t>(choose(input)); }));
  };
  while (ask([](Input& in) { return in.empty() ? 1 : 0; }) == 0) {
    const SyscallRow& row =
        rows(static_cast<uint32_t>(ask([](Input& in) { return in.byte() << 8 | in.byte(); })));
    std::vector<int32_t> arguments;
    for (size_t i = arguments_of(row); i > 0; --i) arguments.push_back(ask(choose_argument));
    const std::string name = std::string(row.module) + "." + row.name;
    int32_t result = g.raw_with(name, arguments);
    const int32_t habit = ask([](Input& in) { return static_cast<int32_t>(in.byte()); });
    if (habit % 8 == 0) g.tick();
    if (habit % 16 == 1) continue;  // abandons what is suspended
    for (int turns = 0; result == kSuspended && turns < 50; ++turns) {
      g.yield_point();
      result = row.kind == 'w' ? g.raw_with(name, arguments) : g.raw_with("kern.result", {});
    }
    g.yield_point();
  }
  g.exit(0);
}

void check_limits(Kernel& kernel) {
  uint32_t tasks = 0;
  for (const Process* process : kernel.all_processes())
    tasks += std::max<uint32_t>(1, static_cast<uint32_t>(process->threads.size()));
  if (tasks > kProcesses) std::abort();
}

std::unique_ptr<Kernel> make_kernel(FakeEngine& engine, ManualClock& clock,
                                    CountingRandom& random) {
  KernelOptions options;
  const vfs::InodeRef root = vfs::make_memfs(
      {.clock = &clock, .budget = make_ref<vfs::Budget>(1u << 20, 200u), .uid = 1000, .gid = 1000});
  const vfs::CreateAttr folder{.mode = 0755, .uid = 1000, .gid = 1000};
  for (const char* name : {"bin", "tmp", "dev", "proc"}) (void)root->mkdir(name, folder);
  for (const char* name : {"fuzz", "wasi"}) {
    const auto file = (*root->lookup("bin"))->create(name, folder);
    const std::string content = FakeEngine::file_of(name);
    const auto* bytes = reinterpret_cast<const uint8_t*>(content.data());
    (void)(*(*file)->open(vfs::OpenAccess::kWrite))->write_at(0, {bytes, content.size()});
  }
  (void)(*root->lookup("tmp"))->symlink("link", "/tmp/a", folder);
  options.engine = &engine;
  options.clock = &clock;
  options.random = &random;
  options.names = std::make_unique<vfs::Namespace>(root);
  options.limits.processes = kProcesses;
  options.limits.open_files = kFiles;
  options.limits.address_space = 2 << 20;
  options.limits.memory = 16 << 20;
  options.limits.argument_bytes = 8192;
  return Kernel::create(std::move(options));
}

Input* current_input = nullptr;

// The same for all inputs: to make its table of system calls takes longer than most inputs do.
FakeEngine& shared_engine() {
  static FakeEngine engine(host_functions());
  static const bool has_program = [] {
    engine.add_program(
        "fuzz", [](FakeGuest& g) { fuzz_body(g, *current_input, &row_at); }, kMemory, 4 << 20);
    engine.add_program("wasi", [](FakeGuest& g) { fuzz_body(g, *current_input, &wasi_row_at); },
                       kMemory, 4 << 20, {{"wasi_snapshot_preview1", "fd_write", "iiii:i"}});
    return true;
  }();
  (void)has_program;
  return engine;
}

void run(const uint8_t* data, size_t size) {
  Input input(data, size);
  ManualClock clock;
  CountingRandom random;
  FakeEngine& engine = shared_engine();
  engine.record().clear();
  current_input = &input;
  auto kernel = make_kernel(engine, clock, random);
  StartOptions start;
  const bool wasi = size > 0 && data[size - 1] >= 0x80;
  start.path = wasi ? "/bin/wasi" : "/bin/fuzz";
  start.argv = {wasi ? "wasi" : "fuzz"};
  start.cwd = "/tmp";
  const auto pid = kernel->start(std::move(start));
  if (!pid.ok()) std::abort();
  for (int turns = 0; turns < 2000; ++turns) {
    const Kernel::Idle idle = kernel->run(100'000);
    check_limits(*kernel);
    if (idle == Kernel::Idle::kFinished) break;
    if (idle != Kernel::Idle::kWaiting) continue;
    const int64_t next = kernel->next_deadline();
    if (next == Call::kNoDeadline) break;
    clock.now = std::max(clock.now, std::min(next, clock.now + 1'000'000'000'000));
  }
  kernel->kill_all();
  if (!kernel->all_processes().empty()) std::abort();
  kernel = nullptr;
  if (engine.contexts != 0) std::abort();
}

}  // namespace
}  // namespace cloche::kernel::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  cloche::kernel::testing::run(data, size);
  return 0;
}
