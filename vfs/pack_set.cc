#include "vfs/pack_set.h"

#include <dirent.h>

#include <algorithm>
#include <cstring>

#include "base/json.h"
#include "base/printable.h"

namespace cloche::vfs {
namespace {

constexpr std::string_view kSuffix = ".pack";

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Absolute, without "." and "..", of two to kMaxDepth components.
bool valid_path(std::string_view path) {
  if (path.size() > pack::kMaxPathBytes || !path.starts_with('/')) return false;
  size_t components = 0;
  for (size_t at = 1; at <= path.size(); ++components) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name = path.substr(at, end - at);
    if (name.empty() || name == "." || name == ".." || name.size() > pack::kMaxNameBytes ||
        name.find('\0') != name.npos) {
      return false;
    }
    at = end + 1;
  }
  return components >= 2 && components <= pack::kMaxDepth;
}

bool is_directory(const PackImage& image, uint32_t node) {
  return (image.node(node).mode & pack::kTypeMask) == pack::kDirectory;
}

// The text that `name` has in an object; "": none.
std::string text_of(const Json& object, const char* name) {
  const Json* const found = object.find(name);
  return found != nullptr && found->is(Json::Kind::kString) ? found->text : "";
}

Error refusal(const AddedPack& pack, const std::string& path, const char* why) {
  return make_error(Code::kMalformed, "the pack %s is left out: %s %s",
                    printable(pack.name()).c_str(), printable(path).c_str(), why);
}

}  // namespace

// --- an added pack

Result<std::shared_ptr<const AddedPack>> AddedPack::open(std::unique_ptr<PackSource> source,
                                                         std::string name) {
  auto image = TRY(PackImage::open_header(std::move(source)));
  std::shared_ptr<AddedPack> pack(new AddedPack(std::move(image), std::move(name)));
  TRY(pack->read_paths());
  return std::shared_ptr<const AddedPack>(std::move(pack));
}

Result<std::shared_ptr<const AddedPack>> AddedPack::open_file(const std::string& path) {
  return open(TRY(open_pack_file(path)), file_name(path));
}

Status AddedPack::read_paths() {
  manifest_ = TRY(image_->manifest());
  const auto root = read_json(manifest_);
  const Json* const paths = root.ok() ? root.value().find("paths") : nullptr;
  if (paths == nullptr || !paths->is(Json::Kind::kArray) || paths->items.empty() ||
      paths->items.size() > kMaxPaths) {
    return make_error(Code::kMalformed, "its manifest does not say which paths it brings");
  }
  for (const Json& path : paths->items) {
    if (!path.is(Json::Kind::kString) || !valid_path(path.text)) {
      return make_error(Code::kMalformed, "its manifest has a path that cannot be one");
    }
    paths_.push_back(path.text);
  }
  pack_name_ = text_of(root.value(), "pack");
  replaces_ = text_of(root.value(), "replaces");
  return ok_status();
}

Result<std::shared_ptr<const PackImage>> AddedPack::image() const {
  const std::lock_guard lock(mutex_);
  if (!loaded_) loaded_ = image_->load_index_and_check();
  if (!loaded_->ok()) return loaded_->error();
  return std::shared_ptr<const PackImage>(image_);
}

bool AddedPack::is_loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_.has_value();
}

// --- the set

std::shared_ptr<const PackSet> PackSet::create(std::shared_ptr<const PackImage> core,
                                               std::vector<std::shared_ptr<const AddedPack>> added,
                                               std::vector<std::string>* refused) {
  CHECK(core);
  std::shared_ptr<PackSet> set(new PackSet(std::move(core)));
  set->identity_ = set->core_->identity();
  for (const bool replacing : {true, false}) {  // those first that stand in for others
    for (const auto& pack : added) {
      if (pack->replaces().empty() == replacing || set->is_replaced(*pack)) continue;
      const Status outcome = set->add(pack);
      if (!outcome.ok() && refused != nullptr) refused->push_back(outcome.error().message);
    }
  }
  if (!set->added_.empty()) {
    Sha256 hash;
    hash.update(set->core_->identity());
    for (const auto& pack : set->added_) hash.update(pack->identity());
    set->identity_ = hash.finish();
  }
  return set;
}

bool PackSet::is_replaced(const AddedPack& pack) const {
  if (pack.pack_name().empty()) return false;
  return std::any_of(added_.begin(), added_.end(),
                     [&pack](const auto& other) { return other->replaces() == pack.pack_name(); });
}

// All of its names or none.
Status PackSet::add(const std::shared_ptr<const AddedPack>& pack) {
  const auto layer = static_cast<uint32_t>(added_.size() + 1);
  std::vector<std::pair<uint32_t, Addition>> wanted;
  for (const std::string& path : pack->paths()) {
    const size_t slash = path.rfind('/');
    uint32_t folder = 0;
    for (size_t at = 1; at <= slash;) {
      const size_t end = path.find('/', at);
      if (!is_directory(*core_, folder)) break;
      folder = core_->find_child(folder, std::string_view(path).substr(at, end - at));
      if (folder == 0) break;
      at = end + 1;
    }
    if (folder == 0 || !is_directory(*core_, folder)) {
      return refusal(*pack, path, "is in no folder of the core pack");
    }
    Addition addition{path.substr(slash + 1), path, pack, layer};
    if (core_->find_child(folder, addition.name) != 0) {
      return refusal(*pack, path, "is in the core pack");
    }
    const auto same = [&addition](const Addition& other) { return other.name == addition.name; };
    const std::vector<Addition>* const others = additions(folder);
    const bool twice = std::any_of(wanted.begin(), wanted.end(), [&](const auto& other) {
      return other.first == folder && same(other.second);
    });
    if (twice || (others != nullptr && std::any_of(others->begin(), others->end(), same))) {
      return refusal(*pack, path, "is brought twice");
    }
    wanted.emplace_back(folder, std::move(addition));
  }
  for (auto& [folder, addition] : wanted) additions_[folder].push_back(std::move(addition));
  added_.push_back(pack);
  return ok_status();
}

const std::vector<PackSet::Addition>* PackSet::additions(uint32_t folder) const {
  if (additions_.empty()) return nullptr;
  const auto found = additions_.find(folder);
  return found == additions_.end() ? nullptr : &found->second;
}

Result<PackSet::File> PackSet::find(const std::string& path) const {
  const Error missing =
      make_error(Code::kNotFound, "no pack has a file %s", printable(path).c_str());
  if (!path.starts_with('/')) return missing;
  std::shared_ptr<const PackImage> image = core_;
  for (const auto& pack : added_) {
    for (const std::string& brought : pack->paths()) {
      if (path == brought || path.starts_with(brought + "/")) image = TRY(pack->image());
    }
  }
  const std::optional<uint32_t> node = image->find(path);
  if (!node || (image->node(*node).mode & pack::kTypeMask) != pack::kRegular) return missing;
  return File{image, image->node(*node).first};
}

std::vector<std::string> added_pack_files(const std::string& core) {
  std::vector<std::string> files;
  if (!core.ends_with(kSuffix)) return files;
  const size_t slash = core.rfind('/');
  const std::string folder = slash == core.npos ? "" : core.substr(0, slash + 1);
  std::string stem = core.substr(folder.size(), core.size() - folder.size() - kSuffix.size());
  stem += '-';
  DIR* const open = opendir(folder.empty() ? "." : folder.c_str());
  if (open == nullptr) return files;
  while (const dirent* entry = readdir(open)) {
    const std::string_view name = entry->d_name;
    if (name.size() > stem.size() + kSuffix.size() && name.starts_with(stem) &&
        name.ends_with(kSuffix)) {
      files.push_back(folder + entry->d_name);
    }
  }
  closedir(open);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cloche::vfs
