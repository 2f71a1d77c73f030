#include "tools/schema.h"

#include <cstring>

#include "base/printable.h"
#include "tools/schema/cloche_schema.h"

namespace cloche {
namespace {

// Writes a value as tools/schema/src/packed.rs reads it: a tag, a little-endian 32-bit length, then
// that many bytes, items, or names and members.
class Packer {
 public:
  explicit Packer(size_t max_bytes) : max_bytes_(max_bytes) {}

  // False when a limit is exceeded.
  bool add(const Json& value) { return add(value, 0); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(bytes_.data()); }
  size_t size() const { return bytes_.size(); }

 private:
  bool add(const Json& value, size_t depth) {
    if (++values_ > Schema::kMaxValues) return false;
    switch (value.kind) {
      case Json::Kind::kNull:
        bytes_ += 'z';
        return fits();
      case Json::Kind::kBool:
        bytes_ += value.boolean ? 't' : 'f';
        return fits();
      case Json::Kind::kNumber:
        bytes_ += 'n';
        return add_text(value.text);
      case Json::Kind::kString:
        bytes_ += 's';
        return add_text(value.text);
      case Json::Kind::kArray:
        return depth < Schema::kMaxDepth && add_items(value, depth + 1);
      case Json::Kind::kObject:
        return depth < Schema::kMaxDepth && add_members(value, depth + 1);
    }
    return false;
  }

  bool add_items(const Json& array, size_t depth) {
    bytes_ += 'a';
    add_length(array.items.size());
    for (const Json& item : array.items) {
      if (!add(item, depth)) return false;
    }
    return fits();
  }

  bool add_members(const Json& object, size_t depth) {
    bytes_ += 'o';
    add_length(object.members.size());
    for (const JsonMember& member : object.members) {
      if (!add_text(member.name) || !add(member.value, depth)) return false;
    }
    return fits();
  }

  bool add_text(const std::string& text) {
    if (text.size() > max_bytes_) return false;
    add_length(text.size());
    bytes_ += text;
    return fits();
  }

  // What does not fit into 32 bits exceeds a limit by then, or soon.
  void add_length(size_t length) {
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(length >> shift);
  }

  bool fits() const { return bytes_.size() <= max_bytes_; }

  const size_t max_bytes_;
  size_t values_ = 0;
  std::string bytes_;
};

// Takes the text over.
std::vector<SchemaProblem> problems_of(cloche_schema_text_t text) {
  std::vector<SchemaProblem> problems;
  const char* end = text.data + text.size;
  for (const char* at = text.data; at < end;) {
    SchemaProblem problem{.pointer = at, .message = {}};
    at += problem.pointer.size() + 1;
    problem.message = printable(at);
    at += std::strlen(at) + 1;
    problems.push_back(std::move(problem));
  }
  cloche_schema_text_free(text);
  CHECK(!problems.empty());
  return problems;
}

}  // namespace

void Schema::Free::operator()(cloche_schema* schema) const { cloche_schema_free(schema); }

Result<Schema, SchemaProblem> Schema::compile(std::string_view text) {
  const JsonLimits limits{.bytes = kMaxSchemaBytes, .depth = kMaxDepth, .values = kMaxValues};
  auto schema = read_json(text, limits);
  if (schema.ok()) return compile(*schema);
  const TextPosition at = position_of(text, schema.error().offset);
  return SchemaProblem{.pointer = {},
                       .message = "line " + std::to_string(at.line) + ", column " +
                                  std::to_string(at.column) + ": " + schema.error().message};
}

Result<Schema, SchemaProblem> Schema::compile(const Json& schema) {
  // A packed value may be longer than its text: five bytes stand for each value's punctuation.
  Packer packer(kMaxSchemaBytes + 5 * kMaxValues);
  if (!packer.add(schema)) {
    return SchemaProblem{.pointer = {}, .message = "the schema is too large or too deep"};
  }
  cloche_schema_text_t problem{};
  cloche_schema* compiled = cloche_schema_compile(packer.data(), packer.size(), &problem);
  if (compiled == nullptr) return std::move(problems_of(problem).front());
  return Schema(compiled);
}

Result<Unit, Mismatch> Schema::validate(const Json& value) const {
  Packer packer(kMaxValueBytes + 5 * kMaxValues);
  if (!packer.add(value)) return Mismatch{{{{}, "the value is too large or too deep"}}};
  cloche_schema_text_t problems{};
  if (cloche_schema_validate(compiled_.get(), packer.data(), packer.size(), &problems)) {
    return Unit{};
  }
  return Mismatch{problems_of(problems)};
}

}  // namespace cloche
