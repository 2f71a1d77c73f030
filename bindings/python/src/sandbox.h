// A sandbox as Python has it: it may be closed while it is used, its functions give up the
// interpreter's lock, and the main thread hears signals meanwhile.
#pragma once

#include <nanobind/nanobind.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "handlers.h"
#include "host.h"
#include "process.h"

namespace cloche::python {

// A sandbox that is there until it is closed. Thread class: safe; nothing here needs the
// interpreter.
class Box : public std::enable_shared_from_this<Box> {
 public:
  Box(std::shared_ptr<HostParts> host, Sandbox sandbox);
  // To be called once, when it is shared: the end of the interpreter closes it then.
  void enlist();

  // While one lives the sandbox stands. Throws Failed "closed".
  class Use {
   public:
    explicit Use(Box& box);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    Sandbox& operator*() { return *box_.sandbox_; }
    Sandbox* operator->() { return &*box_.sandbox_; }

   private:
    Box& box_;
  };

  // Ends what runs and the sandbox, when nobody uses it any more. Once is enough.
  void close();
  void kill() noexcept;  // what runs; as Sandbox::kill()
  bool closed() const;
  Threads& runners() { return host_->runners; }
  const std::shared_ptr<HostParts>& host() const { return host_; }

 private:
  const std::shared_ptr<HostParts> host_;
  mutable std::mutex lock_;
  std::condition_variable left_;
  unsigned uses_ = 0;
  bool closed_ = false;
  std::optional<Sandbox> sandbox_;
};

class PythonSandbox {
 public:
  PythonSandbox(const PythonHost& host, nanobind::dict options);
  ~PythonSandbox();
  PythonSandbox(const PythonSandbox&) = delete;
  PythonSandbox& operator=(const PythonSandbox&) = delete;

  nanobind::tuple run(nanobind::handle argv, nanobind::handle input, nanobind::handle output,
                      nanobind::handle error, nanobind::handle timeout_ns);
  std::unique_ptr<PythonProcess> spawn(nanobind::dict options);
  nanobind::tuple run_code(nanobind::dict options);
  bool interrupt(const std::string& language, const std::string& session);
  bool close_session(const std::string& language, const std::string& session);
  nanobind::list sessions();
  void signal(int signo);
  void kill();
  nanobind::dict stats();
  nanobind::dict limits();
  void set_limit(const std::string& name, const std::string& value);
  void pause();
  void resume();
  void signal_process(int pid, int signo);
  void set_nice(int pid, int nice);
  nanobind::list audit();
  void close();
  bool closed() const { return box_->closed(); }
  const std::shared_ptr<Box>& shared_box() const { return box_; }

  // For the collector of garbage.
  int traverse(visitproc visit, void* argument) { return handlers_->traverse(visit, argument); }
  void clear() { handlers_->clear(); }

 private:
  Box& box() const;

  const Origin origin_;
  std::shared_ptr<HandlerTable> handlers_ = std::make_shared<HandlerTable>();
  std::shared_ptr<Box> box_;
};

// Closes all sandboxes of this process, and the interpreter to handlers.
void shut_down();

}  // namespace cloche::python
