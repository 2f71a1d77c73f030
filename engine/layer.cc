#include "engine/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace cloche::engine {
namespace {

Error out_of_memory(const char* what) {
  return make_error(Code::kResourceExhausted, "%s: %s", what, strerror(errno));
}

Status write_all(int fd, uint64_t offset, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t written = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return out_of_memory("writing a memory layer");
    offset += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return ok_status();
}

}  // namespace

Result<OwnedFd> create_sealed(std::span<const PlacedBytes> bytes, uint64_t size) {
  OwnedFd fd(memfd_create("cloche-data", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return out_of_memory("memfd_create");
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return out_of_memory("ftruncate");
  for (const PlacedBytes& placed : bytes) TRY(write_all(fd.get(), placed.offset, placed.bytes));
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return out_of_memory("sealing a memory layer");
  }
  return fd;
}

Result<Ref<LayerFile>> LayerFile::create() {
  int fd = memfd_create("cloche-layers", MFD_CLOEXEC);
  if (fd < 0) return out_of_memory("memfd_create");
  return Ref<LayerFile>(new LayerFile(fd));
}

LayerFile::~LayerFile() { close(fd_); }

Result<uint64_t> LayerFile::add_room() {
  const uint64_t start = end_;
  if (ftruncate(fd_, static_cast<off_t>(start + kLayerSize)) != 0) {
    return out_of_memory("ftruncate");
  }
  end_ = start + kLayerSize;
  return start;
}

Result<Ref<Layer>> Layer::create(const Ref<LayerFile>& file, Kind kind) {
  const uint64_t start = TRY(file->add_room());
  return Ref<Layer>(new Layer(file, kind, start, OwnedFd()));
}

Ref<Layer> Layer::over(const Ref<LayerFile>& file, OwnedFd sealed, uint64_t size) {
  Ref<Layer> layer(new Layer(file, Kind::kBase, 0, std::move(sealed)));
  layer->file_end = (size + kPageSize - 1) & ~(kPageSize - 1);
  return layer;
}

Layer::~Layer() {
  if (sealed_) return;
  Status ignored = punch(0, kLayerSize);
  (void)ignored;  // what stays is freed with the file
}

Status Layer::write(uint64_t offset, std::span<const uint8_t> bytes) {
  return write_all(fd(), start_ + offset, bytes);
}

Status Layer::punch(uint64_t offset, uint64_t size) {
  int result;
  do {
    result = fallocate(fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                       static_cast<off_t>(start_ + offset), static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result != 0) return out_of_memory("emptying a memory layer");
  return ok_status();
}

std::vector<PageRun> Layer::data(uint64_t offset, uint64_t size) const {
  std::vector<PageRun> runs;
  const off_t end = static_cast<off_t>(start_ + offset + size);
  off_t at = static_cast<off_t>(start_ + offset);
  while (at < end) {
    off_t start = lseek(fd(), at, SEEK_DATA);
    if (start < 0 || start >= end) break;  // ENXIO: only a hole follows
    off_t stop = std::min(lseek(fd(), start, SEEK_HOLE), end);
    CHECK(stop > start);
    runs.push_back({static_cast<uint64_t>(start) - start_, static_cast<uint64_t>(stop - start)});
    at = stop;
  }
  return runs;
}

uint64_t Layer::allocated() const {
  if (sealed_size_ > 0) return sealed_size_;
  const uint64_t size = total_size(data(0, kLayerSize));
  if (sealed_) sealed_size_ = size;
  return size;
}

Status Layer::copy_from(const Layer& from, uint64_t size) {
  std::array<uint8_t, 16 * kPageSize> buffer;
  for (const PageRun& run : from.data(0, size)) {
    for (uint64_t done = 0; done < run.size;) {
      uint64_t count = std::min<uint64_t>(buffer.size(), run.size - done);
      ssize_t got = pread(from.fd(), buffer.data(), count,
                          static_cast<off_t>(from.start_ + run.offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return out_of_memory("reading a memory layer");
      TRY(write(run.offset + done, {buffer.data(), static_cast<size_t>(got)}));
      done += static_cast<uint64_t>(got);
    }
  }
  return ok_status();
}

}  // namespace cloche::engine
