#include "session/driver_message.h"

#include <algorithm>

#include "base/json.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace cloche::session {
namespace {

using Kind = Json::Kind;
using Problem = std::string;

constexpr size_t kSizeBytes = 4;           // of a size in front of a frame
constexpr uint64_t kTextBytes = 4u << 20;  // room for repr and the texts of an error
constexpr uint64_t kHeaderShare = 3;       // displays, escaped, and the repr, beside the value
constexpr uint32_t kHeaderDepth = 4, kHeaderValues = 1u << 16;
constexpr uint32_t kValueDepth = 256;  // of JSON that is only handed on
constexpr size_t kFormName = 127;
constexpr uint64_t kMaxExitCode = 255;

uint64_t longest_header(uint64_t value_bytes) { return kTextBytes + kHeaderShare * value_bytes; }

void append_size(std::string& out, uint64_t size) {
  for (size_t i = 0; i < kSizeBytes; ++i) out.push_back(static_cast<char>(size >> 8 * i & 0xff));
}

uint64_t size_at(std::string_view bytes, size_t at) {
  uint64_t size = 0;
  for (size_t i = 0; i < kSizeBytes; ++i) {
    size |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << 8 * i;
  }
  return size;
}

bool is_form_name(std::string_view name) {
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  return name.size() <= kFormName && name.find('/') != std::string_view::npos &&
         std::all_of(name.begin(), name.end(), visible);
}

class Reader {
 public:
  Reader(const Json& header, std::string_view body) : header_(header), body_(body) {}

  Result<CellReply, Problem> read() {
    TRY(read_number("id", UINT64_MAX, out_.id));
    uint64_t code = 0;
    TRY(read_number("exit_code", kMaxExitCode, code));
    out_.exit_code = static_cast<int>(code);
    TRY(read_text(header_, "repr", out_.repr));
    TRY(read_value());
    TRY(read_error());
    TRY(read_displays());
    return std::move(out_);
  }

 private:
  static Problem wrong(std::string_view key) {
    return "its \"" + std::string(key) + "\" is not what it must be";
  }

  Result<Unit, Problem> read_number(std::string_view key, uint64_t most, uint64_t& out) const {
    const Json* const value = header_.find(key);
    const auto number = value != nullptr ? whole_number(*value) : std::nullopt;
    if (!number || *number > most) return wrong(key);
    out = *number;
    return Unit{};
  }

  static Result<Unit, Problem> read_text(const Json& object, std::string_view key,
                                         std::string& out) {
    const Json* const value = object.find(key);
    if (value == nullptr || !value->is(Kind::kString)) return wrong(key);
    out = value->text;
    return Unit{};
  }

  Result<Unit, Problem> read_value() {
    std::string kind;
    TRY(read_text(header_, "kind", kind));
    if (kind == "none" && body_.empty()) return Unit{};
    out_.value.data = body_;
    if (kind == "bytes") {
      out_.value.kind = CodeValue::Kind::kBytes;
      return Unit{};
    }
    if ((kind != "json" && kind != "text") || !is_utf8(body_)) return wrong("kind");
    const bool json = kind == "json" && is_json_line(body_, kValueDepth);
    out_.value.kind = json ? CodeValue::Kind::kJson : CodeValue::Kind::kText;
    return Unit{};
  }

  Result<Unit, Problem> read_error() {
    const Json* const error = header_.find("error");
    if (error == nullptr) return Unit{};
    if (!error->is(Kind::kObject)) return wrong("error");
    TRY(read_text(*error, "type", out_.error_type));
    TRY(read_text(*error, "message", out_.error_message));
    return read_text(*error, "traceback", out_.traceback);
  }

  Result<Unit, Problem> read_displays() {
    const Json* const displays = header_.find("displays");
    if (displays == nullptr || !displays->is(Kind::kArray)) return wrong("displays");
    for (const Json& item : displays->items) {
      if (!item.is(Kind::kObject)) return wrong("displays");
      Display& display = out_.displays.emplace_back();
      for (const JsonMember& member : item.members) {
        if (!member.value.is(Kind::kString) || !is_form_name(member.name)) return wrong("displays");
        if (is_json_form(member.name) && !is_json_line(member.value.text, kValueDepth)) continue;
        display.forms.emplace_back(member.name, member.value.text);
      }
    }
    return Unit{};
  }

  const Json& header_;
  const std::string_view body_;
  CellReply out_;
};

}  // namespace

uint64_t longest_reply(uint64_t value_bytes) {
  return 2 * kSizeBytes + longest_header(value_bytes) + value_bytes;
}

std::string write_cell_request(const CellRequest& request) {
  JsonText object('{');
  object.add("id", std::to_string(request.id)).quote("name", request.name);
  object.quote("code", request.code).add("limit", std::to_string(request.value_bytes));
  const std::string text = object.flag("input", request.has_input).end();
  std::string frame;
  append_size(frame, text.size());
  return frame += text;
}

Result<std::optional<CellReply>, std::string> read_cell_reply(std::string_view bytes,
                                                              uint64_t value_bytes) {
  if (bytes.size() < 2 * kSizeBytes) return std::optional<CellReply>();
  const uint64_t header_size = size_at(bytes, 0), body_size = size_at(bytes, kSizeBytes);
  if (header_size > longest_header(value_bytes) || body_size > value_bytes) {
    return Problem("it is longer than it may be");
  }
  bytes.remove_prefix(2 * kSizeBytes);
  if (bytes.size() < header_size + body_size) return std::optional<CellReply>();
  if (bytes.size() > header_size + body_size) return Problem("more follows after it");
  const auto header =
      read_json(bytes.substr(0, header_size),
                {.bytes = header_size, .depth = kHeaderDepth, .values = kHeaderValues});
  if (!header.ok()) return Problem("its header is not JSON: " + header.error().message);
  if (!header->is(Kind::kObject)) return Problem("its header is no object");
  auto reply = Reader(*header, bytes.substr(header_size)).read();
  if (!reply.ok()) return std::move(reply).error();
  return std::optional<CellReply>(std::move(reply).value());
}

}  // namespace cloche::session
