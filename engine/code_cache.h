// Compiled code on disk. What is read here is executed by the host, so the folder must belong to
// this user and nobody else may write it; damage is found by checksums (formats: README.md).
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/module.h"
#include "engine/shared_bytes.h"

namespace cloche::engine {

// Thread class: safe. Several processes may use one folder.
class CodeCache {
 public:
  // Makes the folder if need be. Errors: kPermissionDenied if another user could write it,
  // kInvalidArgument, kIo.
  static Result<std::unique_ptr<CodeCache>> open(const std::string& folder);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  struct Entry {
    SharedBytes info;  // a ModuleInfo's bytes
    int code_fd = -1;  // the checked file of compiled code; the caller closes it
  };
  // `fingerprint` stands for everything but the module that the code depends on.
  // Errors: kNotFound; kMalformed, kPermissionDenied if it is there and cannot be trusted (it is
  // then removed, so that the next store() replaces it).
  Result<Entry> find(const ModuleHash& module, uint64_t fingerprint);

  // Errors: kIo, kPermissionDenied (disk full, folder removed). No file is left half-written.
  Status store(const ModuleHash& module, uint64_t fingerprint, std::span<const uint8_t> info,
               std::span<const uint8_t> code);

  // Forgets the module, for code that the engine would not take.
  void remove(const ModuleHash& module, uint64_t fingerprint);

  // A note beside the code, trusted like it: is there a file `name` that holds exactly `text`?
  bool holds(const std::string& name, std::string_view text) const;
  // Writes that file. Errors: as store().
  Status keep(const std::string& name, std::string_view text) const;

 private:
  CodeCache(std::string folder, int folder_fd)
      : folder_(std::move(folder)), folder_fd_(folder_fd) {}
  // A file of the folder that is ours alone. Errors: kNotFound, kPermissionDenied, kIo.
  Result<int> open_trusted(const std::string& name) const;
  Status write_file(const std::string& name, std::span<const uint8_t> bytes) const;
  Result<Entry> read(const std::string& name, const ModuleHash& module, uint64_t fingerprint);

  const std::string folder_;
  const int folder_fd_;
};

}  // namespace cloche::engine
