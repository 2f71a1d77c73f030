#include "engine/ready_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/sha256.h"
#include "engine/slot_memory.h"

namespace cloche::engine {
namespace {

constexpr char kMagic[8] = {'C', 'L', 'O', 'C', 'H', 'E', 'R', '1'};
constexpr size_t kMaxImages = 64;  // that are kept in memory

// Integers of the description, in the host's byte order: the file never leaves this machine's user.
struct Head {
  char magic[8];
  uint64_t memory_bytes, data_end, global_count, note_bytes;
};

struct Global {
  uint64_t kind;
  uint8_t value[16];
};
static_assert(sizeof(wasmtime_v128) == sizeof Global::value);  // the largest number

bool is_number(uint64_t kind) {
  return kind == WASMTIME_I32 || kind == WASMTIME_I64 || kind == WASMTIME_F32 ||
         kind == WASMTIME_F64 || kind == WASMTIME_V128;
}

template <class T>
void append(std::vector<uint8_t>& out, const T* from, size_t count) {
  const size_t size = out.size();
  out.resize(size + count * sizeof(T));
  if (count > 0) memcpy(out.data() + size, from, count * sizeof(T));
}

// Takes what fits off the front; false: there is not enough.
template <class T>
bool take(std::span<const uint8_t>& from, T& out) {
  if (from.size() < sizeof out) return false;
  memcpy(&out, from.data(), sizeof out);
  from = from.subspan(sizeof out);
  return true;
}

uint64_t end_of_data(std::span<const uint8_t> memory) {
  constexpr std::array<uint8_t, kPageSize> kZeroes = {};
  uint64_t end = memory.size();
  while (end > 0 && memcmp(memory.data() + end - kPageSize, kZeroes.data(), kPageSize) == 0) {
    end -= kPageSize;
  }
  return end;
}

ModuleHash cache_key(const ModuleRef& module, const Engine::ImageKey& key) {
  std::vector<uint8_t> text;
  append(text, kMagic, sizeof kMagic);
  append(text, module->hash().data(), module->hash().size());
  append(text, key.data(), key.size());
  return sha256(text);
}

}  // namespace

Result<ImageRef> ReadyImageImpl::create(std::shared_ptr<const ModuleImpl> module,
                                        std::vector<wasmtime_val_t> globals,
                                        std::span<const uint8_t> memory,
                                        std::span<const uint8_t> note) {
  std::shared_ptr<ReadyImageImpl> image(new ReadyImageImpl);
  image->module_ = std::move(module);
  image->globals_ = std::move(globals);
  image->memory_bytes_ = memory.size();
  image->data_end_ = end_of_data(memory);
  image->note_.assign(note.begin(), note.end());
  const PlacedBytes data{0, memory.first(image->data_end_)};
  image->data_ = TRY(create_sealed({&data, 1}, image->data_end_));
  return ImageRef(std::move(image));
}

Result<ImageRef> ReadyImageImpl::decode(std::shared_ptr<const ModuleImpl> module,
                                        std::span<const uint8_t> description, OwnedFd data) {
  const Error damaged = make_error(Code::kMalformed, "damaged description of a ready image");
  std::shared_ptr<ReadyImageImpl> image(new ReadyImageImpl);
  Head head;
  if (!take(description, head) || memcmp(head.magic, kMagic, sizeof kMagic) != 0) return damaged;
  if (head.global_count != module->info().global_count) return damaged;
  for (uint64_t i = 0; i < head.global_count; ++i) {
    Global global;
    if (!take(description, global) || !is_number(global.kind)) return damaged;
    wasmtime_val_t value{};
    value.kind = static_cast<wasmtime_valkind_t>(global.kind);
    memcpy(&value.of, global.value, sizeof global.value);
    image->globals_.push_back(value);
  }
  struct stat file;
  const bool sizes_good =
      description.size() == head.note_bytes && head.memory_bytes % kWasmPage == 0 &&
      head.memory_bytes >= module->initial_memory() && head.memory_bytes <= module->max_memory() &&
      head.data_end % kPageSize == 0 && head.data_end <= head.memory_bytes &&
      fstat(data.get(), &file) == 0 && static_cast<uint64_t>(file.st_size) >= head.data_end;
  if (!sizes_good) return damaged;
  image->note_.assign(description.begin(), description.end());
  image->memory_bytes_ = head.memory_bytes;
  image->data_end_ = head.data_end;
  image->module_ = std::move(module);
  image->data_ = std::move(data);
  return ImageRef(std::move(image));
}

std::vector<uint8_t> ReadyImageImpl::describe() const {
  Head head = {{}, memory_bytes_, data_end_, globals_.size(), note_.size()};
  memcpy(head.magic, kMagic, sizeof kMagic);
  std::vector<uint8_t> out;
  append(out, &head, 1);
  for (const wasmtime_val_t& value : globals_) {
    Global global = {value.kind, {}};
    memcpy(global.value, &value.of, sizeof global.value);
    append(out, &global, 1);
  }
  append(out, note_.data(), note_.size());
  return out;
}

Result<std::vector<uint8_t>> ReadyImageImpl::read_data() const {
  std::vector<uint8_t> bytes(data_end_);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t got =
        pread(data_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error(errno, "reading a ready image");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

Result<Ref<Layer>> ReadyImageImpl::create_base_layer(const Ref<LayerFile>& file) const {
  OwnedFd fd(fcntl(data_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return make_error(Code::kResourceExhausted, "no file descriptor left");
  return Layer::over(file, std::move(fd), data_end_);
}

ImageRef ReadyImages::find(CodeCache* cache, const ModuleRef& module, const Engine::ImageKey& key,
                           uint64_t fingerprint) {
  const ModuleHash name = cache_key(module, key);
  const std::lock_guard lock(mutex_);
  if (const auto known = images_.find(name); known != images_.end()) return known->second;
  if (!cache) return nullptr;
  auto entry = cache->find(name, fingerprint);
  if (!entry.ok()) return nullptr;
  auto image = ReadyImageImpl::decode(std::static_pointer_cast<const ModuleImpl>(module),
                                      entry->info.bytes, OwnedFd(entry->code_fd));
  if (!image.ok()) {
    cache->remove(name, fingerprint);
    return nullptr;
  }
  if (images_.size() < kMaxImages) images_[name] = *image;
  return *image;
}

void ReadyImages::keep(CodeCache* cache, const ImageRef& image, const Engine::ImageKey& key,
                       uint64_t fingerprint) {
  const ModuleHash name = cache_key(image->module(), key);
  const auto& whole = static_cast<const ReadyImageImpl&>(*image);
  const std::lock_guard lock(mutex_);
  if (images_.size() < kMaxImages) images_[name] = image;
  if (!cache) return;
  const auto data = whole.read_data();
  if (!data.ok()) return;
  // A full disk costs the next command the time to make the image, no more.
  const Status stored = cache->store(name, fingerprint, whole.describe(), *data);
  (void)stored;
}

}  // namespace cloche::engine
