// Several packs as one tree: the core, and packs beside it that add to it.
//
// An added pack says in its manifest which names it brings ("paths", docs/pack.md), and nothing
// else of it can be reached. So only its header and its manifest are read at first; its index is
// read and checked when one of those names is first asked for. A pack can add names to folders of
// the core and never replaces a file of the core or of another pack. It can stand in for another
// added pack as a whole ("replaces"): a Python with more in it for a Python.
//
// Thread class: safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vfs/pack_image.h"

namespace cloche::vfs {

class AddedPack {
 public:
  static constexpr size_t kMaxPaths = 4096;

  // Checks the header, the manifest's hash and the paths. `name`: for messages. Errors: as
  // PackImage::open, kMalformed (no paths, too many, one that is not absolute and plain, or at the
  // root).
  static Result<std::shared_ptr<const AddedPack>> open(std::unique_ptr<PackSource> source,
                                                       std::string name);
  static Result<std::shared_ptr<const AddedPack>> open_file(const std::string& path);

  const std::string& name() const { return name_; }
  const std::string& manifest() const { return manifest_; }
  const Sha256Digest& identity() const { return image_->identity(); }
  const pack::Header& header() const { return image_->header(); }
  // What it is called in its own manifest, and the pack that it stands in for; "": none.
  const std::string& pack_name() const { return pack_name_; }
  const std::string& replaces() const { return replaces_; }
  // What it brings: absolute, of two components or more.
  const std::vector<std::string>& paths() const { return paths_; }
  // All of it, read and checked by the first call; a failure stays.
  Result<std::shared_ptr<const PackImage>> image() const;
  // Whether image() was called.
  bool is_loaded() const;

 private:
  AddedPack(std::shared_ptr<PackImage> image, std::string name)
      : image_(std::move(image)), name_(std::move(name)) {}
  Status read_paths();

  const std::shared_ptr<PackImage> image_;  // without its tables until loaded_ says so
  const std::string name_;
  std::string manifest_, pack_name_, replaces_;
  std::vector<std::string> paths_;
  mutable std::mutex mutex_;
  mutable std::optional<Status> loaded_;
};

class PackSet {
 public:
  // A name that an added pack brings into a folder of the core.
  struct Addition {
    std::string name, path;
    std::shared_ptr<const AddedPack> pack;
    uint32_t layer;  // 1 for the first added pack
  };

  // The packs in `added` that fit, first those that replace another, in their order; one line in
  // `refused` for each that would replace something else, or wants a folder that the core has not.
  // A pack that another one replaces is left out silently. `core`: not null.
  static std::shared_ptr<const PackSet> create(
      std::shared_ptr<const PackImage> core,
      std::vector<std::shared_ptr<const AddedPack>> added = {},
      std::vector<std::string>* refused = nullptr);

  const PackImage& core() const { return *core_; }
  const std::vector<std::shared_ptr<const AddedPack>>& added() const { return added_; }
  // What is added to a folder of the core, by its node number; null: nothing.
  const std::vector<Addition>* additions(uint32_t folder) const;
  // Of the bytes of all packs.
  const Sha256Digest& identity() const { return identity_; }

  struct File {
    std::shared_ptr<const PackImage> image;
    uint32_t blob;
  };
  // A regular file by its absolute path, symlinks not followed. Errors: kNotFound; as
  // AddedPack::image().
  Result<File> find(const std::string& path) const;

 private:
  explicit PackSet(std::shared_ptr<const PackImage> core) : core_(std::move(core)) {}
  Status add(const std::shared_ptr<const AddedPack>& pack);
  bool is_replaced(const AddedPack& pack) const;

  const std::shared_ptr<const PackImage> core_;
  std::vector<std::shared_ptr<const AddedPack>> added_;
  std::unordered_map<uint32_t, std::vector<Addition>> additions_;
  Sha256Digest identity_{};
};

// The packs that lie beside the core's file: for DIR/NAME.pack all DIR/NAME-*.pack, in order of
// their names. Empty when there are none, or `core` does not end with ".pack".
std::vector<std::string> added_pack_files(const std::string& core);

}  // namespace cloche::vfs
