// Code in sessions.
#include "capi/handles.h"

namespace cloche::capi {
namespace {

static_assert(static_cast<int>(Language::kPython) == CLOCHE_PYTHON);
static_assert(static_cast<int>(Language::kJavaScript) == CLOCHE_JAVASCRIPT);
static_assert(static_cast<int>(CodeValue::Kind::kNone) == CLOCHE_NO_VALUE);
static_assert(static_cast<int>(CodeValue::Kind::kJson) == CLOCHE_JSON);
static_assert(static_cast<int>(CodeValue::Kind::kBytes) == CLOCHE_BYTES);
static_assert(static_cast<int>(CodeValue::Kind::kText) == CLOCHE_TEXT);

bool is_language(int language) {
  return language == CLOCHE_PYTHON || language == CLOCHE_JAVASCRIPT;
}

cloche_result* result_of(Expected<CodeResult> result, cloche_error** error) {
  if (!result) return fail(error, result.error());
  return new cloche_result{std::move(*result), true};
}

// Of one that is a result of code; else null.
const CodeResult* code_of(const cloche_result* result) {
  return result != nullptr && result->is_code ? &result->result : nullptr;
}

const char* text_of(const std::string* text, size_t* size) {
  if (size != nullptr) *size = text == nullptr ? 0 : text->size();
  return text == nullptr ? nullptr : text->c_str();
}

const Display* display_at(const cloche_result* result, size_t index) {
  return index < cloche_result_display_count(result) ? &result->result.displays[index] : nullptr;
}

const std::pair<std::string, std::string>* form_at(const cloche_result* result, size_t display,
                                                   size_t index) {
  const Display* const found = display_at(result, display);
  return found != nullptr && index < found->forms.size() ? &found->forms[index] : nullptr;
}

}  // namespace
}  // namespace cloche::capi

using namespace cloche::capi;
using cloche::Language;

cloche_code* cloche_code_new(int language, const char* text, size_t size) noexcept {
  auto* const code = new cloche_code();
  if (!is_language(language)) {
    code->mistake.note(__func__, "no language is " + std::to_string(language));
    return code;
  }
  code->options.language = static_cast<Language>(language);
  if (size == 0 || can_set(code, __func__, text))
    code->options.code.assign(size > 0 ? text : "", size);
  return code;
}

void cloche_code_free(cloche_code* code) noexcept { delete code; }

void cloche_code_set_session(cloche_code* code, const char* session) noexcept {
  if (can_set(code, __func__, session)) code->options.session = session;
}

void cloche_code_set_input(cloche_code* code, const void* bytes, size_t size) noexcept {
  if (size > 0 && !can_set(code, __func__, bytes)) return;
  if (code != nullptr) {
    code->options.standard_input.assign(static_cast<const char*>(size > 0 ? bytes : ""), size);
  }
}

void cloche_code_set_timeout(cloche_code* code, uint64_t nanoseconds) noexcept {
  if (code == nullptr) return;
  if (nanoseconds > INT64_MAX) return code->mistake.note(__func__, "it is too long");
  code->options.timeout = std::chrono::nanoseconds(nanoseconds);
}

void cloche_code_set_grace(cloche_code* code, uint64_t nanoseconds) noexcept {
  if (code == nullptr) return;
  if (nanoseconds > INT64_MAX) return code->mistake.note(__func__, "it is too long");
  code->options.grace = std::chrono::nanoseconds(nanoseconds);
}

void cloche_code_set_value_bytes(cloche_code* code, uint64_t bytes) noexcept {
  if (code != nullptr) code->options.value_bytes = bytes;
}

cloche_result* cloche_sandbox_run_code(cloche_sandbox* sandbox, const cloche_code* code,
                                       cloche_error** error) noexcept {
  if (sandbox == nullptr || code == nullptr) return fail_null(error, __func__);
  if (code->mistake.failure()) return fail(error, *code->mistake.failure());
  return result_of(sandbox->sandbox.run_code(code->options), error);
}

cloche_result* cloche_sandbox_run_python(cloche_sandbox* sandbox, const char* text,
                                         cloche_error** error) noexcept {
  if (sandbox == nullptr || text == nullptr) return fail_null(error, __func__);
  return result_of(sandbox->sandbox.run_python(text), error);
}

cloche_result* cloche_sandbox_run_js(cloche_sandbox* sandbox, const char* text,
                                     cloche_error** error) noexcept {
  if (sandbox == nullptr || text == nullptr) return fail_null(error, __func__);
  return result_of(sandbox->sandbox.run_js(text), error);
}

bool cloche_sandbox_interrupt(cloche_sandbox* sandbox, int language, const char* session) noexcept {
  if (sandbox == nullptr || session == nullptr || !is_language(language)) return false;
  return sandbox->sandbox.interrupt(static_cast<Language>(language), session);
}

bool cloche_sandbox_close_session(cloche_sandbox* sandbox, int language,
                                  const char* session) noexcept {
  if (sandbox == nullptr || session == nullptr || !is_language(language)) return false;
  return sandbox->sandbox.close_session(static_cast<Language>(language), session);
}

// --- results

int cloche_result_value_kind(const cloche_result* result) noexcept {
  const auto* const code = code_of(result);
  return code == nullptr ? CLOCHE_NONE : static_cast<int>(code->value.kind);
}

const char* cloche_result_value(const cloche_result* result, size_t* size) noexcept {
  const auto* const code = code_of(result);
  const bool none = code == nullptr || code->value.kind == cloche::CodeValue::Kind::kNone;
  return text_of(none ? nullptr : &code->value.data, size);
}

const char* cloche_result_repr(const cloche_result* result, size_t* size) noexcept {
  const auto* const code = code_of(result);
  return text_of(code == nullptr ? nullptr : &code->repr, size);
}

const char* cloche_result_traceback(const cloche_result* result) noexcept {
  const auto* const code = code_of(result);
  return code == nullptr ? nullptr : code->traceback.c_str();
}

uint64_t cloche_result_cell(const cloche_result* result) noexcept {
  const auto* const code = code_of(result);
  return code == nullptr ? 0 : code->cell;
}

bool cloche_result_session_restarted(const cloche_result* result) noexcept {
  const auto* const code = code_of(result);
  return code != nullptr && code->session_restarted;
}

bool cloche_result_session_ended(const cloche_result* result) noexcept {
  const auto* const code = code_of(result);
  return code != nullptr && code->session_ended;
}

size_t cloche_result_display_count(const cloche_result* result) noexcept {
  const auto* const code = code_of(result);
  return code == nullptr ? 0 : code->displays.size();
}

size_t cloche_result_form_count(const cloche_result* result, size_t display) noexcept {
  const auto* const found = display_at(result, display);
  return found == nullptr ? 0 : found->forms.size();
}

const char* cloche_result_form_type(const cloche_result* result, size_t display,
                                    size_t index) noexcept {
  const auto* const form = form_at(result, display, index);
  return form == nullptr ? nullptr : form->first.c_str();
}

const char* cloche_result_form_data(const cloche_result* result, size_t display, size_t index,
                                    size_t* size) noexcept {
  const auto* const form = form_at(result, display, index);
  return text_of(form == nullptr ? nullptr : &form->second, size);
}
