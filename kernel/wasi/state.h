// What a process that runs a program for WASI has beside its descriptors: their rights, and the
// preopened directories.
//
// Rights are a property of a descriptor of this process (not of the open file, which others may
// share). They only shrink. Nobody but the process itself changes its descriptors: it cannot fork,
// and has one thread.
//
// Preopens, from descriptor 3 on (docs/wasi.md says why these):
//   "."       the current directory
//   "/a/b"    the same by its absolute path
//   "/x"      each directory in "/" whose name is not also a name in the current directory
// and "/" alone when that is the current directory. What is named through a preopen is named as any
// process of the sandbox names it: `..` and symlinks lead wherever the namespace has something.
// A directory that the program opened itself is a boundary: nothing outside of it can be reached
// through it (EPERM). Other descriptors that the process inherits follow behind the preopens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "kernel/process.h"
#include "kernel/wasi/wasi.h"

namespace cloche::kernel::wasi {

struct Descriptor {
  Rights base = 0, inheriting = 0;
  std::string preopen;  // its name; empty: not one
};

// Does the program import functions of WASI?
bool is_wasi(const engine::Module& module);
// Does it import those of Cloche's own ABI?
bool is_native(const engine::Module& module);

class State {
 public:
  // Of a process that is about to start such a program: its descriptors and environment are those
  // that exec left, and change to what programs for WASI expect (PWD names the current directory).
  static std::unique_ptr<State> enter(Kernel& kernel, Process& process);

  // Of an open descriptor.
  Descriptor& of(Fd fd);
  void add(Fd fd, Descriptor descriptor);
  void remove(Fd fd) { of(fd) = {}; }

 private:
  std::vector<Descriptor> descriptors_;
};

// All rights that an open file can have.
Rights rights_of(const OpenFile& file);

}  // namespace cloche::kernel::wasi
