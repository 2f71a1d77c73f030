#include "cli/open_sandbox.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/commands.h"
#include "cli/locations.h"
#include "cli/read_file.h"

namespace cloche::cli {
namespace {

std::optional<Failure> read_policy(const std::string& path, SandboxOptions& options) {
  auto bytes = read_file(path, kMaxPolicyBytes);
  if (!bytes) return bytes.error();
  if (bytes->empty()) {
    return Failure{Failure::Kind::kInvalidArgument, printable(path) + ": the policy is empty"};
  }
  options.policy.assign(bytes->begin(), bytes->end());
  options.policy_name = path;
  const size_t slash = path.rfind('/');
  options.policy_folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return std::nullopt;
}

// A program on a terminal wants to know which kind; the caller's name for it is all that goes in.
void set_terminal_type(SandboxOptions& sandbox) {
  const char* const type = getenv("TERM");
  if (type == nullptr || std::string_view(type).empty()) return;
  sandbox.env.insert(sandbox.env.begin(), {"TERM", type});
}

}  // namespace

Expected<Host> open_host(const RunArguments& arguments, Progress& progress) {
  HostOptions options{.pack = pack_path(arguments.pack), .cache_dir = default_cache_dir()};
  if (!arguments.module_path.empty() && access(options.pack.c_str(), F_OK) != 0 &&
      arguments.pack.empty()) {
    options.pack.clear();  // a module can do without
  }
  options.progress = [&progress](const std::string& what, int percent) {
    progress.report(what, percent);
  };
  auto host = Host::create(std::move(options));
  if (host && arguments.verbosity != Verbosity::kQuiet) {
    for (const std::string& warning : host->warnings()) complain(warning);
  }
  return host;
}

Expected<Sandbox> open_sandbox(const Host& host, const RunArguments& arguments) {
  SandboxOptions options = arguments.sandbox;
  if (!arguments.policy_path.empty()) {
    if (auto failure = read_policy(arguments.policy_path, options)) return *failure;
  }
  if (arguments.terminal) set_terminal_type(options);
  if (arguments.verbosity == Verbosity::kVerbose) {
    options.log = [](const std::string& line) {
      fprintf(stderr, "cloche: %s\n", printable(line).c_str());
    };
  }
  return Sandbox::create(host, std::move(options));
}

}  // namespace cloche::cli
