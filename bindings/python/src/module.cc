// The extension module cloche._cloche: what cloche/*.py is made of.
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <cstring>

#include "failure.h"
#include "files.h"
#include "handlers.h"
#include "host.h"
#include "sandbox.h"

extern "C" const char cloche_core_version[];

namespace nb = nanobind;
namespace python = cloche::python;

namespace {

// The class of Python for each kind is chosen there.
void raise_failed(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const python::Failed& failed) {
    const nb::object error =
        nb::module_::import_("cloche._errors")
            .attr("error_of")(failed.kind(), std::string(failed.what()), failed.error_number());
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  }
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (!nb::inst_ready(self)) return 0;
  return nb::inst_ptr<python::PythonSandbox>(self)->traverse(visit, arg);
}

int clear(PyObject* self) {
  if (nb::inst_ready(self)) nb::inst_ptr<python::PythonSandbox>(self)->clear();
  return 0;
}

PyType_Slot kSandboxSlots[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                               {Py_tp_clear, reinterpret_cast<void*>(clear)},
                               {0, nullptr}};

void add_sandbox(nb::module_& module) {
  using python::PythonSandbox;
  nb::class_<PythonSandbox>(module, "Sandbox", nb::type_slots(kSandboxSlots))
      .def(nb::init<const python::PythonHost&, nb::dict>())
      .def("run", &PythonSandbox::run, nb::arg("argv"), nb::arg("input").none(),
           nb::arg("stdout").none(), nb::arg("stderr").none(), nb::arg("timeout_ns").none())
      .def("spawn", &PythonSandbox::spawn)
      .def("run_code", &PythonSandbox::run_code)
      .def("interrupt", &PythonSandbox::interrupt)
      .def("close_session", &PythonSandbox::close_session)
      .def("sessions", &PythonSandbox::sessions)
      .def("signal", &PythonSandbox::signal)
      .def("kill", &PythonSandbox::kill)
      .def("stats", &PythonSandbox::stats)
      .def("limits", &PythonSandbox::limits)
      .def("set_limit", &PythonSandbox::set_limit)
      .def("pause", &PythonSandbox::pause)
      .def("resume", &PythonSandbox::resume)
      .def("signal_process", &PythonSandbox::signal_process)
      .def("set_nice", &PythonSandbox::set_nice)
      .def("audit", &PythonSandbox::audit)
      .def("close", &PythonSandbox::close)
      .def_prop_ro("closed", &PythonSandbox::closed);
}

void add_process(nb::module_& module) {
  using python::PythonProcess;
  nb::class_<PythonProcess>(module, "Process")
      .def_prop_ro("pid", &PythonProcess::pid)
      .def("wait", &PythonProcess::wait, nb::arg("timeout_ns").none())
      .def("signal", &PythonProcess::signal)
      .def("kill", &PythonProcess::kill)
      .def("resize", &PythonProcess::resize)
      .def("take_descriptor", &PythonProcess::take_descriptor)
      .def("detach", &PythonProcess::detach);
}

void add_files(nb::module_& module) {
  using python::PythonFiles;
  nb::class_<PythonFiles>(module, "Files")
      .def("__init__",
           [](PythonFiles* self, const python::PythonSandbox& sandbox) {
             new (self) PythonFiles(sandbox.shared_box());
           })
      .def("read", &PythonFiles::read)
      .def("write", &PythonFiles::write, nb::arg("path"), nb::arg("data"), nb::arg("append"),
           nb::arg("parents"), nb::arg("mode").none())
      .def("list", &PythonFiles::list)
      .def("stat", &PythonFiles::stat)
      .def("exists", &PythonFiles::exists)
      .def("mkdir", &PythonFiles::mkdir)
      .def("remove", &PythonFiles::remove)
      .def("rename", &PythonFiles::rename)
      .def("symlink", &PythonFiles::symlink)
      .def("readlink", &PythonFiles::readlink)
      .def("chmod", &PythonFiles::chmod)
      .def("unpack", &PythonFiles::unpack)
      .def("pack", &PythonFiles::pack);
}

nb::tuple report_tuple(const cloche::PolicyReport& report) {
  return nb::make_tuple(report.good, report.lines, report.json);
}

nb::bytes path_bytes(const std::string& path) { return nb::bytes(path.data(), path.size()); }

nb::tuple verify_audit(const std::string& path) {
  const auto verdict = python::value_or_throw(cloche::verify_audit(path));
  return nb::make_tuple(verdict.whole, verdict.ended, verdict.problem, verdict.first, verdict.last,
                        verdict.head);
}

}  // namespace

NB_MODULE(_cloche, module) {
  if (std::strcmp(cloche_core_version, CLOCHE_VERSION) != 0) {
    throw nb::import_error("libcloche_core.so is of another version of Cloche: install it again");
  }
  nb::set_leak_warnings(false);  // daemon threads may hold objects at the end
  nb::register_exception_translator(raise_failed);
  module.attr("__version__") = CLOCHE_VERSION;
  nb::class_<python::PythonHost>(module, "Host")
      .def(nb::init<const std::string&, const std::string&, unsigned, nb::object>(),
           nb::arg("pack"), nb::arg("cache"), nb::arg("workers"), nb::arg("progress").none())
      .def("manifest", &python::PythonHost::manifest)
      .def("warnings", &python::PythonHost::warnings)
      .def("engine_version", &python::PythonHost::engine_version)
      .def("compile", &python::PythonHost::compile);
  nb::class_<python::Invocation>(module, "Invocation")
      .def_prop_ro("cancelled", &python::Invocation::cancelled)
      .def_prop_ro("seconds_left", &python::Invocation::seconds_left);
  add_process(module);
  add_files(module);
  add_sandbox(module);
  module.def("shut_down", &python::shut_down);
  module.def("check_policy", [](const std::string& text, const std::string& name) {
    return report_tuple(cloche::check_policy(text, name));
  });
  module.def("check_policy_call", [](const std::string& text, const std::string& name,
                                     const std::string& tool, const std::string& parameters) {
    return report_tuple(cloche::check_policy_call(text, name, tool, parameters));
  });
  module.def("verify_audit", verify_audit);
  module.def("default_pack", [] { return path_bytes(cloche::default_pack()); });
  module.def("default_cache_dir", [] { return path_bytes(cloche::default_cache_dir()); });
}
