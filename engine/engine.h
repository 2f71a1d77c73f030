// The engine: WebAssembly programs that can be started, stopped, forked and thrown away.
//
// A *module* is a checked, compiled program. A *pool* belongs to one tenant (one sandbox) and owns
// everything that runs for it. A *context* is one thread of control: a wasm stack, the mutable
// globals, and a reference to a *memory* (an address space). fork() copies all three; clone()
// shares the memory. Contexts forked from one another form a *family* and share one *slot* (store,
// instance, native stack, address range); one of them is resident in it at a time, and run() brings
// a context in by itself. How it works, and the rules it rests on: docs/fork.md and
// engine/README.md.
//
// Thread class: Engine and Module are safe. A Pool and its contexts belong to one thread at a time;
// they may be handed to another thread between two calls. Nothing here throws. Nothing of wasmtime
// is visible outside this folder.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace cloche::engine {

class Context;
class Pool;
class Engine;

enum class ValueType : uint8_t { kI32, kI64, kF32, kF64 };

union Value {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
};

// The linear memory of the resident context. `size` is the slot's declared size in bytes. The
// pointer is good until the next call that may make another context resident, or grow_memory().
struct MemoryView {
  uint8_t* data = nullptr;
  uint64_t size = 0;
};

// What a host function sees of its caller. Lives only for the call.
class Call {
 public:
  virtual MemoryView memory() = 0;
  virtual Context& context() = 0;  // the running context (its user() tells whose it is)
  // Asks the guest to stop at the next function it enters; run() then returns kSuspended. The
  // function still returns to the guest. A guest that does not enter a function goes on running
  // until the next tick.
  virtual void suspend() = 0;

 protected:
  ~Call() = default;
};

// One import that the host offers. `call` gets the parameters in `values` and leaves the result, if
// the type has one, in values[0]. It must not throw, block, or run guest code.
struct HostFunction {
  std::string module, name;
  std::vector<ValueType> params;
  std::vector<ValueType> results;  // none or one
  void (*call)(void* env, Call& call, Value* values) noexcept = nullptr;
  void* env = nullptr;
};

enum class TrapKind : uint8_t {
  kUnreachable,
  kMemoryOutOfBounds,
  kDivisionByZero,
  kIntegerOverflow,
  kBadConversion,
  kStackOverflow,
  kBadIndirectCall,  // null, out of bounds or another signature
  kUncaughtException,
  kOutOfMemory,  // the exception heap is full
  kOther,
};

struct Stop {
  enum class Reason : uint8_t {
    kSuspended,  // stopped after Call::suspend()
    kPreempted,  // a tick, and the pool's should_yield() said so
    kTrapped,    // this context is over; its relatives are not
    kReturned,   // the entry function returned; this context is over
  };
  Reason reason = Reason::kSuspended;
  TrapKind trap = TrapKind::kOther;  // for kTrapped
  std::string message;               // for kTrapped: what the engine says, for a log
};

struct Import {
  std::string module, name, type;  // type as "iij:i"
};

struct ModuleLimits {
  uint64_t max_bytes = 64 << 20;      // of the wasm file
  uint32_t max_memory_pages = 65536;  // declared minimum, of 64 KiB
};

struct CompileLimits {
  int64_t max_ns = INT64_MAX;       // CPU time
  uint64_t max_bytes = UINT64_MAX;  // memory that the compiler holds at a time
};

// What a compilation may take, and what it has taken. Others may look at it, and end it, while it
// is under way. Thread class: safe, but for the limits, which are set before.
struct Compilation : CompileLimits {
  std::atomic<bool> cancelled{false};
  std::atomic<int64_t> spent_ns{0};
  std::atomic<uint64_t> held_bytes{0};
  // Which of the limits ended it.
  enum class End : uint8_t { kNone, kTime, kMemory, kCancelled };
  std::atomic<End> end{End::kNone};
};

class Module;
using ModuleRef = std::shared_ptr<const Module>;

// A module that is being loaded by a thread of its own. Thread class: safe.
class Loading {
 public:
  virtual ~Loading() = default;
  // Readable as soon as done(); never read from. Its own for as long as it lives.
  virtual int fd() const = 0;
  virtual bool done() const = 0;
  // Nobody waits for it any more: it ends as soon as it looks.
  virtual void cancel() = 0;
  virtual int64_t spent_ns() const = 0;     // CPU time, until now
  virtual uint64_t held_bytes() const = 0;  // memory, now
  virtual Compilation::End end() const = 0;
  // Once it is done: as load().
  virtual const Result<ModuleRef>& result() const = 0;
};

// A compiled program. Immutable, shared by all sandboxes of the process.
class Module {
 public:
  virtual ~Module() = default;
  virtual const std::array<uint8_t, 32>& hash() const = 0;  // SHA-256 of the wasm file
  virtual const std::vector<Import>& imports() const = 0;
  virtual uint64_t initial_memory() const = 0;  // bytes, a multiple of 64 KiB
  virtual uint64_t max_memory() const = 0;      // bytes the module allows itself, <= 4 GiB - 64 KiB
  // Whether it exports `__cloche_warm` and `__cloche_resume`, functions without parameters and
  // results: the first does what is the same in every process, the second goes on from the memory
  // and the globals that it left.
  virtual bool can_be_ready() const = 0;
};

// What `__cloche_warm` left: memory and globals, and no stack. Immutable, shared by all sandboxes,
// so it must not come from one that holds anything of anybody.
class ReadyImage {
 public:
  virtual ~ReadyImage() = default;
  virtual const ModuleRef& module() const = 0;
  virtual uint64_t memory_bytes() const = 0;          // of the memory, a multiple of 64 KiB
  virtual std::span<const uint8_t> note() const = 0;  // what its maker needs to know of it
};

using ImageRef = std::shared_ptr<const ReadyImage>;

// Where a context starts.
enum class EntryPoint : uint8_t { kStart, kWarm };

// Called when a module begins to be compiled and when that is over, by the thread that loads it.
enum class CompileStep : uint8_t { kBegin, kEnd };
using Progress = std::function<void(CompileStep step, uint64_t module_bytes)>;

struct EngineOptions {
  std::string cache_dir;  // for compiled code; empty: no cache on disk
  std::vector<HostFunction> host_functions;
  std::chrono::microseconds tick{1000};
  Progress progress;
};

struct PoolOptions {
  // Asked on a tick while a context runs: shall it yield? Called on the running thread, between two
  // guest instructions; it must not touch the pool.
  bool (*should_yield)(void* env) noexcept = nullptr;
  // Asked when a program grows its memory by itself (memory.grow) from `bytes` to `to`, both at
  // most max_memory: may it? If not, memory.grow gives -1. Called as should_yield is, but on an
  // instruction of the guest; what a host function may ask of the running context, this may, too.
  bool (*may_grow)(void* env, uint64_t bytes, uint64_t to) noexcept = nullptr;
  void* env = nullptr;               // of both
  uint64_t max_memory = 4ull << 30;  // upper bound of one address space, bytes
  uint32_t max_idle_slots = 16;      // slots kept for re-use after their last context ended
};

// One thread of control. Destroying it discards it at whatever point it stands.
class Context {
 public:
  virtual ~Context() = default;

  // Runs until it stops. Must not be called again after kTrapped or kReturned.
  virtual Stop run() = 0;

  // A copy of this suspended context: stack, globals and memory. Cost: the pages written since the
  // last fork. The copy continues at the same point when it is run. Which of the two is resident
  // afterwards is open: ask memory() again.
  virtual Result<std::unique_ptr<Context>> fork() = 0;

  // A second context at the same point, in the same memory, with its own wasm stack and globals.
  // Its exported global `__stack_pointer` is set to `stack_pointer` unless that is 0, and
  // `__cloche_tp` to `thread_pointer` unless that is 0.
  virtual Result<std::unique_ptr<Context>> clone(uint32_t stack_pointer,
                                                 uint32_t thread_pointer) = 0;

  // Sets the thread pointer global of this context (0 is a valid value here). Also during a call.
  virtual void set_thread_pointer(uint32_t value) = 0;

  // The memory, made resident first if need be. Not while another context of the pool runs.
  virtual MemoryView memory() = 0;

  // Grows the memory to at least `bytes` (rounded up to 64 KiB); also inside a host function.
  // Errors: kResourceExhausted beyond the module's or the pool's maximum, or no host memory.
  virtual Status grow_memory(uint64_t bytes) = 0;

  // Gives pages back: [offset, offset+size), page-aligned (4096), reads as zeroes afterwards.
  virtual Status discard_memory(uint64_t offset, uint64_t size) = 0;

  // Bytes of host memory that this context's address space holds alone (private pages and own
  // layers). Cost: one scan of the page tables.
  virtual uint64_t private_bytes() = 0;

  // Of a context that started at kWarm and returned, once, before another one of the pool runs: a
  // copy of its memory and globals. Errors: kResourceExhausted.
  virtual Result<ImageRef> take_image(std::span<const uint8_t> note) = 0;

  // Do both run in the same memory (by clone)?
  virtual bool shares_memory(const Context& other) const = 0;

  virtual void* user() const = 0;
  virtual void set_user(void* user) = 0;
  virtual const Module& module() const = 0;
};

// All that runs for one tenant. No slot, page or stack of it is ever used for another tenant.
class Pool {
 public:
  virtual ~Pool() = default;
  // A context standing at the start of the module's entry function `_start`.
  // Errors: kUnsupported if the module imports something no host function offers (the message names
  // it), kResourceExhausted.
  // `entry`: kWarm only for a module that can be ready.
  virtual Result<std::unique_ptr<Context>> start(const ModuleRef& module, void* user,
                                                 EntryPoint entry = EntryPoint::kStart) = 0;
  // A context at the start of `__cloche_resume`, in memory as the image has it. Errors: the same.
  virtual Result<std::unique_ptr<Context>> start(const ImageRef& image, void* user) = 0;
  // Host memory that belongs to this tenant: pages of all its contexts, layers (also those that
  // several contexts share, which private_bytes() leaves out), exception heaps. Cost: scans of page
  // tables, of what may have changed since the last time; an addition for each context beside.
  virtual uint64_t host_bytes() const = 0;
};

struct EngineStats {
  uint64_t compiles = 0, cache_hits = 0, cache_rejects = 0;
  uint64_t forks = 0, switches = 0, preemptions = 0, traps = 0, slots = 0;
  uint64_t lost_slots = 0;  // whose address space could not be given back (4 GiB each, no memory)
};

// One line of `cloche doctor`.
struct Finding {
  std::string name;
  bool ok = true;
  std::string detail;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Checks the host, opens the cache, and runs the fork self-check, unless the cache says that it
  // passed under the same conditions before. Errors: kUnsupported with the reason when this host
  // cannot fork by stack swap; kInvalidArgument, kPermissionDenied for the cache.
  static Result<std::unique_ptr<Engine>> create(EngineOptions options);

  // What create() would find, line by line, without stopping at the first problem. Always tries.
  static std::vector<Finding> probe(const std::string& cache_dir);

  // Checks and compiles a module, or takes it from memory or the disk cache. What it looks at of
  // `compilation` it looks at between the compiler's passes over one function.
  // Errors: kMalformed (not wasm, truncated, invalid), kUnsupported (a feature or import the
  // sandbox does not offer), kResourceExhausted (over `limits`; ended by `compilation`, which says
  // why). Thread class: safe.
  virtual Result<ModuleRef> load(std::span<const uint8_t> wasm, const ModuleLimits& limits,
                                 Compilation& compilation) = 0;
  Result<ModuleRef> load(std::span<const uint8_t> wasm, const ModuleLimits& limits) {
    Compilation unlimited;
    return load(wasm, limits, unlimited);
  }

  // The same on a thread of its own, of a low priority. Errors, of the thread alone:
  // kResourceExhausted (the host has none left).
  virtual Result<std::shared_ptr<Loading>> load_aside(std::vector<uint8_t> wasm,
                                                      const ModuleLimits& limits,
                                                      const CompileLimits& compile_limits) = 0;

  // The module with this hash if it is in memory or in the cache on disk, without its wasm bytes;
  // null if it must be compiled.
  virtual ModuleRef find(const std::array<uint8_t, 32>& hash) = 0;

  // An image that was kept under that key, by this engine or in the cache on disk; null: none.
  // Thread class: safe.
  using ImageKey = std::array<uint8_t, 32>;
  virtual ImageRef find_image(const ModuleRef& module, const ImageKey& key) = 0;
  // Keeps it as long as the engine lives, and on disk if there is a cache. The key stands for all
  // that the image depends on but the module. Thread class: safe.
  virtual void keep_image(const ImageRef& image, const ImageKey& key) = 0;

  virtual std::unique_ptr<Pool> create_pool(const PoolOptions& options) = 0;
  // A tick now: what runs asks should_yield() as soon as it can, rather than at the next one.
  // Thread class: safe. Cost: an addition, and a question to each that runs.
  virtual void tick() noexcept = 0;
  virtual EngineStats stats() const = 0;
  virtual std::string version() const = 0;  // "wasmtime 48.0.8"
};

}  // namespace cloche::engine
