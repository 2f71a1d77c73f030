// Options from values of Python, results as values of Python. What is wrong with them is a
// TypeError or ValueError; cloche/_sandbox.py has checked them before.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>

#include "handlers.h"
#include "include/cloche/cloche.hpp"

namespace cloche::python {

// Of bytes as they are, of str as UTF-8.
std::string text_of(nanobind::handle value);

SandboxOptions read_sandbox_options(nanobind::dict given,
                                    const std::shared_ptr<HandlerTable>& handlers);
// argv, input (bytes, a descriptor or None), stdout and stderr (descriptors or None: captured), and
// timeout in ns or None.
RunOptions read_run_options(nanobind::handle argv, nanobind::handle input, nanobind::handle output,
                            nanobind::handle error, nanobind::handle timeout_ns);
// The same for spawn(): a stream that is "pipe" is one.
RunOptions read_spawn_options(nanobind::dict given);
CodeOptions read_code_options(nanobind::dict given);

// Tuples, in the order of _results.py's fields.
nanobind::tuple result_tuple(const RunResult& result);
nanobind::tuple code_tuple(const CodeResult& result);
nanobind::dict stats_dict(const SandboxStats& stats);

}  // namespace cloche::python
