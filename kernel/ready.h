// Programs that start from a ready image (engine.h): what is the same in every process of theirs
// was done once, in a sandbox that held nothing of anybody.
//
// An image is memory, globals, and what the kernel knows of the process: its break, its private
// mappings and its signal actions. A warm-up that leaves anything else behind (descriptors,
// threads, children, timers, shared mappings) makes no image.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernel/address_space.h"
#include "kernel/kernel.h"

namespace cloche::kernel {

// Who has images. Thread class: safe.
class ReadyPrograms {
 public:
  // The image of a program of the pack, by its absolute guest path; null: there is none, and the
  // program starts as any other. May take the time of a warm-up.
  virtual engine::ImageRef find(const engine::ModuleRef& module, const std::string& path) = 0;

 protected:
  ~ReadyPrograms() = default;
};

// The kernel's part of an image, from its note.
struct ReadyProcess {
  Ref<AddressSpace> address_space;
  std::array<SignalAction, kSignalCount> actions;
};
// Nothing: the note is damaged, or of another version.
std::optional<ReadyProcess> read_ready_note(const engine::ReadyImage& image);

// The warm-up of `thread` has returned: gives its image to whoever asked for it by
// StartOptions::on_ready, or says in the log why there is none.
void take_ready_image(Kernel& kernel, Thread& thread);

}  // namespace cloche::kernel
