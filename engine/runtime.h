// One configured wasmtime engine, and the host functions that its modules are linked with. There
// are at most two: they differ in the collector of exception objects (docs/fork.md, "Exceptions").
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {

class Slot;

inline constexpr size_t kMaxParams = 16;
inline constexpr uint64_t kWasmStack = 2ull << 20;    // what a program may use
inline constexpr uint64_t kNativeStack = 4ull << 20;  // the rest is for host functions

// The host functions of an engine, by name. Immutable once made.
class HostFunctions {
 public:
  // Errors: kInvalidArgument (no name, no function, too many parameters, a name twice).
  static Result<std::unique_ptr<HostFunctions>> create(std::vector<HostFunction> functions);
  const std::vector<HostFunction>& all() const { return functions_; }
  const HostFunction* find(std::string_view module, std::string_view name) const;

 private:
  struct Name {
    std::string_view module, name;
    bool operator==(const Name&) const = default;
  };
  struct NameHash {
    size_t operator()(const Name& name) const {
      return std::hash<std::string_view>()(name.module) * 31 +
             std::hash<std::string_view>()(name.name);
    }
  };
  std::vector<HostFunction> functions_;
  std::unordered_map<Name, const HostFunction*, NameHash> index_;  // names are in functions_
};

// "iij:i"
std::string type_text(const HostFunction& function);

// While one of these lives, memories and stacks that wasmtime creates on this thread are `slot`'s.
// (Its callbacks do not say for whom they ask.)
class SlotScope {
 public:
  explicit SlotScope(Slot* slot);
  ~SlotScope();
  SlotScope(const SlotScope&) = delete;
  SlotScope& operator=(const SlotScope&) = delete;

 private:
  Slot* const previous_;
};

// Thread class: safe.
class Runtime {
 public:
  enum class Collector {
    kCounting,  // frees exception objects; for programs that keep none across a suspension
    kNull,      // never frees
  };

  // `functions` must outlive the runtime.
  static Result<std::unique_ptr<Runtime>> create(const HostFunctions& functions,
                                                 Collector collector);

  wasm_engine_t* engine() const { return engine_.get(); }
  // Differs where compiled code is not interchangeable.
  uint64_t fingerprint() const { return fingerprint_; }
  // Errors: kUnsupported, naming the first import that no host function answers.
  Status check_imports(const std::vector<Import>& imports) const;
  // What instances of `code` are made from: the module joined to the host functions it imports.
  // Errors: as check_imports(); kInternal.
  Result<InstancePreHandle> link(const std::vector<Import>& imports,
                                 const wasmtime_module_t* code) const;
  void increment_epoch() { wasmtime_engine_increment_epoch(engine_.get()); }

 private:
  explicit Runtime(const HostFunctions& functions) : functions_(functions) {}
  // Errors: kUnsupported.
  Result<const HostFunction*> answer_to(const Import& import) const;
  Status define(const HostFunction& function, wasmtime_linker_t* linker) const;

  const HostFunctions& functions_;
  EngineHandle engine_;
  uint64_t fingerprint_ = 0;
};

}  // namespace cloche::engine
