// Makes the ready images of a host's programs (kernel/ready.h), and keeps them.
//
// A warm-up runs in a sandbox of its own that holds the packs and nothing else: no mounts, tools,
// variables or input of anybody. It runs when the program is first started, once for all sandboxes;
// the engine keeps the image in its cache on disk, too.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "kernel/ready.h"
#include "vfs/pack_set.h"

namespace cloche {

namespace session {

// Thread class: safe.
class ReadyStore final : public kernel::ReadyPrograms {
 public:
  // `engine` outlives it.
  ReadyStore(engine::Engine& engine, std::shared_ptr<const vfs::PackSet> packs)
      : engine_(engine), packs_(std::move(packs)) {}

  engine::ImageRef find(const engine::ModuleRef& module, const std::string& path) override;

 private:
  engine::ImageRef warm_up(const std::string& path);

  engine::Engine& engine_;
  const std::shared_ptr<const vfs::PackSet> packs_;
  std::mutex mutex_;               // of whoever warms up
  std::set<std::string> without_;  // programs whose warm-up failed
};

}  // namespace session
}  // namespace cloche
