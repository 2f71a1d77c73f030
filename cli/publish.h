// Makes a run visible to cloche ps and its relatives.
#pragma once

#include <memory>

#include "cli/arguments.h"
#include "cli/control/publication.h"

namespace cloche::cli {

// While it lives, the sandbox is published. The sandbox must outlive it.
//
// Thread class: unsafe.
class PublishedRun {
 public:
  virtual ~PublishedRun() = default;
  // For a process that ends at once: only takes the name back.
  virtual void withdraw() noexcept = 0;
};

// Null when `arguments` do not want it, or when it cannot be: then there is a warning, unless they
// ask for quiet. Errors: kInvalidArgument (the name is taken).
Expected<std::unique_ptr<PublishedRun>> publish(Sandbox& sandbox, const RunArguments& arguments);

}  // namespace cloche::cli
