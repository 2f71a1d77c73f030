// What `cloche doctor` says about the engine.
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "engine/self_check.h"

namespace cloche::engine {
namespace {

Finding finding(const std::string& name, const Status& status, const std::string& good) {
  return {name, status.ok(), status.ok() ? good : status.error().message};
}

Finding probe_host() {
  utsname name{};
  uname(&name);
  const std::string host = std::string(name.sysname) + " " + name.release + " " + name.machine;
  const bool fits = std::string(name.machine) == "x86_64" && sysconf(_SC_PAGESIZE) == 4096;
  return {"host", fits, fits ? host : host + ": needs x86_64 with pages of 4096 bytes"};
}

// Stack swap writes return addresses, which a shadow stack forbids.
Finding probe_shadow_stack() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("x86_Thread_features:") && line.find("shstk") != std::string::npos) {
      return {"shadow stack", false, "this process runs with a shadow stack"};
    }
  }
  return {"shadow stack", true, "off"};
}

Finding probe_cache(const std::string& folder) {
  if (folder.empty()) return {"code cache", true, "none"};
  auto cache = CodeCache::open(folder);
  return finding("code cache", cache.ok() ? ok_status() : Status(cache.error()), folder);
}

}  // namespace

std::vector<Finding> Engine::probe(const std::string& cache_dir) {
  std::vector<Finding> findings = {probe_host(), probe_shadow_stack(), probe_cache(cache_dir)};
  const bool cache_good = findings.back().ok;
  auto scanner = PageScanner::create();
  if (!scanner.ok()) {
    findings.push_back({"page scan", false, scanner.error().message});
    return findings;
  }
  const bool fast = (*scanner)->method() == PageScanner::Method::kPagemapScan;
  findings.push_back({"page scan", true, fast ? "PAGEMAP_SCAN" : "/proc/self/pagemap (slower)"});
  findings.push_back(finding("memory moves", test_host_memory(**scanner), "MREMAP_DONTUNMAP"));
  auto test = SelfCheck::create(cache_good ? cache_dir : "", SelfCheck::Extent::kThorough);
  findings.push_back(
      finding("engine", test.ok() ? ok_status() : Status(test.error()), engine_version()));
  if (!test.ok()) return findings;
  for (Finding& found : (*test)->thorough()) findings.push_back(std::move(found));
  return findings;
}

}  // namespace cloche::engine
