#include "session/tar.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace cloche::session {
namespace {

// Of a header block (POSIX.1-2001, pax, "ustar Interchange Format").
struct Field {
  size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kLink{157, 100}, kMagic{257, 6}, kVersion{263, 2}, kUser{265, 32},
    kGroup{297, 32}, kPrefix{345, 155};
constexpr size_t kType = 156;
constexpr uint64_t kMostData = 999'999'999'999'999'999;  // that a pax header can say here, too
constexpr uint64_t kMostOctal = 077777777777;            // of eleven digits

using Block = std::array<char, kTarBlock>;

Failure malformed(const std::string& what) {
  return Failure{Failure::Kind::kMalformed, "the archive is damaged: " + what};
}

std::string text_of(const Block& block, Field field) {
  const char* const first = block.data() + field.at;
  return {first, strnlen(first, field.size)};
}

// Octal digits between spaces, or GNU's big-endian numbers. Nothing: neither, or out of range.
std::optional<uint64_t> number_of(const Block& block, Field field) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(block.data()) + field.at;
  uint64_t value = 0;
  if (bytes[0] == 0x80) {
    for (size_t i = 1; i < field.size; ++i) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | bytes[i];
    }
    return value;
  }
  size_t at = 0;
  while (at < field.size && bytes[at] == ' ') ++at;
  for (; at < field.size && bytes[at] != ' ' && bytes[at] != 0; ++at) {
    if (bytes[at] < '0' || bytes[at] > '7') return std::nullopt;
    value = value << 3 | static_cast<uint64_t>(bytes[at] - '0');  // twelve digits at most
  }
  return value;
}

// With its own field taken for spaces.
uint64_t sum_of(const Block& block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kSum.at && i < kSum.at + kSum.size;
    sum += own ? ' ' : static_cast<uint8_t>(block[i]);
  }
  return sum;
}

TarEntry::Type type_of(char type) {
  switch (type) {
    case '\0':
    case '0':
    case '7':
      return TarEntry::Type::kFile;
    case '1':
      return TarEntry::Type::kHardLink;
    case '2':
      return TarEntry::Type::kSymlink;
    case '3':
    case '4':
      return TarEntry::Type::kDevice;
    case '5':
      return TarEntry::Type::kFolder;
    case '6':
      return TarEntry::Type::kFifo;
    default:
      return TarEntry::Type::kOther;
  }
}

// Whether data follows: of types that nobody knows, as POSIX has it, as well.
bool has_data(TarEntry::Type type) {
  return type == TarEntry::Type::kFile || type == TarEntry::Type::kOther;
}

bool is_extra(char type) { return type == 'x' || type == 'g' || type == 'L' || type == 'K'; }

std::optional<uint64_t> decimal(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

}  // namespace

// What headers say of the entry that follows them.
struct TarReader::Extra {
  std::optional<std::string> name, target;
  std::optional<uint64_t> size;
  std::optional<int64_t> mtime;
  uint64_t bytes = 0;  // of all

  // "LENGTH KEY=VALUE\n"; false: it is none.
  bool take_record(std::string_view& records);
  void put(std::string_view key, std::string_view value);
  bool bad = false;
};

bool TarReader::Extra::take_record(std::string_view& records) {
  const size_t space = records.find(' ');
  const auto length = decimal(records.substr(0, std::min(space, records.size())));
  if (space == std::string_view::npos || !length || *length > records.size() ||
      *length < space + 3) {
    return false;
  }
  const std::string_view record = records.substr(space + 1, *length - space - 1);
  const size_t equals = record.find('=');
  if (equals == std::string_view::npos || record.back() != '\n') return false;
  put(record.substr(0, equals), record.substr(equals + 1, record.size() - equals - 2));
  records.remove_prefix(*length);
  return !bad;
}

void TarReader::Extra::put(std::string_view key, std::string_view value) {
  const bool has_nul = value.find('\0') != std::string_view::npos;
  if (key == "path" || key == "linkpath") {
    (key == "path" ? name : target) = std::string(value);
    bad = bad || has_nul;
  } else if (key == "size") {
    size = decimal(value);
    bad = bad || !size;
  } else if (key == "mtime") {
    const auto seconds = decimal(value.substr(0, value.find('.')));
    if (seconds) mtime = static_cast<int64_t>(*seconds);  // times before 1970 are left alone
  } else if (key.starts_with("GNU.sparse")) {
    bad = true;
  }
}

// All of it. `ended` given: it may be the end instead, if nothing has come yet.
std::optional<Failure> TarReader::fill(char* out, size_t size, bool* ended) {
  size_t done = 0;
  while (done < size) {
    auto got = source_(out + done, size - done);
    if (!got) return got.error();
    if (*got > size - done) {
      return Failure{Failure::Kind::kInvalidArgument, "the source gives more than there is room"};
    }
    if (*got == 0) {
      if (done > 0 || ended == nullptr) return malformed("it ends too soon");
      *ended = true;
      return std::nullopt;
    }
    done += *got;
  }
  return std::nullopt;
}

Expected<size_t> TarReader::read(char* out, size_t size) {
  size = static_cast<size_t>(std::min<uint64_t>(size, left_));
  if (size == 0) return size_t{0};
  auto got = source_(out, size);
  if (!got) return got.error();
  if (*got == 0) return malformed("it ends too soon");
  if (*got > size) {
    return Failure{Failure::Kind::kInvalidArgument, "the source gives more than there is room"};
  }
  left_ -= *got;
  return got;
}

std::optional<Failure> TarReader::skip_data() {
  char buffer[16'384];
  left_ += std::exchange(padding_, 0);
  while (left_ > 0) {
    const auto got = read(buffer, sizeof buffer);
    if (!got) return got.error();
  }
  return std::nullopt;
}

std::optional<Failure> TarReader::read_header_data(uint64_t size, std::string& text) {
  if (size > kMostHeader) return malformed("a header of " + std::to_string(size) + " bytes");
  text.resize(size);
  if (auto failure = fill(text.data(), text.size(), nullptr)) return failure;
  char padding[kTarBlock];
  return fill(padding, (kTarBlock - size % kTarBlock) % kTarBlock, nullptr);
}

std::optional<Failure> TarReader::read_extra(char type, uint64_t size, Extra& extra) {
  extra.bytes += size;
  if (extra.bytes > kMostHeader) return malformed("headers that are too long");
  std::string text;
  if (auto failure = read_header_data(size, text)) return failure;
  if (type == 'g') return std::nullopt;  // what holds for all names no file
  if (type == 'x') {
    for (std::string_view records = text; !records.empty();) {
      if (!extra.take_record(records)) return malformed("a pax header that is none");
    }
    return std::nullopt;
  }
  text.resize(strnlen(text.data(), text.size()));
  (type == 'L' ? extra.name : extra.target) = std::move(text);
  return std::nullopt;
}

Expected<std::optional<TarEntry>> TarReader::next() {
  if (auto failure = skip_data()) return *failure;
  Extra extra;
  for (;;) {
    Block block;
    bool ended = false;
    if (auto failure = fill(block.data(), block.size(), &ended)) return *failure;
    const bool zeros = std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
    if (ended || zeros) return std::optional<TarEntry>();
    const auto sum = number_of(block, kSum), size = number_of(block, kSize);
    if (!sum || *sum != sum_of(block)) return malformed("the sum of a header is wrong");
    if (!size) return malformed("a size that is no number");
    const char type = block[kType];
    if (is_extra(type)) {
      if (auto failure = read_extra(type, *size, extra)) return *failure;
      continue;
    }
    TarEntry entry;
    entry.type = type_of(type);
    entry.name = text_of(block, kName);
    const std::string prefix = text_of(block, kPrefix);
    const bool is_ustar = text_of(block, kMagic) == "ustar";
    if (is_ustar && !prefix.empty()) entry.name = prefix + "/" + entry.name;
    entry.target = text_of(block, kLink);
    if (extra.name) entry.name = *extra.name;
    if (extra.target) entry.target = *extra.target;
    entry.mode = static_cast<uint32_t>(number_of(block, kMode).value_or(0) & 07777);
    entry.mtime = static_cast<int64_t>(number_of(block, kTime).value_or(0) & INT64_MAX);
    if (extra.mtime) entry.mtime = *extra.mtime;
    entry.size = has_data(entry.type) ? extra.size.value_or(*size) : 0;
    if (entry.size > kMostData) return malformed("a size of " + std::to_string(entry.size));
    if (entry.type == TarEntry::Type::kFile && !entry.name.empty() && entry.name.back() == '/') {
      entry.type = TarEntry::Type::kFolder;  // as tar of old has them
    }
    left_ = entry.size;
    padding_ = (kTarBlock - entry.size % kTarBlock) % kTarBlock;
    return std::optional<TarEntry>(std::move(entry));
  }
}

namespace {

void put_text(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.at, text.data(), std::min(text.size(), field.size));
}

// Digits and a NUL.
void put_octal(Block& block, Field field, uint64_t value) {
  for (size_t i = field.size - 1; i-- > 0; value >>= 3) {
    block[field.at + i] = static_cast<char>('0' + (value & 7));
  }
}

char letter_of(TarEntry::Type type) {
  switch (type) {
    case TarEntry::Type::kHardLink:
      return '1';
    case TarEntry::Type::kSymlink:
      return '2';
    case TarEntry::Type::kFolder:
      return '5';
    default:
      return '0';
  }
}

void append(std::string& out, const Block& block) { out.append(block.data(), block.size()); }

Block header_block(std::string_view name, std::string_view target, char type, uint32_t mode,
                   uint64_t size, uint64_t mtime) {
  Block block{};
  put_text(block, kName, name);
  put_octal(block, kMode, mode & 07777);
  put_octal(block, kUid, 0);
  put_octal(block, kGid, 0);
  put_octal(block, kSize, std::min(size, kMostOctal));
  put_octal(block, kTime, std::min(mtime, kMostOctal));
  block[kType] = type;
  put_text(block, kLink, target);
  put_text(block, kMagic, std::string_view("ustar", 6));
  put_text(block, kVersion, "00");
  put_text(block, kUser, "user");
  put_text(block, kGroup, "user");
  put_octal(block, {kSum.at, kSum.size - 1}, sum_of(block));
  block[kSum.at + kSum.size - 1] = ' ';
  return block;
}

// The length counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (std::to_string(length).size() + rest > length) ++length;
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

}  // namespace

std::string tar_header(const TarEntry& entry) {
  std::string records, out;
  if (entry.name.size() > kName.size) records += pax_record("path", entry.name);
  if (entry.target.size() > kLink.size) records += pax_record("linkpath", entry.target);
  if (entry.size > kMostOctal) records += pax_record("size", std::to_string(entry.size));
  if (!records.empty()) {
    append(out, header_block("pax", "", 'x', 0644, records.size(), 0));
    out += records + tar_padding(records.size());
  }
  const auto mtime = static_cast<uint64_t>(std::max<int64_t>(entry.mtime, 0));
  append(out, header_block(entry.name, entry.target, letter_of(entry.type), entry.mode, entry.size,
                           mtime));
  return out;
}

std::string tar_padding(uint64_t size) {
  return std::string((kTarBlock - size % kTarBlock) % kTarBlock, '\0');
}

std::string tar_end() { return std::string(2 * kTarBlock, '\0'); }

}  // namespace cloche::session
