// What all sandboxes of a Host share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "include/cloche/cloche.hpp"
#include "session/compile_watch.h"
#include "vfs/pack_image.h"

namespace cloche {

struct Host::State {
  HostOptions options;
  std::unique_ptr<session::CompileWatch> watch;  // null: nobody wants to know
  std::unique_ptr<engine::Engine> engine;        // uses it
  std::shared_ptr<const vfs::PackImage> pack;    // null: none
  std::vector<std::string> warnings;
};

}  // namespace cloche
