#include "session/pack_program.h"

#include <algorithm>

#include "base/printable.h"
#include "session/failures.h"

namespace cloche::session {
namespace {

namespace pack = cloche::pack;

constexpr uint64_t kModuleBytesMax = 64u << 20;

}  // namespace

Expected<PackProgram> PackProgram::find(std::shared_ptr<const vfs::PackImage> image,
                                        const std::string& path) {
  const Failure missing{Failure::Kind::kNotFound, "the pack has no file " + printable(path)};
  uint32_t number = 0;
  size_t at = 1;
  if (path.empty() || path[0] != '/') return missing;
  while (at <= path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    if ((image->node(number).mode & pack::kTypeMask) != pack::kDirectory) return missing;
    number = image->find_child(number, std::string_view(path).substr(at, end - at));
    if (number == 0) return missing;
    at = end + 1;
  }
  const pack::Node& node = image->node(number);
  if ((node.mode & pack::kTypeMask) != pack::kRegular) return missing;
  return PackProgram(std::move(image), node.first);
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
