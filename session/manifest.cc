#include "session/manifest.h"

#include <algorithm>

#include "base/json.h"

namespace cloche::session {
namespace {

// Members stand in byte order.
void set_member(Json& object, const char* name, Json value) {
  const auto place = std::lower_bound(
      object.members.begin(), object.members.end(), name,
      [](const JsonMember& member, const char* wanted) { return member.name < wanted; });
  if (place != object.members.end() && place->name == name) return;
  JsonMember member;
  member.name = name;
  member.value = std::move(value);
  object.members.insert(place, std::move(member));
}

std::vector<Json> programs_of(const Json& root) {
  std::vector<Json> programs;
  const Json* const listed = root.find("programs");
  const Json* const pack = root.find("pack");
  if (listed == nullptr || !listed->is(Json::Kind::kArray)) return programs;
  for (const Json& program : listed->items) {
    if (!program.is(Json::Kind::kObject)) continue;
    programs.push_back(program);
    if (pack != nullptr) set_member(programs.back(), "pack", *pack);
  }
  return programs;
}

}  // namespace

std::string manifest_of(const vfs::PackSet& packs) {
  auto text = packs.core().manifest();
  if (!text.ok()) return {};
  if (packs.added().empty()) return std::move(text).value();
  auto root = read_json(text.value());
  if (!root.ok() || !root.value().is(Json::Kind::kObject)) return std::move(text).value();
  std::vector<Json> programs = programs_of(root.value());
  for (const auto& pack : packs.added()) {
    const auto added = read_json(pack->manifest());
    if (!added.ok()) continue;
    for (Json& program : programs_of(added.value())) programs.push_back(std::move(program));
  }
  for (JsonMember& member : root.value().members) {
    if (member.name == "programs") member.value.items = std::move(programs);
  }
  return write_json(root.value());
}

}  // namespace cloche::session
