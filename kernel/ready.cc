#include "kernel/ready.h"

#include <algorithm>
#include <cstring>

#include "kernel/posix_timer.h"
#include "kernel/state.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kVersion = 1;
constexpr int32_t kStandardStreams = 3;

// The note, in the host's byte order; the ranges follow.
struct Head {
  uint64_t version, module_end, break_end, ranges;
  std::array<SignalAction, kSignalCount> actions;
};

// Why the process cannot be an image; null: it can.
const char* obstacle(const Kernel& kernel, const Process& process, const Thread& thread) {
  const AddressSpace& space = address_space_of(const_cast<Process&>(process));
  if (process.threads.size() != 1 || kernel.tasks() != 1) return "threads or children";
  bool others = false;
  process.fds->for_each(&others, [](void* env, int32_t fd, const FileRef&) {
    if (fd >= kStandardStreams) *static_cast<bool*>(env) = true;
  });
  if (others) return "open files";
  if (space.has_shared_mappings()) return "shared mappings";
  if (!process.timers.empty() || process.real_timer.timer != 0 ||
      process.virtual_timer.deadline != 0 || process.profile_timer.deadline != 0)
    return "timers";
  if (thread.blocked != 0 || thread.alternate_stack.size != 0) return "a signal mask or stack";
  return nullptr;
}

std::vector<uint8_t> note_of(const Process& process) {
  const AddressSpace& space = address_space_of(const_cast<Process&>(process));
  const auto ranges = space.private_ranges();
  const Head head = {kVersion, space.module_end(), space.break_end(), ranges.size(),
                     process.actions};
  std::vector<uint8_t> note(sizeof head + ranges.size() * sizeof ranges[0]);
  std::memcpy(note.data(), &head, sizeof head);
  if (!ranges.empty())
    std::memcpy(note.data() + sizeof head, ranges.data(), ranges.size() * sizeof ranges[0]);
  return note;
}

}  // namespace

std::optional<ReadyProcess> read_ready_note(const engine::ReadyImage& image) {
  const std::span<const uint8_t> note = image.note();
  Head head;
  if (note.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, note.data(), sizeof head);
  if (head.version != kVersion) return std::nullopt;
  std::vector<AddressSpace::Range> ranges;
  const std::span<const uint8_t> rest = note.subspan(sizeof head);
  if (rest.size() % sizeof(AddressSpace::Range) != 0 ||
      rest.size() / sizeof(AddressSpace::Range) != head.ranges)
    return std::nullopt;
  ranges.resize(head.ranges);
  if (!rest.empty()) std::memcpy(ranges.data(), rest.data(), rest.size());
  ReadyProcess ready;
  ready.address_space =
      AddressSpace::restore(head.module_end, image.module()->max_memory(), head.break_end, ranges);
  if (!ready.address_space) return std::nullopt;
  ready.actions = head.actions;
  return ready;
}

void take_ready_image(Kernel& kernel, Thread& thread) {
  Process& process = *thread.process;
  const auto on_ready = std::exchange(process.on_ready, nullptr);
  if (const char* const why = obstacle(kernel, process, thread)) {
    kernel.log(process.executable + ": its warm-up leaves " + why + " behind");
    return;
  }
  auto image = thread.context->take_image(note_of(process));
  if (image.ok())
    on_ready(std::move(image).value());
  else
    kernel.log(process.executable + ": " + image.error().message);
}

}  // namespace cloche::kernel
