#include "cli/control/publication.h"

#include <unistd.h>

namespace cloche::cli {
namespace {

constexpr int kTries = 100;

// A free name; processes of other PID namespaces may share the folder, so that a PID alone does not
// do.
Expected<OwnedFd> claim_any(RuntimeFolder& folder, const std::string& prefix, std::string& name) {
  const std::string first = prefix + "-" + std::to_string(getpid());
  name = first;
  for (int i = 2;; ++i) {
    auto listener = folder.claim(name);
    const bool taken = !listener && listener.error().kind == Failure::Kind::kInvalidArgument;
    if (!taken || i > kTries) return listener;
    name = first + "-" + std::to_string(i);
  }
}

}  // namespace

Expected<std::unique_ptr<Publication>> Publication::begin(Options options, ControlTarget& target) {
  std::unique_ptr<Publication> publication(new Publication(std::move(options)));
  Publication* const self = publication.get();
  if (self->options_.delay.count() == 0) {
    auto listener = self->claim();
    if (!listener) return listener.error();
    self->listener_ = std::move(*listener);
  }
  auto server = ControlServer::start([self] { return self->listen(); }, target,
                                     {.delay = self->options_.delay});
  if (!server) return server.error();
  publication->server_ = std::move(*server);
  return publication;
}

// Under the mutex, so that withdraw() comes before or after it.
Expected<OwnedFd> Publication::claim() {
  const std::lock_guard lock(mutex_);
  if (withdrawn_) return Failure{};
  auto folder = RuntimeFolder::open(runtime_folder_path(), RuntimeFolder::Make::kYes);
  if (!folder) return folder.error();
  std::string name = options_.name;
  auto listener = name.empty() ? claim_any(*folder, options_.prefix, name) : folder->claim(name);
  if (!listener) return listener;
  folder_.emplace(std::move(*folder));
  name_ = std::move(name);
  return listener;
}

std::optional<ControlServer::Post> Publication::listen() {
  if (!listener_) {
    auto listener = claim();
    if (!listener) {
      const std::lock_guard lock(mutex_);
      if (!withdrawn_ && options_.on_failure) options_.on_failure(listener.error());
      return std::nullopt;
    }
    listener_ = std::move(*listener);
  }
  return ControlServer::Post{std::move(listener_), {name(), options_.command, getpid(), since_}};
}

void Publication::withdraw() noexcept {
  const std::lock_guard lock(mutex_);
  if (!withdrawn_ && folder_) folder_->release(name_);
  withdrawn_ = true;
}

std::string Publication::name() const {
  const std::lock_guard lock(mutex_);
  return name_;
}

}  // namespace cloche::cli
