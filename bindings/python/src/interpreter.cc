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

bool enter_door(unsigned long self) {
  const std::lock_guard guard(door().lock);
  if (door().closed) return false;
  door().inside.insert(self);
  return true;
}

void leave_door(unsigned long self) {
  const std::lock_guard guard(door().lock);
  door().inside.erase(door().inside.find(self));
  if (door().inside.empty()) door().left.notify_all();
}

// What Python keeps of a thread of ours, which is not made anew for each entry: that takes longer
// than most tools.
class KeptState {
 public:
  // In a thread that Python does not know; the lock is taken and given back.
  void make() {
    if (made_ || PyGILState_GetThisThreadState() != nullptr) return;
    state_ = PyGILState_Ensure();
    PyEval_SaveThread();
    made_ = true;
  }
  ~KeptState() {
    const unsigned long self = PyThread_get_thread_ident();
    if (!made_ || !enter_door(self)) return;
    (void)PyGILState_Ensure();
    PyGILState_Release(PyGILState_LOCKED);  // of this entry: the lock stays taken
    PyGILState_Release(state_);             // of the first one: the last, which frees the state
    leave_door(self);
  }

 private:
  bool made_ = false;
  PyGILState_STATE state_ = {};
};

bool wait_for_all(std::chrono::milliseconds patience) {
  const nanobind::gil_scoped_release released;
  std::unique_lock guard(door().lock);
  return door().left.wait_for(guard, patience, [] { return door().inside.empty(); });
}

}  // namespace

Interpreter::Interpreter() {
  if (!enter_door(PyThread_get_thread_ident())) return;
  static thread_local KeptState kept;
  kept.make();
  state_ = PyGILState_Ensure();
  entered_ = true;
}

Interpreter::~Interpreter() {
  if (!entered_) return;
  PyGILState_Release(state_);
  leave_door(PyThread_get_thread_ident());
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
