// Makes a guest pack (docs/pack.md) out of a tree of files held in memory.
//
// Thread class: unsafe. Cost: the whole pack and its contents stay in memory until finish().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"

namespace cloche::pack {

using Bytes = std::vector<uint8_t>;

struct WriterOptions {
  int64_t mtime = 0;  // seconds since 1970, of every file
  int zstd_level = 19;
  std::string manifest;  // JSON, as docs/pack.md has it; must not be empty
};

class Writer {
 public:
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Paths are relative to the root, without "." or "..": "usr/bin/bash". The parent must have been
  // added before; the root is there. `mode` is permission bits within 01777. Errors:
  // kInvalidArgument (a name, mode, target or limit is not one that a pack can hold), kNotFound (no
  // such parent), kExists.
  Status add_directory(std::string_view path, uint32_t mode);
  Status add_file(std::string_view path, uint32_t mode, Bytes content);
  Status add_symlink(std::string_view path, std::string_view target);

  // The pack's bytes. Equal input gives equal bytes. Errors: kInvalidArgument (options),
  // kResourceExhausted (more than a pack can hold). Call once.
  Result<Bytes> finish(const WriterOptions& options);

 private:
  struct Item;
  struct Content;
  class Layout;

  Result<Item*> place(std::string_view path);

  std::unique_ptr<Item> root_;
  std::map<Sha256Digest, std::unique_ptr<Content>> contents_;
};

}  // namespace cloche::pack
