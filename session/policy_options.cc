#include "session/policy_options.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/printable.h"
#include "session/failures.h"

namespace cloche::session {
namespace {

namespace fs = std::filesystem;

MountMode public_mode(policy::MountMode mode) {
  switch (mode) {
    case policy::MountMode::kReadOnly:
      return MountMode::kReadOnly;
    case policy::MountMode::kReadWrite:
      return MountMode::kReadWrite;
    case policy::MountMode::kCopyOnWrite:
      return MountMode::kCopyOnWrite;
  }
  return MountMode::kReadOnly;
}

// Whether `asked` lets the guest do no more than `granted`.
bool is_within(MountMode asked, MountMode granted) {
  return asked == granted || asked == MountMode::kReadOnly || granted == MountMode::kReadWrite;
}

// The folder itself, however it is written; as it is written when it cannot be found.
fs::path found_folder(const std::string& path) {
  std::error_code error;
  fs::path found = fs::canonical(path, error);
  return error ? fs::path(path) : found;
}

}  // namespace

bool same_host_folder(const std::string& a, const std::string& b) {
  return found_folder(a) == found_folder(b);
}

std::vector<Mount> policy_mounts(const policy::Policy& policy, const std::string& folder) {
  std::vector<Mount> mounts;
  for (const policy::Mount& mount : policy.mounts) {
    const fs::path host = mount.host;
    const fs::path whole = host.is_absolute() || folder.empty() ? host : fs::path(folder) / host;
    mounts.push_back({whole.string(), mount.guest, public_mode(mount.mode)});
  }
  return mounts;
}

namespace {

std::optional<Failure> narrow_mounts(std::vector<Mount>& granted, const std::vector<Mount>& asked,
                                     const SameFolder& same) {
  for (const Mount& mount : asked) {
    const auto at = std::find_if(granted.begin(), granted.end(), [&](const Mount& other) {
      return fs::path(other.guest).lexically_normal() == fs::path(mount.guest).lexically_normal() &&
             same(other.host, mount.host);
    });
    if (at == granted.end() || !is_within(mount.mode, at->mode)) {
      return invalid("mount '" + printable(mount.host) + "' at '" + printable(mount.guest) +
                     "': the policy does not grant it" +
                     (at == granted.end() ? "" : " in this mode"));
    }
    at->mode = mount.mode;
  }
  return std::nullopt;
}

std::optional<Failure> check_env(const std::vector<std::pair<std::string, std::string>>& granted,
                                 const std::vector<std::pair<std::string, std::string>>& asked) {
  for (const auto& variable : asked) {
    if (std::find(granted.begin(), granted.end(), variable) == granted.end()) {
      return invalid("environment variable '" + printable(variable.first) +
                     "': the policy does not grant it with this value");
    }
  }
  return std::nullopt;
}

}  // namespace

Expected<policy::Policy> read_policy(const SandboxOptions& options) {
  auto read = policy::read_policy(options.policy);
  if (read.ok()) return std::move(read).value();
  const std::string file = options.policy_name.empty() ? "policy" : options.policy_name;
  std::string lines;
  for (const cap::Mistake& mistake : read.error()) {
    if (!lines.empty()) lines += '\n';
    lines += policy::locate(mistake, file, options.policy);
  }
  return invalid(std::move(lines));
}

Expected<SandboxOptions> apply_policy(SandboxOptions options, const policy::Policy& policy,
                                      const SameFolder& same) {
  std::vector<Mount> mounts = policy_mounts(policy, options.policy_folder);
  if (auto failure = narrow_mounts(mounts, options.mounts, same)) return *failure;
  if (auto failure = check_env(policy.env, options.env)) return *failure;
  if (options.sandboxes.value_or(0) > 0 && !policy.sandboxes) {
    return invalid("sandboxes inside: the policy does not grant them");
  }
  options.mounts = std::move(mounts);
  options.env = policy.env;
  return options;
}

std::optional<cap::Restriction> sandbox_restriction(const policy::Policy* policy,
                                                    const std::optional<uint64_t>& asked) {
  const policy::Sandboxes* const granted =
      policy != nullptr && policy->sandboxes ? &*policy->sandboxes : nullptr;
  if (granted == nullptr && asked.value_or(0) == 0) return std::nullopt;
  cap::Restriction restriction;
  restriction.budget.calls = asked;
  if (granted == nullptr) return restriction;
  if (granted->runs)
    restriction.budget.calls = std::min(*granted->runs, asked.value_or(UINT64_MAX));
  restriction.expires_ns = granted->expires_ns;
  return restriction;
}

}  // namespace cloche::session
