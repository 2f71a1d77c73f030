// The host, and what can be asked without a sandbox: policies and audit logs.
#include "capi/handles.h"

struct cloche_findings {
  std::vector<cloche::Finding> findings;
};

struct cloche_report {
  cloche::PolicyReport report;
};

struct cloche_verdict {
  cloche::AuditVerdict verdict;
};

namespace {

using namespace cloche::capi;

const cloche::Finding* finding_at(const cloche_findings* findings, size_t index) {
  return index < cloche_findings_count(findings) ? &findings->findings[index] : nullptr;
}

// Text of a caller, of which null is empty.
std::string text_of(const char* text, size_t size) {
  return text == nullptr ? std::string() : std::string(text, size);
}

}  // namespace

// --- the host

cloche_host_options* cloche_host_options_new() noexcept { return new cloche_host_options(); }
void cloche_host_options_free(cloche_host_options* options) noexcept { delete options; }

void cloche_host_options_set_pack(cloche_host_options* options, const char* file) noexcept {
  if (can_set(options, __func__, file)) options->options.pack = file;
}

void cloche_host_options_set_cache_dir(cloche_host_options* options, const char* folder) noexcept {
  if (can_set(options, __func__, folder)) options->options.cache_dir = folder;
}

void cloche_host_options_set_progress(cloche_host_options* options, cloche_progress progress,
                                      void* env) noexcept {
  if (options == nullptr) return;
  if (progress == nullptr) return options->mistake.note(__func__, "a null pointer");
  options->options.progress = [progress, env](const std::string& what, int percent) {
    progress(env, what.c_str(), percent);
  };
}

cloche_host* cloche_host_create(const cloche_host_options* options, cloche_error** error) noexcept {
  if (options == nullptr) return fail_null(error, __func__);
  if (options->mistake.failure()) return fail(error, *options->mistake.failure());
  auto host = cloche::Host::create(options->options);
  if (!host) return fail(error, host.error());
  return new cloche_host{std::move(*host)};
}

void cloche_host_free(cloche_host* host) noexcept { delete host; }

cloche_findings* cloche_host_probe(const cloche_host_options* options) noexcept {
  if (options == nullptr) return nullptr;
  return new cloche_findings{cloche::Host::probe(options->options)};
}

size_t cloche_findings_count(const cloche_findings* findings) noexcept {
  return findings == nullptr ? 0 : findings->findings.size();
}

const char* cloche_findings_name(const cloche_findings* findings, size_t index) noexcept {
  const cloche::Finding* finding = finding_at(findings, index);
  return finding == nullptr ? nullptr : finding->name.c_str();
}

bool cloche_findings_ok(const cloche_findings* findings, size_t index) noexcept {
  const cloche::Finding* finding = finding_at(findings, index);
  return finding != nullptr && finding->ok;
}

const char* cloche_findings_detail(const cloche_findings* findings, size_t index) noexcept {
  const cloche::Finding* finding = finding_at(findings, index);
  return finding == nullptr ? nullptr : finding->detail.c_str();
}

void cloche_findings_free(cloche_findings* findings) noexcept { delete findings; }

char* cloche_host_engine_version(const cloche_host* host) noexcept {
  return host == nullptr ? nullptr : new_text(host->host.engine_version());
}

char* cloche_host_manifest(const cloche_host* host) noexcept {
  return host == nullptr ? nullptr : new_text(host->host.manifest());
}

cloche_list* cloche_host_warnings(const cloche_host* host) noexcept {
  return host == nullptr ? nullptr : new_list(host->host.warnings());
}

int cloche_host_compile(const cloche_host* host, const char* guest_path,
                        cloche_error** error) noexcept {
  if (host == nullptr || guest_path == nullptr) {
    fail_null(error, __func__);
    return -1;
  }
  const auto compiled = host->host.compile(guest_path);
  if (!compiled) {
    fail(error, compiled.error());
    return -1;
  }
  return *compiled == cloche::Host::Compiled::kNow ? CLOCHE_COMPILED_NOW : CLOCHE_COMPILED_BEFORE;
}

char* cloche_read_manifest(const char* pack, cloche_error** error) noexcept {
  if (pack == nullptr) return fail_null(error, __func__);
  const auto manifest = cloche::read_manifest(pack);
  if (!manifest) return fail(error, manifest.error());
  return new_text(*manifest);
}

char* cloche_default_pack() noexcept { return new_text(cloche::default_pack()); }

char* cloche_default_cache_dir() noexcept {
  const std::string folder = cloche::default_cache_dir();
  return folder.empty() ? nullptr : new_text(folder);
}

// --- policies

cloche_report* cloche_check_policy(const char* text, size_t size, const char* name) noexcept {
  if ((text == nullptr && size > 0) || name == nullptr) return nullptr;
  return new cloche_report{cloche::check_policy(text_of(text, size), name)};
}

cloche_report* cloche_check_policy_call(const char* text, size_t size, const char* name,
                                        const char* tool, const char* parameters,
                                        size_t parameters_size) noexcept {
  if ((text == nullptr && size > 0) || (parameters == nullptr && parameters_size > 0)) {
    return nullptr;
  }
  if (name == nullptr || tool == nullptr) return nullptr;
  return new cloche_report{cloche::check_policy_call(text_of(text, size), name, tool,
                                                     text_of(parameters, parameters_size))};
}

bool cloche_report_good(const cloche_report* report) noexcept {
  return report != nullptr && report->report.good;
}

size_t cloche_report_line_count(const cloche_report* report) noexcept {
  return report == nullptr ? 0 : report->report.lines.size();
}

const char* cloche_report_line(const cloche_report* report, size_t index) noexcept {
  return index < cloche_report_line_count(report) ? report->report.lines[index].c_str() : nullptr;
}

const char* cloche_report_json(const cloche_report* report) noexcept {
  return report == nullptr ? nullptr : report->report.json.c_str();
}

void cloche_report_free(cloche_report* report) noexcept { delete report; }

// --- audit logs

cloche_verdict* cloche_verify_audit(const char* path, cloche_error** error) noexcept {
  if (path == nullptr) return fail_null(error, __func__);
  auto verdict = cloche::verify_audit(path);
  if (!verdict) return fail(error, verdict.error());
  return new cloche_verdict{std::move(*verdict)};
}

bool cloche_verdict_whole(const cloche_verdict* verdict) noexcept {
  return verdict != nullptr && verdict->verdict.whole;
}

bool cloche_verdict_ended(const cloche_verdict* verdict) noexcept {
  return verdict != nullptr && verdict->verdict.ended;
}

const char* cloche_verdict_problem(const cloche_verdict* verdict) noexcept {
  return verdict == nullptr ? nullptr : verdict->verdict.problem.c_str();
}

uint64_t cloche_verdict_first(const cloche_verdict* verdict) noexcept {
  return verdict == nullptr ? 0 : verdict->verdict.first;
}

uint64_t cloche_verdict_last(const cloche_verdict* verdict) noexcept {
  return verdict == nullptr ? 0 : verdict->verdict.last;
}

const char* cloche_verdict_head(const cloche_verdict* verdict) noexcept {
  return verdict == nullptr ? nullptr : verdict->verdict.head.c_str();
}

void cloche_verdict_free(cloche_verdict* verdict) noexcept { delete verdict; }
