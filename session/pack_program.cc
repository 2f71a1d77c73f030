#include "session/pack_program.h"

#include <algorithm>

#include "session/failures.h"

namespace cloche::session {
namespace {

constexpr uint64_t kModuleBytesMax = 64u << 20;

}  // namespace

Expected<PackProgram> PackProgram::find(const vfs::PackSet& packs, const std::string& path) {
  auto file = packs.find(path);
  if (!file.ok()) return failure_of(file.error());
  return PackProgram(std::move(file.value().image), file.value().blob);
}

std::array<uint8_t, 32> PackProgram::hash() const {
  std::array<uint8_t, 32> hash;
  std::copy_n(pack_->blob(blob_).sha256, hash.size(), hash.begin());
  return hash;
}

Expected<std::vector<uint8_t>> PackProgram::read() const {
  const uint64_t size = pack_->blob(blob_).size;
  if (size > kModuleBytesMax) return invalid("larger than 64 MiB");
  std::vector<uint8_t> bytes(size);
  const auto count = pack_->read(blob_, 0, bytes);
  if (!count.ok()) return failure_of(count.error());
  return bytes;
}

}  // namespace cloche::session
