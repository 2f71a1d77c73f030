// The pack reader on hostile bytes. The first byte chooses: the bytes as a whole pack, or as tables
// that get right hashes, so that what is behind the hash checks is reached, too.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

#include "vfs/pack_builder.h"
#include "vfs/packfs.h"

namespace cloche::vfs {
namespace {

void walk(Inode& directory, int* budget) {
  std::vector<std::string> names;
  auto read = directory.readdir(0, &names, [](void* env, const DirEntry& entry) {
    static_cast<std::vector<std::string>*>(env)->emplace_back(entry.name);
    return true;
  });
  CHECK(read.ok());
  for (const std::string& name : names) {
    if (--*budget < 0) return;
    auto child = directory.lookup(name);
    CHECK(child.ok());
    CHECK((*child)->stat().ok());
    if ((*child)->type() == FileType::kDirectory) {
      CHECK((*child)->parent().get() == &directory);
      walk(**child, budget);
    } else if ((*child)->type() == FileType::kSymlink) {
      CHECK(!(*child)->readlink()->empty());
    } else {
      auto body = (*child)->open(OpenAccess::kRead);
      CHECK(body.ok());
      std::vector<uint8_t> buffer(4096);
      (void)(*body)->read_at((*body)->size().value() / 2, buffer);
    }
  }
}

template <class T>
void fill(FuzzedDataProvider& input, std::vector<T>* table) {
  std::vector<uint8_t> bytes = input.ConsumeBytes<uint8_t>(table->size() * sizeof(T));
  if (!bytes.empty()) memcpy(table->data(), bytes.data(), bytes.size());
}

// The sample pack with some of its fields overwritten.
std::string make_pack(FuzzedDataProvider& input) {
  PackBuilder b = PackBuilder::sample("content of the big file");
  int changes = input.ConsumeIntegralInRange<int>(0, 12);
  for (int i = 0; i < changes; ++i) {
    auto patch = [&input](auto& table) {
      if (table.empty()) return;
      auto& row = table[input.ConsumeIntegralInRange<size_t>(0, table.size() - 1)];
      size_t at = input.ConsumeIntegralInRange<size_t>(0, sizeof row - 1);
      auto value = input.ConsumeIntegral<uint32_t>();
      memcpy(reinterpret_cast<uint8_t*>(&row) + at, &value,
             std::min<size_t>(sizeof row - at, input.ConsumeIntegralInRange<size_t>(1, 4)));
    };
    switch (input.ConsumeIntegralInRange<int>(0, 6)) {
      case 0:
        patch(b.nodes);
        break;
      case 1:
        patch(b.blobs);
        break;
      case 2:
        patch(b.frames);
        break;
      case 3:
        b.nodes.resize(input.ConsumeIntegralInRange<size_t>(0, 12));
        break;
      case 4:
        b.strings = input.ConsumeRandomLengthString(300);
        break;
      case 5:
        b.data = input.ConsumeRandomLengthString(500);
        break;
      case 6:
        fill(input, &b.nodes);
        break;
    }
  }
  // The hashes of frames that lie in the data.
  for (pack::Frame& frame : b.frames) {
    if (frame.stored_offset > b.data.size()) continue;
    PackBuilder::digest(b.data.substr(frame.stored_offset, frame.stored_size), frame.sha256);
  }
  return b.bytes();
}

}  // namespace
}  // namespace cloche::vfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche::vfs;
  FuzzedDataProvider input(data, size);
  std::string bytes =
      input.ConsumeBool() ? input.ConsumeRemainingBytesAsString() : make_pack(input);
  auto image = PackImage::open(pack_in_memory({bytes.begin(), bytes.end()}));
  if (!image.ok()) return 0;
  (void)(*image)->manifest();
  (void)(*image)->verify();
  int budget = 1000;
  cloche::vfs::walk(*make_packfs(*image, 1), &budget);
  return 0;
}
