// Tar archives, read and written: ustar, what pax (POSIX.1-2001) adds, and of GNU's own the long
// names and large numbers. Knows no files: what names mean is for others to say.
//
// Thread class: unsafe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "include/cloche/cloche.hpp"

namespace cloche::session {

inline constexpr size_t kTarBlock = 512;

struct TarEntry {
  enum class Type : uint8_t { kFile, kHardLink, kSymlink, kFolder, kDevice, kFifo, kOther };
  Type type = Type::kFile;
  std::string name;    // as it stands there: any bytes but NUL
  std::string target;  // of links
  uint32_t mode = 0;   // 07777
  int64_t mtime = 0;   // seconds since 1970
  uint64_t size = 0;   // of the data that follows; 0 but for files
};

// Reads an archive that comes in pieces. All that it holds is untrusted; what it keeps is at most
// kMostHeader bytes for each of the long headers of an entry.
class TarReader {
 public:
  static constexpr uint64_t kMostHeader = 1 << 20;
  explicit TarReader(const Files::Source& source) : source_(source) {}

  // The next entry; nothing: the end. Skips what is left of the one before. Errors: kMalformed, and
  // those of the source.
  Expected<std::optional<TarEntry>> next();
  // Data of the last entry, at most `size` bytes; 0: there is no more. Errors: kMalformed (it ends
  // too soon), and those of the source.
  Expected<size_t> read(char* out, size_t size);

 private:
  struct Extra;
  std::optional<Failure> fill(char* out, size_t size, bool* ended);
  std::optional<Failure> skip_data();
  std::optional<Failure> read_header_data(uint64_t size, std::string& text);
  std::optional<Failure> read_extra(char type, uint64_t size, Extra& extra);

  const Files::Source& source_;
  uint64_t left_ = 0;     // of the entry's data
  uint64_t padding_ = 0;  // after it
};

// The header of an entry, with a pax header before it if need be. `name` of folders ends with '/'.
std::string tar_header(const TarEntry& entry);
// What follows data of that size, and the archive.
std::string tar_padding(uint64_t size);
std::string tar_end();

}  // namespace cloche::session
