// A host, with the threads that sandboxes of Python need beside it.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>

#include "include/cloche/cloche.hpp"
#include "threads.h"

namespace cloche::python {

// What a process that forked must not use, nor destroy: its threads are those of another process.
class Origin {
 public:
  // Throws Failed "forked" in a child of the process that made this.
  void check(const char* what) const;
  bool is_here() const;

 private:
  const int process_ = current();
  static int current();
};

struct HostParts {
  Host host;
  Threads handlers{{.most = 1024}};
  // For the main thread, which looks at signals while they work.
  Threads runners{{.most = 64, .signals = Threads::Signals::kBlocked}};
};

class PythonHost {
 public:
  // `progress` is called with (what, percent), or None.
  PythonHost(const std::string& pack, const std::string& cache, unsigned workers,
             nanobind::object progress);
  ~PythonHost();
  PythonHost(const PythonHost&) = delete;
  PythonHost& operator=(const PythonHost&) = delete;

  const std::shared_ptr<HostParts>& parts() const;
  std::string manifest() const { return parts()->host.manifest(); }
  std::vector<std::string> warnings() const { return parts()->host.warnings(); }
  std::string engine_version() const { return parts()->host.engine_version(); }
  bool compile(const std::string& path) const;  // true: now, false: it was before

 private:
  const Origin origin_;
  std::shared_ptr<HostParts> parts_;
};

}  // namespace cloche::python
