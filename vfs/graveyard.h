// Lets go of inodes one after another instead of one inside the other.
//
// An inode that holds its parent (or its children) would otherwise be destroyed in a recursion as
// deep as the tree, and a guest can make trees deeper than any stack.
#pragma once

#include <vector>

#include "vfs/inode.h"

namespace cloche::vfs {

class Graveyard {
 public:
  // Drops one reference; `owner` (who holds this graveyard) stays alive meanwhile. The destructors
  // that follow may call bury() again.
  template <class Owner>
  void bury(Owner* owner, InodeRef inode) {
    waiting_.push_back(std::move(inode));
    if (digging_) return;
    Ref<Owner> keep(owner);
    digging_ = true;
    while (!waiting_.empty()) {
      InodeRef dead = std::move(waiting_.back());
      waiting_.pop_back();
      dead = nullptr;
    }
    digging_ = false;
  }

  // Takes the reference out of `slot` and buries it.
  template <class Owner, class T>
  void take(Owner* owner, Ref<T>& slot) {
    InodeRef dead = slot;
    slot = nullptr;
    if (dead) bury(owner, std::move(dead));
  }

 private:
  std::vector<InodeRef> waiting_;
  bool digging_ = false;
};

}  // namespace cloche::vfs
