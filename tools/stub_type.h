// What a JSON Schema says of a value, as far as types of Python and TypeScript can say it.
//
// A type never excludes a value that the schema takes, but for members that the schema neither
// names nor speaks of (additionalProperties): those count as excluded. Where a schema says more
// than types can, or is too deep, too large or refers to itself, the type is wider.
//
// Thread class: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"

namespace cloche::tools {

struct StubField;

struct StubType {
  enum class Kind : uint8_t {
    kAny,
    kNull,
    kBool,
    kInteger,
    kNumber,
    kString,
    kLiteral,  // exactly `literal`: a string, a boolean, or an integer of up to 15 digits
    kArray,    // of `parts[0]`
    kObject,   // `fields`, and others if there are `parts`: of type `parts[0]`
    kUnion,    // of two or more `parts`, none of them kAny or kUnion
  };
  Kind kind = Kind::kAny;
  Json literal;
  std::vector<StubType> parts;
  std::vector<StubField> fields;  // in byte order of their names, each name once
};

struct StubField {
  std::string name;
  std::string description;  // at most kMaxStubDescription bytes of UTF-8, of any characters
  bool required = false;
  StubType type;
};

inline constexpr size_t kMaxStubTypes = 512;         // of one schema; what comes after them is kAny
inline constexpr size_t kMaxStubDepth = 16;          // of types in one another
inline constexpr size_t kMaxStubLiterals = 64;       // of an enum; one with more is a wider type
inline constexpr size_t kMaxStubText = 128;          // bytes of a literal or a name; longer: wider
inline constexpr size_t kMaxStubDescription = 1024;  // bytes of a description; longer ones are cut

// Linear in the size of the schema, times kMaxStubTypes.
StubType read_stub_type(const Json& schema);

// Up to `bytes` bytes of valid UTF-8, whole characters, and "…" for what is left out.
std::string cut_text(const std::string& text, size_t bytes);

}  // namespace cloche::tools
