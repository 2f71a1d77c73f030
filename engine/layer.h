// A layer: the part of a file in memory (memfd) that address spaces are mapped from, privately.
// What a program has not written since is read from the layer; behind its end there are zeroes.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/owned_fd.h"
#include "base/ref.h"
#include "base/result.h"
#include "engine/page_scan.h"

namespace cloche::engine {

// Every layer has room for the largest memory, and is sparse. Reading or writing a hole through a
// mapping makes it a page of the file, so only [0, file_end) of a layer is ever mapped; behind
// that, memories are anonymous and cost nothing before they are written.
inline constexpr uint64_t kLayerSize = 4ull << 30;

// The file of a pool's own layers. One for all of them: descriptors are scarcer than bytes.
class LayerFile final : public RefCounted {
 public:
  // Errors: kResourceExhausted.
  static Result<Ref<LayerFile>> create();
  ~LayerFile() override;

  int fd() const { return fd_; }
  // Room for one layer, empty; never handed out again.
  Result<uint64_t> add_room();

 private:
  explicit LayerFile(int fd) : fd_(fd) {}
  const int fd_;
  uint64_t end_ = 0;
};

// `bytes` at their places in a file in memory of `size` bytes, sealed: it can be mapped privately
// by anybody and written by nobody. Errors: kResourceExhausted.
struct PlacedBytes {
  uint64_t offset = 0;
  std::span<const uint8_t> bytes;
};
Result<OwnedFd> create_sealed(std::span<const PlacedBytes> bytes, uint64_t size);

// Thread class: one thread at a time, like the pool it belongs to.
class Layer final : public RefCounted {
 public:
  enum class Kind {
    kBase,  // the program's initial data: never changed once it is filled
    kOwn,   // belongs to one family; a fork publishes its pages here
  };

  // Errors: kResourceExhausted.
  static Result<Ref<Layer>> create(const Ref<LayerFile>& file, Kind kind);
  // A base layer over bytes that several pools map: `sealed` is a file in memory that nobody can
  // write any more, and holds `size` bytes. Layers that a family makes of it go to `file`.
  static Ref<Layer> over(const Ref<LayerFile>& file, OwnedFd sealed, uint64_t size);
  ~Layer() override;

  Kind kind() const { return kind_; }
  // Where the pool's own layers go.
  const Ref<LayerFile>& file() const { return file_; }
  // What is mapped, and where in it the layer's byte 0 is.
  int fd() const { return sealed_ ? sealed_.get() : file_->fd(); }
  uint64_t start() const { return start_; }

  // Where the bytes end, page-aligned. Changes only while the layer is exclusive.
  uint64_t file_end = 0;
  // Address spaces whose unwritten pages come from here. (References are also held by mappings that
  // nobody looks at.)
  uint32_t users = 0;
  // May pages be written here without another address space seeing it?
  bool exclusive() const { return kind_ == Kind::kOwn && users == 1; }

  // Errors: kResourceExhausted; the layer may then hold a part of the bytes.
  Status write(uint64_t offset, std::span<const uint8_t> bytes);
  // Makes the range a hole.
  Status punch(uint64_t offset, uint64_t size);
  // The parts of [offset, offset + size) that are not holes, ascending.
  std::vector<PageRun> data(uint64_t offset, uint64_t size) const;
  // Copies everything that `from` holds below `size`.
  Status copy_from(const Layer& from, uint64_t size);
  // Bytes of host memory. Cost: a walk over the runs of data, but once for sealed ones.
  uint64_t allocated() const;

 private:
  Layer(const Ref<LayerFile>& file, Kind kind, uint64_t start, OwnedFd sealed)
      : file_(file), sealed_(std::move(sealed)), kind_(kind), start_(start) {}
  const Ref<LayerFile> file_;
  const OwnedFd sealed_;
  const Kind kind_;
  const uint64_t start_;
  mutable uint64_t sealed_size_ = 0;  // of the data in `sealed_`, once known
};

}  // namespace cloche::engine
