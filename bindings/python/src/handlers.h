// Functions of Python as handlers of tools.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace cloche::python {

// One call of a tool, as Python sees it. Good as long as the call lasts, and harmless afterwards.
class Invocation {
 public:
  explicit Invocation(const ToolInvocation& call)
      : cancelled_(&call.cancelled), deadline_(call.deadline) {}
  // Nobody waits for the answer any more.
  bool cancelled() const {
    const std::atomic<bool>* const flag = cancelled_.load();
    return flag == nullptr || flag->load();
  }
  double seconds_left() const {
    return std::chrono::duration<double>(deadline_ - std::chrono::steady_clock::now()).count();
  }
  void over() { cancelled_ = nullptr; }

 private:
  std::atomic<const std::atomic<bool>*> cancelled_;
  const std::chrono::steady_clock::time_point deadline_;
};

// The functions of one sandbox. Its object in Python owns them and shows them to the collector of
// garbage; handlers share the table, which is empty once the object is gone.
class HandlerTable {
 public:
  // The caller holds the interpreter's lock, here and below.
  size_t add(nanobind::object function);
  nanobind::object get(size_t index);  // an invalid one: it is gone
  int traverse(visitproc visit, void* argument);
  void clear();

 private:
  std::mutex lock_;
  std::vector<PyObject*> functions_;
};

// The function is called with the parameters as text of JSON and an Invocation, and gives
// (True, result as text of JSON, "") or (False, message for the guest, detail for the audit log).
std::function<ToolResult(const ToolInvocation&)> make_handler(std::shared_ptr<HandlerTable> table,
                                                              size_t index);

}  // namespace cloche::python
