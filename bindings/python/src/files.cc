#include "files.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "failure.h"
#include "values.h"

namespace nb = nanobind;

namespace cloche::python {
namespace {

// Calls `work` with the files of a sandbox that stands, without the interpreter's lock.
template <class Work>
auto with_files(const Origin& origin, Box& box, Work work) {
  origin.check("the sandbox");
  Box::Use sandbox(box);
  const nb::gil_scoped_release released;
  return work(sandbox->files());
}

nb::tuple info_tuple(const std::string& name, const FileInfo& info) {
  return nb::make_tuple(nb::bytes(name.data(), name.size()), to_string(info.type), info.size,
                        info.mode, info.mtime_ns);
}

nb::tuple report_tuple(const ArchiveReport& report) {
  return nb::make_tuple(report.files, report.folders, report.links, report.bytes, report.skipped,
                        report.skipped_count);
}

Failure io_failure(const char* what) {
  return Failure{Failure::Kind::kIo, std::string(what) + ": " + std::strerror(errno), errno};
}

Expected<size_t> read_piece(int descriptor, char* out, size_t size) {
  for (;;) {
    const ssize_t got = ::read(descriptor, out, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return io_failure("reading the archive");
  }
}

std::optional<Failure> write_piece(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor, bytes.data(), bytes.size());
    if (done >= 0) {
      bytes.remove_prefix(static_cast<size_t>(done));
    } else if (errno != EINTR) {
      return io_failure("writing the archive");
    }
  }
  return std::nullopt;
}

}  // namespace

// Into the object itself: stat() says how much there is, and what comes or goes meanwhile does not
// matter.
nb::bytes PythonFiles::read(nb::bytes path) const {
  const std::string name = text_of(path);
  const FileInfo info =
      with_files(origin_, *box_, [&name](Files files) { return value_or_throw(files.stat(name)); });
  if (info.type != FileType::kRegular || info.size == 0 || info.size > Files::kMaxWhole) {
    const std::string whole = with_files(
        origin_, *box_, [&name](Files files) { return value_or_throw(files.read(name)); });
    return nb::bytes(whole.data(), whole.size());
  }
  PyObject* made = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(info.size));
  if (made == nullptr) throw nb::python_error();
  nb::object owned = nb::steal(made);
  char* const out = PyBytes_AS_STRING(made);
  const size_t got = with_files(origin_, *box_, [&name, out, &info](Files files) {
    return value_or_throw(files.read_at(name, 0, out, info.size));
  });
  if (got == info.size) return nb::borrow<nb::bytes>(owned);
  return nb::bytes(out, got);
}

void PythonFiles::write(nb::bytes path, nb::bytes data, bool append, bool parents,
                        nb::handle mode) const {
  WriteOptions options;
  options.append = append;
  options.parents = parents;
  if (!mode.is_none()) options.mode = nb::cast<uint32_t>(mode);
  const std::string name = text_of(path);
  const std::string_view bytes(data.c_str(), data.size());
  with_files(origin_, *box_, [&name, bytes, &options](Files files) {
    throw_if(files.write(name, bytes, options));
  });
}

nb::list PythonFiles::list(nb::bytes path) const {
  const std::string name = text_of(path);
  const std::vector<FileEntry> entries =
      with_files(origin_, *box_, [&name](Files files) { return value_or_throw(files.list(name)); });
  nb::list list;
  for (const FileEntry& entry : entries) list.append(info_tuple(entry.name, entry.info));
  return list;
}

nb::tuple PythonFiles::stat(nb::bytes path, bool follow) const {
  const std::string name = text_of(path);
  const auto links = follow ? Files::Links::kFollow : Files::Links::kKeep;
  return info_tuple(name, with_files(origin_, *box_, [&name, links](Files files) {
                      return value_or_throw(files.stat(name, links));
                    }));
}

bool PythonFiles::exists(nb::bytes path) const {
  const std::string name = text_of(path);
  return with_files(origin_, *box_, [&name](Files files) { return files.exists(name); });
}

void PythonFiles::mkdir(nb::bytes path, bool parents, uint32_t mode) const {
  const std::string name = text_of(path);
  const auto depth = parents ? Files::Depth::kAll : Files::Depth::kOne;
  with_files(origin_, *box_,
             [&name, depth, mode](Files files) { throw_if(files.mkdir(name, depth, mode)); });
}

void PythonFiles::remove(nb::bytes path, bool recursive) const {
  const std::string name = text_of(path);
  const auto depth = recursive ? Files::Depth::kAll : Files::Depth::kOne;
  with_files(origin_, *box_, [&name, depth](Files files) { throw_if(files.remove(name, depth)); });
}

void PythonFiles::rename(nb::bytes from, nb::bytes to) const {
  const std::string old_name = text_of(from), new_name = text_of(to);
  with_files(origin_, *box_,
             [&old_name, &new_name](Files files) { throw_if(files.rename(old_name, new_name)); });
}

void PythonFiles::symlink(nb::bytes target, nb::bytes path) const {
  const std::string to = text_of(target), name = text_of(path);
  with_files(origin_, *box_, [&to, &name](Files files) { throw_if(files.symlink(to, name)); });
}

nb::bytes PythonFiles::readlink(nb::bytes path) const {
  const std::string name = text_of(path);
  const std::string target = with_files(
      origin_, *box_, [&name](Files files) { return value_or_throw(files.readlink(name)); });
  return nb::bytes(target.data(), target.size());
}

void PythonFiles::chmod(nb::bytes path, uint32_t mode) const {
  const std::string name = text_of(path);
  with_files(origin_, *box_, [&name, mode](Files files) { throw_if(files.chmod(name, mode)); });
}

nb::tuple PythonFiles::unpack(nb::bytes path, int descriptor) const {
  const std::string name = text_of(path);
  return report_tuple(with_files(origin_, *box_, [&name, descriptor](Files files) {
    return value_or_throw(files.unpack(
        name, [descriptor](char* out, size_t size) { return read_piece(descriptor, out, size); }));
  }));
}

nb::tuple PythonFiles::pack(nb::bytes path, int descriptor) const {
  const std::string name = text_of(path);
  return report_tuple(with_files(origin_, *box_, [&name, descriptor](Files files) {
    return value_or_throw(files.pack(
        name, [descriptor](std::string_view bytes) { return write_piece(descriptor, bytes); }));
  }));
}

}  // namespace cloche::python
