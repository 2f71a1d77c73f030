// JSON Schema, draft 2020-12, for what goes into tools and what comes out (docs/tools.md,
// "Schemas").
//
// The schema is its author's, the value anybody's: no value may take the host long, make it use
// much memory or stack, or pass as something that it is not. Numbers are compared exactly. `format`
// and `content...` are annotations: they never refuse a value.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

extern "C" struct cloche_schema;

namespace cloche {

struct SchemaProblem {
  std::string pointer;  // RFC 6901, into the schema or the value; empty for the whole. Any UTF-8
  std::string message;  // printable; holds names from the value, but no values
};

struct Mismatch {
  std::vector<SchemaProblem> problems;  // 1 to kMaxProblems of them, in no particular order
};

// Thread class: immutable; validate() is safe from any thread.
class Schema {
 public:
  static constexpr size_t kMaxSchemaBytes = size_t{1} << 20;
  static constexpr size_t kMaxValueBytes = size_t{16} << 20;
  static constexpr size_t kMaxDepth = 64;         // of arrays and objects in one another
  static constexpr size_t kMaxValues = 1u << 18;  // of all kinds, in a schema or a value
  static constexpr size_t kMaxProblems = 8;
  static constexpr size_t kMaxTextBytes = 512;  // of a pointer and, before escaping, a message

  // Takes milliseconds. Refused: text that read_json() refuses, all that the meta-schema refuses,
  // `$schema` that names another dialect, references to anything but this schema and the
  // meta-schema of draft 2020-12, patterns that need backtracking (look-around, back references) or
  // compile to more than 256 KiB, more than 256 patterns, and references so many and so deep that
  // following them would need much stack.
  static Result<Schema, SchemaProblem> compile(std::string_view text);
  static Result<Schema, SchemaProblem> compile(const Json& schema);

  Schema(Schema&&) = default;
  Schema& operator=(Schema&&) = default;

  // Whether the value matches. A value over the limits above, or one that this schema takes more
  // than 2^24 steps to check (about 0.2 s), is a mismatch, too. Takes 512 KiB of stack at most.
  Result<Unit, Mismatch> validate(const Json& value) const;

 private:
  struct Free {
    void operator()(cloche_schema* schema) const;
  };
  explicit Schema(cloche_schema* compiled) : compiled_(compiled) {}

  std::unique_ptr<cloche_schema, Free> compiled_;
};

}  // namespace cloche
