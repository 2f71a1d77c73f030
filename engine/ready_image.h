// Ready images: see engine.h. On disk an image is two files of the code cache, trusted and checked
// as those are: its description, and the bytes of the memory, which processes map.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "engine/code_cache.h"
#include "engine/engine.h"
#include "engine/layer.h"
#include "engine/module.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {

inline constexpr const char* kWarmEntry = "__cloche_warm";
inline constexpr const char* kResumeEntry = "__cloche_resume";

class ReadyImageImpl final : public ReadyImage {
 public:
  // Copies `memory`. Errors: kResourceExhausted.
  static Result<ImageRef> create(std::shared_ptr<const ModuleImpl> module,
                                 std::vector<wasmtime_val_t> globals,
                                 std::span<const uint8_t> memory, std::span<const uint8_t> note);
  // From what describe() wrote and a file that begins with the memory's data. Errors: kMalformed.
  static Result<ImageRef> decode(std::shared_ptr<const ModuleImpl> module,
                                 std::span<const uint8_t> description, OwnedFd data);

  const ModuleRef& module() const override { return module_; }
  uint64_t memory_bytes() const override { return memory_bytes_; }
  std::span<const uint8_t> note() const override { return note_; }

  const std::vector<wasmtime_val_t>& globals() const { return globals_; }
  // As ModuleImpl's.
  Result<Ref<Layer>> create_base_layer(const Ref<LayerFile>& file) const;

  std::vector<uint8_t> describe() const;
  // What is kept beside the description: the memory up to its last byte that is not zero, in whole
  // pages. Errors: kIo.
  Result<std::vector<uint8_t>> read_data() const;

 private:
  ReadyImageImpl() = default;

  ModuleRef module_;
  std::vector<wasmtime_val_t> globals_;
  uint64_t memory_bytes_ = 0;
  uint64_t data_end_ = 0;  // page-aligned
  std::vector<uint8_t> note_;
  OwnedFd data_;  // nobody writes it any more
};

// Thread class: safe.
class ReadyImages {
 public:
  // `cache` may be null. `fingerprint`: what the code depends on.
  ImageRef find(CodeCache* cache, const ModuleRef& module, const Engine::ImageKey& key,
                uint64_t fingerprint);
  void keep(CodeCache* cache, const ImageRef& image, const Engine::ImageKey& key,
            uint64_t fingerprint);

 private:
  std::mutex mutex_;
  // By the key of the cache.
  std::map<ModuleHash, ImageRef> images_;
};

}  // namespace cloche::engine
