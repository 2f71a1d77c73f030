// An engine whose programs are C++ functions: kernel tests without WebAssembly, in one OS thread,
// with one order of events.
//
// A program runs on a stack of its own (ucontext). A stack cannot be copied, so fork() does it by
// replay: everything that a program learns through its FakeGuest (results of calls, bytes of
// memory) is logged, and the copy runs the function from its start with the log's answers until the
// log ends, and lives from there. So a program must depend on nothing but its FakeGuest, and keep
// no objects on its stack whose destructors it needs when its process is killed.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace cloche::kernel::testing {

class FakeContext;
class FakePool;
class FakeGuest;

using Body = std::function<void(FakeGuest&)>;

// How a program speaks to the kernel: host calls by the protocol of abi/README.md, as libc does it.
class FakeGuest {
 public:
  explicit FakeGuest(FakeContext& context) : context_(context) {}

  // A whole call: suspends, fetches the result, runs handlers, restarts. "read" is linux.read,
  // "kern.fork" itself.
  template <class... Arguments>
  int32_t call(const std::string& name, Arguments... arguments) {
    return call_with(name, {static_cast<int32_t>(arguments)...});
  }
  // The bare host call, for programs that break the protocol.
  template <class... Arguments>
  int32_t raw(const std::string& name, Arguments... arguments) {
    return raw_with(name, {static_cast<int32_t>(arguments)...});
  }
  // The same with a list.
  int32_t raw_with(const std::string& name, const std::vector<int32_t>& arguments);
  // Something from outside that decides what the program does.
  int64_t ask(const std::function<int64_t()>& question);
  int32_t fork() { return call("kern.fork"); }
  [[noreturn]] void exit(int32_t code);
  // The empty function of the protocol.
  void yield_point();
  // One turn of a loop, at which a tick may stop the program.
  void tick();
  [[noreturn]] void trap(engine::TrapKind kind);

  // Memory. Addresses are the test's own choice; bounds are checked by the test's crash.
  template <class T>
  T load(uint32_t address) {
    T value{};
    load_bytes(address, &value, sizeof value);
    return value;
  }
  template <class T>
  void store(uint32_t address, const T& value) {
    store_bytes(address, &value, sizeof value);
  }
  // Writes a string with its NUL; returns its address.
  uint32_t text(uint32_t address, const std::string& value);
  // NULL-terminated array of pointers at `address`, the strings behind it; returns `address`.
  uint32_t list(uint32_t address, const std::vector<std::string>& values);
  std::string string_at(uint32_t address);
  uint64_t memory_size();
  // The instruction memory.grow, in bytes (whole WebAssembly pages): the old size, or -1.
  int64_t memory_grow(uint64_t bytes);

  // Registers what runs for a signal whose sigaction handler is `index` (>= 16).
  void on_signal(uint32_t index, std::function<void(FakeGuest&, int32_t signo)> handler);
  // sigaction with a handler index, SIG_DFL (0) or SIG_IGN (1).
  int32_t sigaction(int32_t signo, uint32_t handler, uint32_t flags = 0, uint64_t mask = 0);
  // waitpid: the child's pid, its status as the macros of wait.h take it apart in *status.
  int32_t wait(int32_t pid, int32_t* status, uint32_t options = 4);

  // Adds a line to the engine's record; what a forked program says in its replay is not said twice.
  void say(const std::string& line);

  // Scratch memory that call wrappers of this class use.
  static constexpr uint32_t kScratch = 0x100;
  static constexpr uint32_t kSignalWord = 0x80;

 private:
  int32_t call_with(const std::string& name, std::vector<int32_t> arguments);
  void load_bytes(uint32_t address, void* out, size_t size);
  void store_bytes(uint32_t address, const void* in, size_t size);
  // Runs handlers; true if all of them had SA_RESTART.
  bool run_handlers(bool* ran);

  FakeContext& context_;
  std::map<uint32_t, std::function<void(FakeGuest&, int32_t)>> handlers_;
};

class FakeModule final : public engine::Module {
 public:
  FakeModule(std::string name, Body body, uint64_t memory, uint64_t maximum,
             std::vector<engine::Import> imports);
  const std::array<uint8_t, 32>& hash() const override { return hash_; }
  const std::vector<engine::Import>& imports() const override { return imports_; }
  uint64_t initial_memory() const override { return memory_; }
  uint64_t max_memory() const override { return maximum_; }
  bool can_be_ready() const override { return false; }
  const Body& body() const { return body_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  Body body_;
  uint64_t memory_, maximum_;
  std::array<uint8_t, 32> hash_{};
  std::vector<engine::Import> imports_;
};

class FakeLoading;

class FakeEngine final : public engine::Engine {
 public:
  explicit FakeEngine(std::vector<engine::HostFunction> functions);

  // Defines a program; the file that names it has the bytes file_of(name). Whatever it imports, it
  // can call all functions.
  void add_program(const std::string& name, Body body, uint64_t memory = 1 << 20,
                   uint64_t maximum = uint64_t{1} << 28, std::vector<engine::Import> imports = {});
  static std::string file_of(const std::string& name) { return std::string("\0asm", 4) + name; }
  const engine::HostFunction* find_function(const std::string& name) const;
  std::vector<std::string>& record() { return record_; }
  int contexts = 0;         // alive, of all pools
  uint64_t host_bytes = 0;  // what pools say they use
  int64_t compile_ns = 10;  // what loading a program takes
  uint64_t compile_bytes = 0;
  // Set: a program that is loaded aside is ready only after finish_loading().
  bool loads_slowly = false;
  int loading() const { return static_cast<int>(loadings_.size()); }
  void finish_loading();  // all that are under way, those that were cancelled, too

  Result<engine::ModuleRef> load(std::span<const uint8_t> wasm, const engine::ModuleLimits& limits,
                                 engine::Compilation& compilation) override;
  Result<std::shared_ptr<engine::Loading>> load_aside(
      std::vector<uint8_t> wasm, const engine::ModuleLimits& limits,
      const engine::CompileLimits& compile_limits) override;
  engine::ModuleRef find(const std::array<uint8_t, 32>& hash) override;
  engine::ImageRef find_image(const engine::ModuleRef&, const ImageKey&) override {
    return nullptr;
  }
  void keep_image(const engine::ImageRef&, const ImageKey&) override {}
  std::unique_ptr<engine::Pool> create_pool(const engine::PoolOptions& options) override;
  engine::EngineStats stats() const override { return {}; }
  void tick() noexcept override {}
  std::string version() const override { return "fake"; }

 private:
  std::map<std::string, engine::HostFunction> functions_;
  std::map<std::string, engine::ModuleRef> programs_;
  std::vector<std::shared_ptr<FakeLoading>> loadings_;
  std::vector<std::string> record_;
};

}  // namespace cloche::kernel::testing
