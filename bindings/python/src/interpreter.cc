#include "interpreter.h"

#include <cxxabi.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <set>

namespace cloche::python {
namespace {

struct Door {
  std::mutex lock;
  std::condition_variable left;
  bool closed = false;
  std::multiset<unsigned long> inside;  // threads, as Python numbers them
};

// Never destroyed: threads may come after the end of main().
Door& door() {
  static Door* const made = new Door;
  return *made;
}

bool wait_for_all(std::chrono::milliseconds patience) {
  const nanobind::gil_scoped_release released;
  std::unique_lock guard(door().lock);
  return door().left.wait_for(guard, patience, [] { return door().inside.empty(); });
}

}  // namespace

Interpreter::Interpreter() {
  const unsigned long self = PyThread_get_thread_ident();
  {
    const std::lock_guard guard(door().lock);
    if (door().closed) return;
    door().inside.insert(self);
  }
  state_ = PyGILState_Ensure();
  entered_ = true;
}

Interpreter::~Interpreter() {
  if (!entered_) return;
  PyGILState_Release(state_);
  const std::lock_guard guard(door().lock);
  door().inside.erase(door().inside.find(PyThread_get_thread_ident()));
  if (door().inside.empty()) door().left.notify_all();
}

PyObject* call_from_outside(PyObject* function, PyObject* arguments) {
  try {
    return PyObject_CallObject(function, arguments);
  } catch (abi::__forced_unwind&) {
    for (;;) pause();
  }
}

void close_interpreter(std::chrono::milliseconds patience) {
  std::multiset<unsigned long> inside;
  {
    const std::lock_guard guard(door().lock);
    door().closed = true;
  }
  if (wait_for_all(patience)) return;
  {
    const std::lock_guard guard(door().lock);
    inside = door().inside;
  }
  for (const unsigned long thread : inside) PyThreadState_SetAsyncExc(thread, PyExc_SystemExit);
  (void)wait_for_all(patience);
}

}  // namespace cloche::python
