#include "engine/runtime.h"

#include <cstring>

#include "engine/slot.h"
#include "engine/slot_memory.h"

namespace cloche::engine {
namespace {

// The slot that this thread creates or runs; see SlotScope.
thread_local Slot* current_slot = nullptr;

// The one callback behind all host functions.
wasm_trap_t* call_host(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* raw, size_t) {
  const auto* function = static_cast<const HostFunction*>(env);
  auto* slot = static_cast<Slot*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  Value values[kMaxParams];
  const size_t count = function->params.size();
  for (size_t i = 0; i < count; ++i) memcpy(&values[i], &raw[i], sizeof values[i]);
  function->call(function->env, *slot, values);
  if (!function->results.empty()) memcpy(&raw[0], &values[0], sizeof values[0]);
  return nullptr;
}

wasmtime_error_t* new_memory(void*, const wasm_memorytype_t*, size_t minimum, size_t,
                             size_t reserve, size_t guard, wasmtime_linear_memory_t* result) {
  if (!current_slot) return wasmtime_error_new("a memory outside of a slot");
  return current_slot->new_memory(minimum, reserve, guard, result);
}

wasmtime_error_t* new_stack(void*, size_t size, bool, wasmtime_stack_memory_t* result) {
  if (!current_slot) return wasmtime_error_new("a stack outside of a slot");
  return current_slot->new_stack(size, result);
}

wasm_config_t* make_config() {
  wasm_config_t* config = wasm_config_new();
  wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_CRANELIFT);
  wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_consume_fuel_set(config, false);
  wasmtime_config_debug_info_set(config, false);
  wasmtime_config_native_unwind_info_set(config, false);
  wasmtime_config_max_wasm_stack_set(config, kWasmStack);
  wasmtime_config_async_stack_size_set(config, kNativeStack);
  wasmtime_config_memory_reservation_set(config, kMaxMemory);
  wasmtime_config_memory_guard_size_set(config, kMemoryGuard);
  wasmtime_config_memory_may_move_set(config, false);
  // A host memory creator and copy-on-write initialisation exclude each other.
  wasmtime_config_memory_init_cow_set(config, false);
  wasmtime_config_wasm_reference_types_set(config, true);
  wasmtime_config_wasm_bulk_memory_set(config, true);
  wasmtime_config_wasm_multi_value_set(config, true);
  wasmtime_config_wasm_simd_set(config, true);
  wasmtime_config_wasm_tail_call_set(config, true);
  wasmtime_config_wasm_exceptions_set(config, true);
  wasmtime_config_wasm_relaxed_simd_set(config, false);
  wasmtime_config_wasm_multi_memory_set(config, false);
  wasmtime_config_wasm_memory64_set(config, false);
  wasmtime_config_wasm_gc_set(config, false);
  wasmtime_config_wasm_function_references_set(config, false);
  wasmtime_config_wasm_wide_arithmetic_set(config, false);
  wasmtime_config_wasm_custom_page_sizes_set(config, false);
  wasmtime_config_wasm_stack_switching_set(config, false);
  wasmtime_config_shared_memory_set(config, false);
  wasmtime_memory_creator_t memories{nullptr, new_memory, nullptr};
  wasmtime_config_host_memory_creator_set(config, &memories);
  wasmtime_stack_creator_t stacks{nullptr, new_stack, nullptr};
  wasmtime_config_host_stack_creator_set(config, &stacks);
  return config;
}

wasm_valkind_t kind_of(ValueType type) {
  switch (type) {
    case ValueType::kI32:
      return WASM_I32;
    case ValueType::kI64:
      return WASM_I64;
    case ValueType::kF32:
      return WASM_F32;
    case ValueType::kF64:
      return WASM_F64;
  }
  return WASM_I32;
}

char letter_of(ValueType type) { return "ijfd"[static_cast<size_t>(type)]; }

wasm_valtype_vec_t types_of(const std::vector<ValueType>& types) {
  wasm_valtype_vec_t result;
  wasm_valtype_vec_new_uninitialized(&result, types.size());
  for (size_t i = 0; i < types.size(); ++i) result.data[i] = wasm_valtype_new(kind_of(types[i]));
  return result;
}

// Is `text`, as "iij:i", the function's type?
bool has_type(const HostFunction& function, std::string_view text) {
  const size_t params = function.params.size();
  if (text.size() != params + 1 + function.results.size() || text[params] != ':') return false;
  for (size_t i = 0; i < params; ++i) {
    if (text[i] != letter_of(function.params[i])) return false;
  }
  return function.results.empty() || text[params + 1] == letter_of(function.results[0]);
}

}  // namespace

std::string type_text(const HostFunction& function) {
  std::string text;
  for (ValueType type : function.params) text += letter_of(type);
  text += ':';
  for (ValueType type : function.results) text += letter_of(type);
  return text;
}

SlotScope::SlotScope(Slot* slot) : previous_(current_slot) { current_slot = slot; }
SlotScope::~SlotScope() { current_slot = previous_; }

Result<std::unique_ptr<HostFunctions>> HostFunctions::create(std::vector<HostFunction> functions) {
  auto result = std::make_unique<HostFunctions>();
  result->functions_ = std::move(functions);
  result->index_.reserve(result->functions_.size());
  for (const HostFunction& function : result->functions_) {
    if (!function.call || function.params.size() > kMaxParams || function.results.size() > 1) {
      return make_error(Code::kInvalidArgument, "the host function %s.%s cannot be offered",
                        function.module.c_str(), function.name.c_str());
    }
    if (!result->index_.emplace(Name{function.module, function.name}, &function).second) {
      return make_error(Code::kInvalidArgument, "the host function %s.%s is there twice",
                        function.module.c_str(), function.name.c_str());
    }
  }
  return result;
}

const HostFunction* HostFunctions::find(std::string_view module, std::string_view name) const {
  auto found = index_.find(Name{module, name});
  return found == index_.end() ? nullptr : found->second;
}

Result<std::unique_ptr<Runtime>> Runtime::create(const HostFunctions& functions,
                                                 Collector collector) {
  std::unique_ptr<Runtime> runtime(new Runtime(functions));
  CrateBytes message;
  runtime->engine_.reset(
      cloche_engine_new(make_config(), collector == Collector::kNull, message.out()));
  if (!runtime->engine_) {
    return make_error(Code::kUnsupported, "wasmtime: %s", message.text().c_str());
  }
  cloche_engine_fingerprint(runtime->engine_.get(), &runtime->fingerprint_);
  return runtime;
}

Result<const HostFunction*> Runtime::answer_to(const Import& import) const {
  const HostFunction* function = functions_.find(import.module, import.name);
  if (!function) {
    return make_error(Code::kUnsupported, "the module imports %s.%s, which does not exist",
                      import.module.c_str(), import.name.c_str());
  }
  if (!has_type(*function, import.type)) {
    return make_error(Code::kUnsupported, "the module imports %s.%s as %s, but it is %s",
                      import.module.c_str(), import.name.c_str(), import.type.c_str(),
                      type_text(*function).c_str());
  }
  return function;
}

Status Runtime::check_imports(const std::vector<Import>& imports) const {
  for (const Import& import : imports) TRY(answer_to(import));
  return ok_status();
}

Status Runtime::define(const HostFunction& function, wasmtime_linker_t* linker) const {
  wasm_valtype_vec_t params = types_of(function.params);
  wasm_valtype_vec_t results = types_of(function.results);
  FuncTypeHandle type(wasm_functype_new(&params, &results));
  ErrorHandle error(wasmtime_linker_define_func_unchecked(
      linker, function.module.data(), function.module.size(), function.name.data(),
      function.name.size(), type.get(), call_host, const_cast<HostFunction*>(&function), nullptr));
  if (error) return make_error(Code::kInternal, "%s", message_of(error.get()).c_str());
  return ok_status();
}

// Only what the module asks for is put into the linker: making all host functions known to wasmtime
// would be a good part of what a short program costs.
Result<InstancePreHandle> Runtime::link(const std::vector<Import>& imports,
                                        const wasmtime_module_t* code) const {
  LinkerHandle linker(wasmtime_linker_new(engine_.get()));
  wasmtime_linker_allow_shadowing(linker.get(), true);  // a module may import a function twice
  for (const Import& import : imports) {
    const HostFunction* function = TRY(answer_to(import));
    TRY(define(*function, linker.get()));
  }
  wasmtime_instance_pre_t* pre = nullptr;
  ErrorHandle error(wasmtime_linker_instantiate_pre(linker.get(), code, &pre));
  if (error) return make_error(Code::kInternal, "%s", message_of(error.get()).c_str());
  return InstancePreHandle(pre);
}

}  // namespace cloche::engine
