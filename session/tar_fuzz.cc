// An archive of unknown origin: any bytes, in pieces of any size.
#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "session/tar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche;
  using namespace cloche::session;
  size_t at = 0;
  const size_t piece = size == 0 ? 1 : data[0] % 97 + size_t{1};
  const Files::Source source = [&](char* out, size_t room) -> Expected<size_t> {
    const size_t some = std::min({room, size - at, piece * 16});
    if (some > 0) std::memcpy(out, data + at, some);
    at += some;
    return some;
  };
  TarReader reader(source);
  uint64_t bytes = 0;
  for (;;) {
    const auto entry = reader.next();
    if (!entry) {
      CHECK(!entry.error().message.empty());
      return 0;
    }
    if (!*entry) return 0;
    CHECK((*entry)->name.find('\0') == std::string::npos);
    CHECK((*entry)->target.find('\0') == std::string::npos);
    CHECK((*entry)->name.size() <= TarReader::kMostHeader);
    CHECK((*entry)->mode <= 07777);
    char buffer[700];
    uint64_t got = 0;
    while (bytes % 3 != 0 || got < 2000) {  // of some all, of some a part
      const auto some = reader.read(buffer, sizeof buffer);
      if (!some) return 0;
      if (*some == 0) break;
      got += *some;
    }
    CHECK(got <= (*entry)->size);
    bytes += got;
    CHECK(bytes <= size);
    // What is written of it is read as the same again, if it can be written.
    if ((*entry)->type != TarEntry::Type::kFile) continue;
    const std::string header = tar_header(**entry);
    size_t from = 0;
    const Files::Source again = [&](char* out, size_t room) -> Expected<size_t> {
      const size_t some = std::min(room, header.size() - from);
      header.copy(out, some, from);
      from += some;
      return some;
    };
    TarReader second(again);
    const auto same = second.next();
    CHECK(same && *same);
    CHECK((*same)->name == (*entry)->name && (*same)->size == (*entry)->size);
    CHECK((*same)->mode == (*entry)->mode);
  }
}
