#include "tools/stub_type.h"

#include <algorithm>
#include <charconv>

namespace cloche::tools {
namespace {

using Kind = StubType::Kind;

StubType any() { return {}; }

StubType simple(Kind kind) {
  StubType type;
  type.kind = kind;
  return type;
}

const Json* member(const Json& schema, std::string_view name, Json::Kind kind) {
  const Json* found = schema.find(name);
  return found != nullptr && found->is(kind) ? found : nullptr;
}

bool is_short_integer(const std::string& text) {
  const size_t digits = text.starts_with('-') ? 1 : 0;
  return text.size() - digits <= 15 && text != "-0" &&
         text.find_first_not_of("0123456789", digits) == std::string::npos;
}

bool is_integer(const std::string& text) { return text.find_first_of(".eE") == std::string::npos; }

// The type of exactly this value, or a wider one.
StubType type_of_value(const Json& value) {
  StubType type;
  bool fits = true;
  switch (value.kind) {
    case Json::Kind::kNull:
      return simple(Kind::kNull);
    case Json::Kind::kBool:
      break;
    case Json::Kind::kNumber:
      fits = is_short_integer(value.text);
      type.kind = is_integer(value.text) ? Kind::kInteger : Kind::kNumber;
      break;
    case Json::Kind::kString:
      fits = value.text.size() <= kMaxStubText;
      type.kind = Kind::kString;
      break;
    case Json::Kind::kArray:
      type.kind = Kind::kArray;
      type.parts.emplace_back();
      return type;
    case Json::Kind::kObject:
      type.kind = Kind::kObject;
      type.parts.emplace_back();
      return type;
  }
  if (!fits) return type;
  type.kind = Kind::kLiteral;
  type.literal = value;
  return type;
}

StubType without_literal(const StubType& type) {
  if (type.kind != Kind::kLiteral) return type;
  return simple(type.literal.is(Json::Kind::kString) ? Kind::kString
                : type.literal.is(Json::Kind::kBool) ? Kind::kBool
                                                     : Kind::kInteger);
}

bool same(const StubType& a, const StubType& b) {
  if (a.kind != b.kind || !a.fields.empty() || !b.fields.empty()) return false;
  if (a.kind == Kind::kLiteral) return same_json(a.literal, b.literal);
  return std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), same);
}

// A type for what is of any of these. Quadratic, in at most kMaxStubTypes.
StubType union_of(std::vector<StubType> parts) {
  StubType type = simple(Kind::kUnion);
  const auto add = [&type](StubType part) {
    for (const StubType& other : type.parts) {
      if (same(part, other)) return;
    }
    type.parts.push_back(std::move(part));
  };
  for (StubType& part : parts) {
    if (part.kind == Kind::kAny) return any();
    if (part.kind != Kind::kUnion) {
      add(std::move(part));
      continue;
    }
    for (StubType& inner : part.parts) add(std::move(inner));
  }
  if (type.parts.empty()) return any();
  if (type.parts.size() == 1) return StubType(std::move(type.parts[0]));
  return type;
}

// ~0 and ~1 of a JSON pointer.
std::string unescape(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escaped = token[i] == '~' && i + 1 < token.size();
    out.push_back(!escaped ? token[i] : token[++i] == '1' ? '/' : '~');
  }
  return out;
}

const Json* step_into(const Json& value, const std::string& token) {
  if (value.is(Json::Kind::kObject)) return value.find(token);
  if (!value.is(Json::Kind::kArray)) return nullptr;
  size_t index = 0;
  const char* end = token.data() + token.size();
  const auto [at, error] = std::from_chars(token.data(), end, index);
  if (error != std::errc() || at != end || index >= value.items.size()) return nullptr;
  return &value.items[index];
}

class Reader {
 public:
  explicit Reader(const Json& root) : root_(root), path_{&root} {}

  StubType read(const Json& schema, size_t depth) {
    if (depth >= kMaxStubDepth || !schema.is(Json::Kind::kObject) || !take()) return any();
    // What refers to itself from in there means another place.
    if (depth > 0 && schema.find("$id") != nullptr) return any();
    if (const Json* value = schema.find("const")) return type_of_value(*value);
    if (const Json* values = member(schema, "enum", Json::Kind::kArray)) return of_enum(*values);
    if (const Json* type = schema.find("type")) return of_types(schema, *type, depth);
    if (schema.find("properties") != nullptr) return object(schema, depth);
    if (schema.find("$ref") != nullptr) return of_reference(schema, depth);
    for (const char* word : {"anyOf", "oneOf"}) {
      const Json* parts = member(schema, word, Json::Kind::kArray);
      if (parts != nullptr) return of_alternatives(*parts, depth);
    }
    const Json* all = member(schema, "allOf", Json::Kind::kArray);
    if (all != nullptr && all->items.size() == 1) return read(all->items[0], depth + 1);
    return any();
  }

 private:
  bool take() { return types_++ < kMaxStubTypes; }

  StubType of_enum(const Json& values) {
    std::vector<StubType> parts;
    const bool exact = values.items.size() <= kMaxStubLiterals;
    for (const Json& value : values.items) {
      StubType type = type_of_value(value);
      if (!exact) type = without_literal(type);
      if (parts.empty() || !same(parts.back(), type)) parts.push_back(std::move(type));
      if (parts.size() > kMaxStubLiterals) return any();
    }
    return union_of(std::move(parts));
  }

  StubType of_types(const Json& schema, const Json& type, size_t depth) {
    if (type.is(Json::Kind::kString)) return of_type(schema, type.text, depth);
    std::vector<StubType> parts;
    for (const Json& one : type.items) {
      if (!one.is(Json::Kind::kString) || !take()) return any();
      parts.push_back(of_type(schema, one.text, depth));
    }
    return union_of(std::move(parts));
  }

  StubType of_type(const Json& schema, std::string_view type, size_t depth) {
    if (type == "null") return simple(Kind::kNull);
    if (type == "boolean") return simple(Kind::kBool);
    if (type == "integer") return simple(Kind::kInteger);
    if (type == "number") return simple(Kind::kNumber);
    if (type == "string") return simple(Kind::kString);
    if (type == "array") return array(schema, depth);
    return type == "object" ? object(schema, depth) : any();
  }

  StubType of_alternatives(const Json& alternatives, size_t depth) {
    std::vector<StubType> parts;
    for (const Json& one : alternatives.items) {
      if (one.is(Json::Kind::kBool) && !one.boolean) continue;
      parts.push_back(read(one, depth + 1));
      if (parts.back().kind == Kind::kAny) return any();
    }
    return union_of(std::move(parts));
  }

  StubType of_reference(const Json& schema, size_t depth) {
    const Json* target = member(schema, "$ref", Json::Kind::kString);
    if (target != nullptr) target = resolve(target->text);
    if (target == nullptr || std::find(path_.begin(), path_.end(), target) != path_.end()) {
      return any();
    }
    path_.push_back(target);
    StubType type = read(*target, depth + 1);
    path_.pop_back();
    return type;
  }

  // "#" and a JSON pointer; nothing else.
  const Json* resolve(std::string_view reference) const {
    if (!reference.starts_with('#') || reference.find('%') != std::string_view::npos)
      return nullptr;
    reference.remove_prefix(1);
    const Json* at = &root_;
    while (at != nullptr && !reference.empty()) {
      if (reference[0] != '/') return nullptr;
      const size_t end = reference.find('/', 1);
      const std::string_view token =
          reference.substr(1, end == std::string_view::npos ? end : end - 1);
      reference = end == std::string_view::npos ? std::string_view() : reference.substr(end);
      at = step_into(*at, unescape(token));
      if (at != nullptr && at->find("$id") != nullptr) return nullptr;
    }
    return at;
  }

  StubType array(const Json& schema, size_t depth) {
    StubType type = simple(Kind::kArray);
    const Json* items = schema.find("prefixItems") == nullptr ? schema.find("items") : nullptr;
    type.parts.push_back(items == nullptr ? any() : read(*items, depth + 1));
    return type;
  }

  StubType object(const Json& schema, size_t depth) {
    StubType type = simple(Kind::kObject);
    const Json* properties = member(schema, "properties", Json::Kind::kObject);
    bool complete = true;
    if (properties != nullptr) {
      for (const JsonMember& property : properties->members) {
        complete &= add_field(type, property.name, property.value, depth);
      }
    }
    complete &= mark_required(type, schema);
    const Json* more = schema.find("additionalProperties");
    const bool closed = more != nullptr && more->is(Json::Kind::kBool) && !more->boolean;
    if (!complete || schema.find("patternProperties") != nullptr) {
      type.parts.push_back(any());
    } else if (!closed && (more != nullptr || type.fields.empty())) {
      // Beside fields of other types it is only known that there may be others.
      type.parts.push_back(more != nullptr && type.fields.empty() ? read(*more, depth + 1) : any());
    }
    return type;
  }

  bool add_field(StubType& type, const std::string& name, const Json& schema, size_t depth) {
    if (name.size() > kMaxStubText || types_ >= kMaxStubTypes) return false;
    StubField field{
        .name = name, .description = {}, .required = false, .type = read(schema, depth + 1)};
    const Json* description = member(schema, "description", Json::Kind::kString);
    if (description != nullptr)
      field.description = cut_text(description->text, kMaxStubDescription);
    type.fields.push_back(std::move(field));
    return true;
  }

  // False when a name that must be there has no field.
  static bool mark_required(StubType& type, const Json& schema) {
    const Json* required = member(schema, "required", Json::Kind::kArray);
    if (required == nullptr) return true;
    bool found_all = true;
    for (const Json& name : required->items) {
      const auto at = std::lower_bound(
          type.fields.begin(), type.fields.end(), name.text,
          [](const StubField& field, const std::string& wanted) { return field.name < wanted; });
      const bool found = at != type.fields.end() && at->name == name.text;
      if (found) at->required = true;
      found_all &= found;
    }
    return found_all;
  }

  const Json& root_;
  size_t types_ = 0;
  std::vector<const Json*> path_;  // the root, and targets of references that are being read
};

}  // namespace

StubType read_stub_type(const Json& schema) { return Reader(schema).read(schema, 0); }

std::string cut_text(const std::string& text, size_t bytes) {
  if (text.size() <= bytes) return text;
  size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace cloche::tools
