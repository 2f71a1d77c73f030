#include "handlers.h"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <utility>

#include "interpreter.h"

namespace nb = nanobind;

namespace cloche::python {
namespace {

constexpr const char* kFailed = "the tool failed";

// Ends an Invocation, whichever way the call ends.
class Lasting {
 public:
  explicit Lasting(const ToolInvocation& call) : shared_(std::make_shared<Invocation>(call)) {}
  ~Lasting() { shared_->over(); }
  Lasting(const Lasting&) = delete;
  Lasting& operator=(const Lasting&) = delete;
  const std::shared_ptr<Invocation>& shared() const { return shared_; }

 private:
  const std::shared_ptr<Invocation> shared_;
};

ToolResult call_function(const nb::object& function, const ToolInvocation& call) {
  const Lasting lasting(call);
  const nb::object arguments = nb::make_tuple(
      nb::str(call.parameters.data(), call.parameters.size()), nb::cast(lasting.shared()));
  const nb::object given = nb::steal(call_from_outside(function.ptr(), arguments.ptr()));
  if (!given.is_valid()) nb::raise_python_error();
  const auto parts = nb::cast<nb::tuple>(given);
  auto text = nb::cast<std::string>(parts[1]);
  if (nb::cast<bool>(parts[0])) return ToolResult::success(std::move(text));
  return ToolResult::failure(std::move(text), nb::cast<std::string>(parts[2]));
}

ToolResult answer(HandlerTable& table, size_t index, const ToolInvocation& call) {
  const Interpreter interpreter;
  if (!interpreter.entered()) return ToolResult::failure(kFailed, "the host program is ending");
  const nb::object function = table.get(index);
  if (!function.is_valid()) return ToolResult::failure(kFailed, "the sandbox is gone");
  try {
    return call_function(function, call);
  } catch (const std::exception& thrown) {
    // Of Python's exceptions the text is made, and what it holds is dropped, under the lock.
    return ToolResult::failure(kFailed, thrown.what());
  }
}

}  // namespace

size_t HandlerTable::add(nb::object function) {
  const std::lock_guard guard(lock_);
  functions_.push_back(function.release().ptr());
  return functions_.size() - 1;
}

nb::object HandlerTable::get(size_t index) {
  const std::lock_guard guard(lock_);
  return index < functions_.size() ? nb::borrow(functions_[index]) : nb::object();
}

int HandlerTable::traverse(visitproc visit, void* argument) {
  for (PyObject* function : functions_) {
    if (const int stop = visit(function, argument); stop != 0) return stop;
  }
  return 0;
}

void HandlerTable::clear() {
  std::vector<PyObject*> dropped;
  {
    const std::lock_guard guard(lock_);
    dropped.swap(functions_);
  }
  for (PyObject* function : dropped) Py_DECREF(function);
}

std::function<ToolResult(const ToolInvocation&)> make_handler(std::shared_ptr<HandlerTable> table,
                                                              size_t index) {
  return [table = std::move(table), index](const ToolInvocation& call) {
    return answer(*table, index, call);
  };
}

}  // namespace cloche::python
