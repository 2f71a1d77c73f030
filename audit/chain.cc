#include "audit/chain.h"

#include <charconv>

#include "base/json.h"
#include "base/sha256.h"

namespace cloche::audit {
namespace {

constexpr std::string_view kHashKey = ",\"hash\":\"";

Error malformed(const char* what) { return make_error(Code::kMalformed, "%s", what); }

Result<std::string> text_of(const Json& line, std::string_view key) {
  const Json* value = line.find(key);
  if (value == nullptr || !value->is(Json::Kind::kString)) {
    return make_error(Code::kMalformed, "it has no \"%.*s\"", static_cast<int>(key.size()),
                      key.data());
  }
  return value->text;
}

Result<uint64_t> number_of(const Json& line, std::string_view key) {
  const Json* value = line.find(key);
  uint64_t number = 0;
  if (value != nullptr && value->is(Json::Kind::kNumber)) {
    const char* end = value->text.data() + value->text.size();
    const auto parsed = std::from_chars(value->text.data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) return number;
  }
  return make_error(Code::kMalformed, "it has no \"%.*s\" that is a whole number",
                    static_cast<int>(key.size()), key.data());
}

}  // namespace

std::string first_hash() { return std::string(2 * sizeof(Sha256Digest), '0'); }

std::string hash_of(std::string_view body) {
  std::string hash;
  append_hash_of(hash, body);
  return hash;
}

void append_hash_of(std::string& out, std::string_view body) {
  append_hex(out, sha256({reinterpret_cast<const uint8_t*>(body.data()), body.size()}));
}

Result<Link> read_link(std::string_view line) {
  const size_t key = line.rfind(kHashKey);
  if (key == std::string_view::npos) return malformed("it has no \"hash\"");
  Link link;
  link.hash = hash_of(line.substr(0, key));
  const std::string_view stated = line.substr(key + kHashKey.size());
  if (stated != link.hash + "\"}") return malformed("its hash is not that of its bytes");
  const auto json = read_json(line);
  if (!json.ok() || !json->is(Json::Kind::kObject)) return malformed("it is not a JSON object");
  link.sequence = TRY(number_of(*json, "seq"));
  link.event = TRY(text_of(*json, "event"));
  link.prev = TRY(text_of(*json, "prev"));
  if (link.event == "audit.rotate") link.oldest = TRY(number_of(*json, "oldest"));
  return link;
}

}  // namespace cloche::audit
