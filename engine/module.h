// A checked and compiled module: what the wrapper crate's prepare step said about it, and code.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/layer.h"
#include "engine/shared_bytes.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {

class Runtime;

using ModuleHash = std::array<uint8_t, 32>;

// The description that cloche_prepare() writes, decoded. Keeps the bytes alive: segments point
// into them.
class ModuleInfo {
 public:
  static constexpr uint32_t kNoGlobal = UINT32_MAX;

  // Errors: kMalformed (only for damaged cache files: the crate writes nothing else).
  static Result<ModuleInfo> decode(SharedBytes bytes);

  struct Segment {
    uint32_t offset = 0;
    std::span<const uint8_t> bytes;
  };

  std::span<const uint8_t> bytes() const { return bytes_.bytes; }

  bool keeps_exceptions = false;  // may hold exception references while it is suspended
  uint64_t initial_memory = 0;    // bytes
  uint64_t max_memory = 0;        // bytes
  uint32_t global_count = 0;      // mutable globals, exported as "cloche.g0", "cloche.g1", ...
  uint32_t stack_pointer = kNoGlobal;
  uint32_t thread_pointer = kNoGlobal;
  std::vector<Import> imports;
  std::vector<Segment> segments;

 private:
  SharedBytes bytes_;
};

class ModuleImpl final : public Module {
 public:
  ModuleImpl(const ModuleHash& hash, ModuleInfo info, Runtime& runtime, ModuleHandle code);
  ~ModuleImpl() override;

  const ModuleHash& hash() const override { return hash_; }
  const std::vector<Import>& imports() const override { return info_.imports; }
  uint64_t initial_memory() const override { return info_.initial_memory; }
  uint64_t max_memory() const override { return info_.max_memory; }
  bool can_be_ready() const override { return can_be_ready_; }

  const ModuleInfo& info() const { return info_; }
  Runtime& runtime() const { return runtime_; }
  const wasmtime_module_t* code() const { return code_.get(); }
  // Null if it imports something that the runtime's host functions do not offer.
  const wasmtime_instance_pre_t* instance_pre() const { return instance_pre_.get(); }
  // Is `address` inside of the compiled code?
  bool contains(uint64_t address) const { return address - image_start_ < image_size_; }

  // A layer that holds the initial data, for the pool whose own layers are in `file`. The bytes are
  // one sealed file for all pools. Thread class: safe. Errors: kResourceExhausted.
  Result<Ref<Layer>> create_base_layer(const Ref<LayerFile>& file) const;

 private:
  // A descriptor of the file of initial data, made when first needed.
  Result<OwnedFd> initial_data() const;

  const ModuleHash hash_;
  const ModuleInfo info_;
  Runtime& runtime_;
  const ModuleHandle code_;
  InstancePreHandle instance_pre_;
  uint64_t image_start_ = 0;
  uint64_t image_size_ = 0;
  uint64_t data_end_ = 0;  // of the initial data
  bool can_be_ready_ = false;
  mutable std::mutex data_mutex_;
  mutable OwnedFd data_;
};

}  // namespace cloche::engine
