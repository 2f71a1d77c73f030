// The files of a sandbox, as Python has them.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>

#include "sandbox.h"

namespace cloche::python {

// Paths are bytes. Nothing here holds the interpreter's lock while it waits for the sandbox, and
// nothing keeps a file twice.
class PythonFiles {
 public:
  explicit PythonFiles(std::shared_ptr<Box> box) : box_(std::move(box)) {}

  nanobind::bytes read(nanobind::bytes path) const;
  void write(nanobind::bytes path, nanobind::bytes data, bool append, bool parents,
             nanobind::handle mode) const;
  nanobind::list list(nanobind::bytes path) const;  // of tuples: name, type, size, mode, mtime_ns
  nanobind::tuple stat(nanobind::bytes path, bool follow) const;
  bool exists(nanobind::bytes path) const;
  void mkdir(nanobind::bytes path, bool parents, uint32_t mode) const;
  void remove(nanobind::bytes path, bool recursive) const;
  void rename(nanobind::bytes from, nanobind::bytes to) const;
  void symlink(nanobind::bytes target, nanobind::bytes path) const;
  nanobind::bytes readlink(nanobind::bytes path) const;
  void chmod(nanobind::bytes path, uint32_t mode) const;
  // From and to a descriptor of this process: files, folders, links, bytes, skipped.
  nanobind::tuple unpack(nanobind::bytes path, int descriptor) const;
  nanobind::tuple pack(nanobind::bytes path, int descriptor) const;

 private:
  const std::shared_ptr<Box> box_;
  const Origin origin_;
};

}  // namespace cloche::python
