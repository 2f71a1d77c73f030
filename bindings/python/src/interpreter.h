// Entering the interpreter from threads that are not its own, and its end.
//
// There is one interpreter in a process and it ends while threads of ours may still run: what is
// here belongs to the process, as the interpreter does.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>

namespace cloche::python {

// Holds the interpreter's lock, unless the interpreter is about to end: then `entered()` is false
// and nothing of Python may be touched. For threads that do not hold it already.
class Interpreter {
 public:
  Interpreter();
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  bool entered() const { return entered_; }

 private:
  bool entered_ = false;
  PyGILState_STATE state_ = {};
};

// Calls `function`, for a thread that is in an Interpreter; null with a Python error set, as
// PyObject_CallObject(). When the interpreter ends meanwhile, it does not come back: versions
// before 3.14 end a thread that waits for the lock then, which must not unwind frames of C++.
PyObject* call_from_outside(PyObject* function, PyObject* arguments);

// From now on nobody enters. Raises SystemExit in those who are inside and waits for them, at most
// so long each time. The caller holds the lock.
void close_interpreter(std::chrono::milliseconds patience);

}  // namespace cloche::python
