#include "kernel/process_info.h"

#include "kernel/state.h"

namespace cloche::kernel {
namespace {

constexpr size_t kMaxCommand = 512;

std::string command_of(const Process& process) {
  std::string command;
  for (const std::string& word : process.argv) {
    if (command.size() >= kMaxCommand) break;
    if (!command.empty()) command += ' ';
    command += word.substr(0, kMaxCommand);
  }
  return command.substr(0, kMaxCommand);
}

}  // namespace

char state_letter(const Process& process) {
  if (process.life == Process::State::kZombie) return 'Z';
  if (process.stopped) return 'T';
  for (const auto& thread : process.threads)
    if (thread->state == ThreadState::kReady || thread->state == ThreadState::kRunning) return 'R';
  return 'S';
}

uint64_t private_bytes(const Process& process) {
  const Thread* thread = process.main_thread();
  if (process.exiting || !thread || !thread->context) return 0;
  return thread->context->private_bytes();
}

std::vector<ProcessInfo> list_processes(Kernel& kernel) {
  std::vector<ProcessInfo> list;
  for (const Process* process : kernel.all_processes()) {
    ProcessInfo info;
    info.pid = process->pid;
    info.parent = process->parent ? process->parent->pid : 1;
    info.name = process->name;
    info.command = command_of(*process);
    info.state = state_letter(*process);
    info.nice = process->nice;
    info.cpu_ns = cpu_time(*process);
    info.memory_bytes = private_bytes(*process);
    info.threads = static_cast<uint32_t>(process->threads.size());
    info.open_files = process->fds ? process->fds->open_count() : 0;
    list.push_back(std::move(info));
  }
  return list;
}

}  // namespace cloche::kernel
