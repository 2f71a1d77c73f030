#include "host.h"

#include <unistd.h>

#include "failure.h"
#include "interpreter.h"

namespace nb = nanobind;

namespace cloche::python {
namespace {

// Calls a function of Python from a thread of the host. Its copies share the object, of which the
// last is dropped under the interpreter's lock, or never.
std::function<void(const std::string&, int)> progress_of(nb::object function) {
  if (function.is_none()) return {};
  const std::shared_ptr<PyObject> shared(function.release().ptr(), [](PyObject* object) {
    if (PyGILState_Check() != 0) {
      Py_DECREF(object);
      return;
    }
    const Interpreter interpreter;
    if (interpreter.entered()) Py_DECREF(object);
  });
  return [shared](const std::string& what, int percent) {
    const Interpreter interpreter;
    if (!interpreter.entered()) return;
    const nb::object arguments = nb::make_tuple(nb::str(what.data(), what.size()), percent);
    const nb::object given = nb::steal(call_from_outside(shared.get(), arguments.ptr()));
    if (!given.is_valid()) PyErr_WriteUnraisable(shared.get());
  };
}

std::shared_ptr<HostParts> make_parts(HostOptions options) {
  const nb::gil_scoped_release released;
  return std::make_shared<HostParts>(value_or_throw(Host::create(std::move(options))));
}

}  // namespace

int Origin::current() { return getpid(); }
bool Origin::is_here() const { return process_ == current(); }
void Origin::check(const char* what) const {
  if (is_here()) return;
  throw Failed("forked", std::string(what) + " was made before this process forked: make another " +
                             "one here");
}

PythonHost::PythonHost(const std::string& pack, const std::string& cache, unsigned workers,
                       nb::object progress)
    : parts_(make_parts({.pack = pack,
                         .cache_dir = cache,
                         .progress = progress_of(std::move(progress)),
                         .workers = workers})) {}

PythonHost::~PythonHost() {
  if (!origin_.is_here()) {
    (void)new std::shared_ptr<HostParts>(std::move(parts_));  // never destroyed
    return;
  }
  const nb::gil_scoped_release released;
  parts_.reset();
}

const std::shared_ptr<HostParts>& PythonHost::parts() const {
  origin_.check("the host");
  return parts_;
}

bool PythonHost::compile(const std::string& path) const {
  const std::shared_ptr<HostParts> parts = this->parts();
  const nb::gil_scoped_release released;
  return value_or_throw(parts->host.compile(path)) == Host::Compiled::kNow;
}

}  // namespace cloche::python
