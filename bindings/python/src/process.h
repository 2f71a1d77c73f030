// A program that goes on by itself, as Python has it.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>

#include "host.h"
#include "include/cloche/cloche.hpp"

namespace cloche::python {

class PythonProcess {
 public:
  // `host` is kept as long as this is there.
  PythonProcess(std::shared_ptr<HostParts> host, Process process);
  ~PythonProcess();  // as that of Process
  PythonProcess(const PythonProcess&) = delete;
  PythonProcess& operator=(const PythonProcess&) = delete;

  int pid() const { return process().pid(); }
  // A tuple as that of a run; None: it still runs after that time. Without a time it waits until
  // the end; what a handler of a signal raises comes from here.
  nanobind::object wait(nanobind::handle timeout_ns);
  void signal(int signo) { process().signal(signo); }
  void kill() { process().kill(); }
  void resize(uint16_t rows, uint16_t columns) { process().resize({rows, columns}); }
  // 0 to 2: the caller's from now on; -1: there is none.
  int take_descriptor(int stream);
  void detach() { process().detach(); }

 private:
  Process& process() const;

  const Origin origin_;
  std::shared_ptr<HostParts> host_;
  std::unique_ptr<Process> process_;
};

}  // namespace cloche::python
