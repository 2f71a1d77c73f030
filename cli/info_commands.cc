// doctor and version: about this build and this machine.
#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/locations.h"

namespace cloche::cli {

int doctor_command(const DoctorArguments& arguments) {
  const std::vector<Finding> findings =
      Host::probe({.pack = pack_path(arguments.pack), .cache_dir = default_cache_dir()});
  std::string text;
  bool ok = true;
  for (const Finding& finding : findings) {
    ok = ok && finding.ok;
    text +=
        (finding.ok ? "ok    " : "FAIL  ") + finding.name + ": " + printable(finding.detail) + "\n";
  }
  text += ok ? "This machine can run Cloche.\n" : "This machine cannot run Cloche: see above.\n";
  if (!print(text)) return kExitOwnError;
  return ok ? 0 : 1;
}

int version_command() {
  const auto host = Host::create({});
  const std::string engine = host ? host->engine_version() : "no engine: " + host.error().message;
  return print("cloche " CLOCHE_VERSION_STRING " (" + engine + ")\n") ? 0 : kExitOwnError;
}

}  // namespace cloche::cli
