#include "engine/module.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "engine/ready_image.h"
#include "engine/runtime.h"
#include "engine/slot_memory.h"

namespace cloche::engine {
namespace {

constexpr uint32_t kMagic = 0x49504c43;  // "CLPI"
constexpr uint32_t kVersion = 5;         // VERSION in prepare.rs

// Reads little-endian fields; after a read beyond the end, everything is 0 and ok() is false.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

  std::span<const uint8_t> take(size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    std::span<const uint8_t> taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  uint32_t u32() {
    uint32_t value = 0;
    std::span<const uint8_t> taken = take(sizeof value);
    if (!taken.empty()) memcpy(&value, taken.data(), sizeof value);
    return value;
  }
  std::string string() {
    std::span<const uint8_t> taken = take(u32());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

// Does the module export a function of that name without parameters and results?
bool exports_action(const wasm_exporttype_vec_t& exports, std::string_view wanted) {
  for (size_t i = 0; i < exports.size; ++i) {
    const wasm_name_t* const name = wasm_exporttype_name(exports.data[i]);
    if (std::string_view(name->data, name->size) != wanted) continue;
    const wasm_functype_t* const type =
        wasm_externtype_as_functype_const(wasm_exporttype_type(exports.data[i]));
    return type && wasm_functype_params(type)->size == 0 && wasm_functype_results(type)->size == 0;
  }
  return false;
}

bool exports_both_actions(const wasmtime_module_t* module) {
  wasm_exporttype_vec_t exports;
  wasmtime_module_exports(module, &exports);
  const bool both = exports_action(exports, kWarmEntry) && exports_action(exports, kResumeEntry);
  wasm_exporttype_vec_delete(&exports);
  return both;
}

}  // namespace

Result<ModuleInfo> ModuleInfo::decode(SharedBytes bytes) {
  ModuleInfo info;
  info.bytes_ = std::move(bytes);
  Reader reader(info.bytes());
  const Error damaged = make_error(Code::kMalformed, "damaged module description");
  if (reader.u32() != kMagic || reader.u32() != kVersion) return damaged;
  info.keeps_exceptions = reader.u32() != 0;
  info.initial_memory = uint64_t{reader.u32()} * kWasmPage;
  info.max_memory = uint64_t{reader.u32()} * kWasmPage;
  info.global_count = reader.u32();
  info.stack_pointer = reader.u32();
  info.thread_pointer = reader.u32();
  const uint32_t import_count = reader.u32();
  const uint32_t segment_count = reader.u32();
  for (uint32_t i = 0; i < import_count && reader.ok(); ++i) {
    Import import;
    import.module = reader.string();
    import.name = reader.string();
    import.type = reader.string();
    info.imports.push_back(std::move(import));
  }
  std::vector<std::pair<uint32_t, uint32_t>> places;
  for (uint32_t i = 0; i < segment_count && reader.ok(); ++i) {
    uint32_t offset = reader.u32();
    places.emplace_back(offset, reader.u32());
  }
  for (auto [offset, size] : places) {
    if (uint64_t{offset} + size > info.initial_memory) return damaged;
    info.segments.push_back({offset, reader.take(size)});
  }
  const bool sizes_good = info.initial_memory > 0 && info.max_memory <= kMaxMemory - kWasmPage &&
                          info.initial_memory <= kMaxMemory - kWasmPage;
  auto global_good = [&info](uint32_t index) {
    return index == kNoGlobal || index < info.global_count;
  };
  if (!reader.done() || !sizes_good || !global_good(info.stack_pointer) ||
      !global_good(info.thread_pointer)) {
    return damaged;
  }
  return info;
}

ModuleImpl::ModuleImpl(const ModuleHash& hash, ModuleInfo info, Runtime& runtime, ModuleHandle code)
    : hash_(hash), info_(std::move(info)), runtime_(runtime), code_(std::move(code)) {
  void* start = nullptr;
  void* end = nullptr;
  wasmtime_module_image_range(code_.get(), &start, &end);
  image_start_ = reinterpret_cast<uintptr_t>(start);
  image_size_ = reinterpret_cast<uintptr_t>(end) - image_start_;
  can_be_ready_ = exports_both_actions(code_.get());
  for (const ModuleInfo::Segment& segment : info_.segments) {
    data_end_ = std::max(data_end_, uint64_t{segment.offset} + segment.bytes.size());
  }
  if (auto pre = runtime.link(info_.imports, code_.get()); pre.ok()) {
    instance_pre_ = std::move(pre).value();
  }
}

ModuleImpl::~ModuleImpl() = default;

Result<OwnedFd> ModuleImpl::initial_data() const {
  std::lock_guard lock(data_mutex_);
  if (!data_) {
    std::vector<PlacedBytes> placed;
    for (const ModuleInfo::Segment& segment : info_.segments) {
      placed.push_back({segment.offset, segment.bytes});
    }
    data_ = TRY(create_sealed(placed, (data_end_ + kPageSize - 1) & ~(kPageSize - 1)));
  }
  OwnedFd fd(fcntl(data_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return make_error(Code::kResourceExhausted, "no file descriptor left");
  return fd;
}

Result<Ref<Layer>> ModuleImpl::create_base_layer(const Ref<LayerFile>& file) const {
  return Layer::over(file, TRY(initial_data()), data_end_);
}

}  // namespace cloche::engine
