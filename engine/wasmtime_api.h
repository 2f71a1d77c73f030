// Ownership of the C API's objects. Only engine/*.cc include this.
#pragma once

#include <memory>
#include <string>

#include "engine/wasmtime/cloche_wasmtime.h"

namespace cloche::engine {

template <auto kDelete>
struct CallOnDelete {
  template <class T>
  void operator()(T* object) const {
    kDelete(object);
  }
};

template <class T, auto kDelete>
using Handle = std::unique_ptr<T, CallOnDelete<kDelete>>;

using EngineHandle = Handle<wasm_engine_t, wasm_engine_delete>;
using ModuleHandle = Handle<wasmtime_module_t, wasmtime_module_delete>;
using LinkerHandle = Handle<wasmtime_linker_t, wasmtime_linker_delete>;
using InstancePreHandle = Handle<wasmtime_instance_pre_t, wasmtime_instance_pre_delete>;
using StoreHandle = Handle<wasmtime_store_t, wasmtime_store_delete>;
using FutureHandle = Handle<wasmtime_call_future_t, wasmtime_call_future_delete>;
using TrapHandle = Handle<wasm_trap_t, wasm_trap_delete>;
using ErrorHandle = Handle<wasmtime_error_t, wasmtime_error_delete>;
using FuncTypeHandle = Handle<wasm_functype_t, wasm_functype_delete>;

inline std::string text_of(wasm_byte_vec_t bytes) {
  std::string text(bytes.data, bytes.size);
  wasm_byte_vec_delete(&bytes);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

inline std::string message_of(const wasmtime_error_t* error) {
  wasm_byte_vec_t bytes;
  wasmtime_error_message(error, &bytes);
  return text_of(bytes);
}

inline std::string message_of(const wasm_trap_t* trap) {
  wasm_byte_vec_t bytes;
  wasm_trap_message(trap, &bytes);
  return text_of(bytes);
}

// Bytes that came from the wrapper crate.
class CrateBytes {
 public:
  CrateBytes() = default;
  CrateBytes(const CrateBytes&) = delete;
  CrateBytes& operator=(const CrateBytes&) = delete;
  ~CrateBytes() { cloche_bytes_free(bytes_); }
  cloche_bytes_t* out() { return &bytes_; }
  const uint8_t* data() const { return bytes_.data; }
  size_t size() const { return bytes_.size; }
  std::string text() const { return {reinterpret_cast<const char*>(bytes_.data), bytes_.size}; }

 private:
  cloche_bytes_t bytes_{nullptr, 0};
};

}  // namespace cloche::engine
