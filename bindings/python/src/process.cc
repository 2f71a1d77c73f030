#include "process.h"

#include <algorithm>
#include <chrono>

#include "failure.h"
#include "values.h"

namespace nb = nanobind;

namespace cloche::python {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kLookAtSignals = std::chrono::milliseconds(50);

}  // namespace

PythonProcess::PythonProcess(std::shared_ptr<HostParts> host, Process process)
    : host_(std::move(host)), process_(std::make_unique<Process>(std::move(process))) {}

PythonProcess::~PythonProcess() {
  if (!origin_.is_here()) {
    (void)process_.release();  // never destroyed
    (void)new std::shared_ptr<HostParts>(std::move(host_));
    return;
  }
  const nb::gil_scoped_release released;
  process_.reset();
  host_.reset();
}

Process& PythonProcess::process() const {
  origin_.check("the process");
  return *process_;
}

nb::object PythonProcess::wait(nb::handle timeout_ns) {
  const Process& process = this->process();
  nanoseconds left = nanoseconds::max();
  if (!timeout_ns.is_none()) left = nanoseconds(nb::cast<int64_t>(timeout_ns));
  for (;;) {
    const nanoseconds step = std::min(left, kLookAtSignals);
    const RunResult* result = nullptr;
    {
      const nb::gil_scoped_release released;
      result = process.wait_for(step);
    }
    if (result != nullptr) return result_tuple(*result);
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (left == nanoseconds::max()) continue;
    left -= step;
    if (left.count() <= 0) return nb::none();
  }
}

int PythonProcess::take_descriptor(int stream) {
  constexpr Process::End kEnds[] = {Process::End::kInput, Process::End::kOutput,
                                    Process::End::kError};
  if (stream < 0 || stream > 2) throw nb::value_error("streams are 0, 1 and 2");
  return process().take_descriptor(kEnds[stream]);
}

}  // namespace cloche::python
