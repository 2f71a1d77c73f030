// Files of a sandbox.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "capi/handles.h"

namespace cloche::capi {
namespace {

static_assert(static_cast<int>(FileType::kRegular) == CLOCHE_REGULAR);
static_assert(static_cast<int>(FileType::kOther) == CLOCHE_OTHER);
static_assert(static_cast<int>(FileEvent::Kind::kCreated) == CLOCHE_FILE_CREATED);
static_assert(static_cast<int>(FileEvent::Kind::kLost) == CLOCHE_EVENTS_LOST);
static_assert(static_cast<int>(FileEvent::Kind::kGone) == CLOCHE_FILE_GONE);

constexpr int kPermissions = 07777;

// Whether nothing went wrong.
bool told(const std::optional<Failure>& failure, cloche_error** error) {
  if (failure) fail(error, *failure);
  return !failure;
}

bool wrong(cloche_error** error, const char* function, const std::string& what) {
  fail(error, {Failure::Kind::kInvalidArgument, function + (": " + what)});
  return false;
}

// Whether a call has all that it needs.
bool given(std::initializer_list<const void*> pointers, cloche_error** error,
           const char* function) {
  const bool all = std::all_of(pointers.begin(), pointers.end(),
                               [](const void* each) { return each != nullptr; });
  if (!all) fail_null(error, function);
  return all;
}

std::string_view bytes_of(const void* bytes, size_t size) {
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

Files files_of(const cloche_sandbox* sandbox) { return sandbox->sandbox.files(); }

Files::Depth depth_of(bool all) { return all ? Files::Depth::kAll : Files::Depth::kOne; }

const FileEntry* entry_at(const cloche_entries* entries, size_t index) {
  return index < cloche_entries_count(entries) ? &entries->entries[index] : nullptr;
}

const FileEvent* event_at(const cloche_events* events, size_t index) {
  return index < cloche_events_count(events) ? &events->events[index] : nullptr;
}

Failure callback_failed() {
  return Failure{Failure::Kind::kIo, "the caller's function for the bytes of the archive failed"};
}

// Without a second copy of it.
constexpr uint64_t kLarge = 1 << 20;
char* read_large(const cloche_sandbox* sandbox, const char* path, uint64_t bytes, size_t* size,
                 cloche_error** error) {
  if (bytes > Files::kMaxWhole) {
    return fail(error, {Failure::Kind::kResourceExhausted,
                        "the file is too large to be read as a whole", EFBIG});
  }
  char* const text = static_cast<char*>(malloc(bytes + 1));
  if (text == nullptr) {
    return fail(error, {Failure::Kind::kResourceExhausted, "no memory for the file", ENOMEM});
  }
  const auto got = files_of(sandbox).read_at(path, 0, text, bytes);
  if (!got) {
    free(text);
    return fail(error, got.error());
  }
  text[*got] = '\0';
  if (size != nullptr) *size = *got;
  return text;
}

cloche_archive_report* report_of(Expected<ArchiveReport> report, cloche_error** error) {
  if (!report) return fail(error, report.error());
  return new cloche_archive_report{std::move(*report)};
}

}  // namespace
}  // namespace cloche::capi

using namespace cloche::capi;
using cloche::Files;

char* cloche_file_read(const cloche_sandbox* sandbox, const char* path, size_t* size,
                       cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return nullptr;
  const auto info = files_of(sandbox).stat(path);
  if (info && info->size >= kLarge) return read_large(sandbox, path, info->size, size, error);
  const auto text = files_of(sandbox).read(path);
  if (!text) return fail(error, text.error());
  if (size != nullptr) *size = text->size();
  return new_text(*text);
}

int64_t cloche_file_read_at(const cloche_sandbox* sandbox, const char* path, uint64_t offset,
                            void* out, size_t size, cloche_error** error) noexcept {
  if (!given({sandbox, path, size == 0 ? path : out}, error, __func__)) return CLOCHE_NONE;
  const auto got = files_of(sandbox).read_at(path, offset, out, size);
  if (got) return static_cast<int64_t>(*got);
  fail(error, got.error());
  return CLOCHE_NONE;
}

bool cloche_file_write(cloche_sandbox* sandbox, const char* path, const void* bytes, size_t size,
                       unsigned flags, int mode, cloche_error** error) noexcept {
  if (!given({sandbox, path, size == 0 ? path : bytes}, error, __func__)) return false;
  if ((flags & ~unsigned{CLOCHE_WRITE_APPEND | CLOCHE_WRITE_PARENTS}) != 0) {
    return wrong(error, __func__, "no flags are " + std::to_string(flags));
  }
  if (mode < -1 || mode > kPermissions)
    return wrong(error, __func__, "a mode is 0 to 07777, or -1");
  cloche::WriteOptions options{.append = (flags & CLOCHE_WRITE_APPEND) != 0,
                               .parents = (flags & CLOCHE_WRITE_PARENTS) != 0,
                               .mode = {}};
  if (mode >= 0) options.mode = static_cast<uint32_t>(mode);
  return told(files_of(sandbox).write(path, bytes_of(bytes, size), options), error);
}

bool cloche_file_write_at(cloche_sandbox* sandbox, const char* path, uint64_t offset,
                          const void* bytes, size_t size, cloche_error** error) noexcept {
  if (!given({sandbox, path, size == 0 ? path : bytes}, error, __func__)) return false;
  return told(files_of(sandbox).write_at(path, offset, bytes_of(bytes, size)), error);
}

cloche_entries* cloche_file_list(const cloche_sandbox* sandbox, const char* path,
                                 cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return nullptr;
  auto entries = files_of(sandbox).list(path);
  if (!entries) return fail(error, entries.error());
  return new cloche_entries{std::move(*entries)};
}

cloche_entries* cloche_file_stat(const cloche_sandbox* sandbox, const char* path, bool follow,
                                 cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return nullptr;
  const auto info =
      files_of(sandbox).stat(path, follow ? Files::Links::kFollow : Files::Links::kKeep);
  if (!info) return fail(error, info.error());
  return new cloche_entries{{{path, *info}}};
}

size_t cloche_entries_count(const cloche_entries* entries) noexcept {
  return entries == nullptr ? 0 : entries->entries.size();
}

const char* cloche_entries_name(const cloche_entries* entries, size_t index) noexcept {
  const auto* const entry = entry_at(entries, index);
  return entry == nullptr ? nullptr : entry->name.c_str();
}

int cloche_entries_type(const cloche_entries* entries, size_t index) noexcept {
  const auto* const entry = entry_at(entries, index);
  return entry == nullptr ? CLOCHE_NONE : static_cast<int>(entry->info.type);
}

uint64_t cloche_entries_size(const cloche_entries* entries, size_t index) noexcept {
  const auto* const entry = entry_at(entries, index);
  return entry == nullptr ? 0 : entry->info.size;
}

int cloche_entries_mode(const cloche_entries* entries, size_t index) noexcept {
  const auto* const entry = entry_at(entries, index);
  return entry == nullptr ? CLOCHE_NONE : static_cast<int>(entry->info.mode);
}

int64_t cloche_entries_mtime(const cloche_entries* entries, size_t index) noexcept {
  const auto* const entry = entry_at(entries, index);
  return entry == nullptr ? 0 : entry->info.mtime_ns;
}

void cloche_entries_free(cloche_entries* entries) noexcept { delete entries; }

bool cloche_file_exists(const cloche_sandbox* sandbox, const char* path) noexcept {
  return sandbox != nullptr && path != nullptr && files_of(sandbox).exists(path);
}

bool cloche_file_mkdir(cloche_sandbox* sandbox, const char* path, bool all, unsigned mode,
                       cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return false;
  return told(files_of(sandbox).mkdir(path, depth_of(all), mode), error);
}

bool cloche_file_remove(cloche_sandbox* sandbox, const char* path, bool all,
                        cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return false;
  return told(files_of(sandbox).remove(path, depth_of(all)), error);
}

bool cloche_file_rename(cloche_sandbox* sandbox, const char* from, const char* to,
                        cloche_error** error) noexcept {
  if (!given({sandbox, from, to}, error, __func__)) return false;
  return told(files_of(sandbox).rename(from, to), error);
}

bool cloche_file_symlink(cloche_sandbox* sandbox, const char* target, const char* path,
                         cloche_error** error) noexcept {
  if (!given({sandbox, target, path}, error, __func__)) return false;
  return told(files_of(sandbox).symlink(target, path), error);
}

char* cloche_file_readlink(const cloche_sandbox* sandbox, const char* path,
                           cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return nullptr;
  const auto target = files_of(sandbox).readlink(path);
  return target ? new_text(*target) : fail(error, target.error());
}

bool cloche_file_chmod(cloche_sandbox* sandbox, const char* path, unsigned mode,
                       cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return false;
  return told(files_of(sandbox).chmod(path, mode), error);
}

// --- archives

cloche_archive_report* cloche_file_unpack(cloche_sandbox* sandbox, const char* path,
                                          cloche_source source, void* env,
                                          cloche_error** error) noexcept {
  if (!given({sandbox, path, reinterpret_cast<const void*>(source)}, error, __func__)) {
    return nullptr;
  }
  const Files::Source read = [source, env](char* out, size_t size) -> cloche::Expected<size_t> {
    const int64_t got = source(env, out, size);
    if (got < 0 || static_cast<uint64_t>(got) > size) return callback_failed();
    return static_cast<size_t>(got);
  };
  return report_of(files_of(sandbox).unpack(path, read), error);
}

cloche_archive_report* cloche_file_pack(const cloche_sandbox* sandbox, const char* path,
                                        cloche_sink sink, void* env,
                                        cloche_error** error) noexcept {
  if (!given({sandbox, path, reinterpret_cast<const void*>(sink)}, error, __func__)) return nullptr;
  const Files::Sink write = [sink, env](std::string_view bytes) -> std::optional<cloche::Failure> {
    if (sink(env, bytes.data(), bytes.size())) return std::nullopt;
    return callback_failed();
  };
  return report_of(files_of(sandbox).pack(path, write), error);
}

int64_t cloche_archive_report_number(const cloche_archive_report* report,
                                     const char* name) noexcept {
  if (report == nullptr || name == nullptr) return CLOCHE_NONE;
  const cloche::ArchiveReport& known = report->report;
  const std::pair<std::string_view, uint64_t> numbers[] = {{"files", known.files},
                                                           {"folders", known.folders},
                                                           {"links", known.links},
                                                           {"bytes", known.bytes},
                                                           {"skipped", known.skipped_count}};
  for (const auto& [each, number] : numbers) {
    if (each == name) return static_cast<int64_t>(number);
  }
  return CLOCHE_NONE;
}

const char* cloche_archive_report_skipped(const cloche_archive_report* report,
                                          size_t index) noexcept {
  if (report == nullptr || index >= report->report.skipped.size()) return nullptr;
  return report->report.skipped[index].c_str();
}

void cloche_archive_report_free(cloche_archive_report* report) noexcept { delete report; }

// --- watches

cloche_watch* cloche_file_watch(const cloche_sandbox* sandbox, const char* path,
                                cloche_error** error) noexcept {
  if (!given({sandbox, path}, error, __func__)) return nullptr;
  auto watch = files_of(sandbox).watch(path);
  if (!watch) return fail(error, watch.error());
  return new cloche_watch{std::move(*watch)};
}

cloche_events* cloche_watch_next(cloche_watch* watch, uint64_t nanoseconds) noexcept {
  if (watch == nullptr) return nullptr;
  const std::chrono::nanoseconds timeout(std::min<uint64_t>(nanoseconds, INT64_MAX));
  return new cloche_events{watch->watch.next(timeout)};
}

void cloche_watch_free(cloche_watch* watch) noexcept { delete watch; }

size_t cloche_events_count(const cloche_events* events) noexcept {
  return events == nullptr ? 0 : events->events.size();
}

int cloche_events_kind(const cloche_events* events, size_t index) noexcept {
  const auto* const event = event_at(events, index);
  return event == nullptr ? CLOCHE_NONE : static_cast<int>(event->kind);
}

const char* cloche_events_name(const cloche_events* events, size_t index) noexcept {
  const auto* const event = event_at(events, index);
  return event == nullptr ? nullptr : event->name.c_str();
}

void cloche_events_free(cloche_events* events) noexcept { delete events; }
