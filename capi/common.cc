// Versions, errors, lists and other texts.
#include <cstdlib>
#include <cstring>

#include "capi/handles.h"

namespace cloche::capi {
namespace {

static_assert(static_cast<int>(Failure::Kind::kInvalidArgument) == CLOCHE_INVALID_ARGUMENT);
static_assert(static_cast<int>(Failure::Kind::kBusy) == CLOCHE_BUSY);

}  // namespace

std::nullptr_t fail(cloche_error** error, Failure failure) {
  if (error != nullptr && *error == nullptr) *error = new cloche_error{std::move(failure)};
  return nullptr;
}

std::nullptr_t fail_null(cloche_error** error, const char* function) {
  return fail(error, {Failure::Kind::kInvalidArgument, std::string(function) + ": a null pointer"});
}

char* new_text(std::string_view text) {
  auto* memory = static_cast<char*>(std::malloc(text.size() + 1));
  if (memory == nullptr) std::abort();
  std::memcpy(memory, text.data(), text.size());
  memory[text.size()] = '\0';
  return memory;
}

}  // namespace cloche::capi

using namespace cloche::capi;

const char* cloche_version() noexcept { return CLOCHE_VERSION_STRING; }
int cloche_abi_version() noexcept { return CLOCHE_ABI_VERSION; }

void cloche_free(void* memory) noexcept { std::free(memory); }

int cloche_error_kind(const cloche_error* error) noexcept {
  return error == nullptr ? CLOCHE_NONE : static_cast<int>(error->failure.kind);
}

const char* cloche_error_message(const cloche_error* error) noexcept {
  return error == nullptr ? nullptr : error->failure.message.c_str();
}

char* cloche_error_json(const cloche_error* error) noexcept {
  return error == nullptr ? nullptr : new_text(cloche::to_json(error->failure));
}

int cloche_error_number(const cloche_error* error) noexcept {
  return error == nullptr ? 0 : error->failure.error_number;
}

void cloche_error_free(cloche_error* error) noexcept { delete error; }

const char* cloche_error_kind_name(int kind) noexcept {
  const bool known = kind >= CLOCHE_INVALID_ARGUMENT && kind <= CLOCHE_BUSY;
  return known ? to_string(static_cast<cloche::Failure::Kind>(kind)) : nullptr;
}

size_t cloche_list_count(const cloche_list* list) noexcept {
  return list == nullptr ? 0 : list->lines.size();
}

const char* cloche_list_get(const cloche_list* list, size_t index) noexcept {
  return index < cloche_list_count(list) ? list->lines[index].c_str() : nullptr;
}

void cloche_list_free(cloche_list* list) noexcept { delete list; }

char* cloche_signal_name(int signo) noexcept { return new_text(cloche::signal_name(signo)); }

char* cloche_printable(const void* bytes, size_t size) noexcept {
  if (bytes == nullptr && size > 0) return nullptr;
  return new_text(cloche::printable({static_cast<const char*>(bytes), size}));
}
