#include "session/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "kernel/io_state.h"

namespace cloche::session {
namespace {

using kernel::FileRef;

struct Pipe {
  OwnedFd read, write;
};

// Both are empty when there are no descriptors left.
Pipe make_pipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return {};
  return {OwnedFd(fds[0]), OwnedFd(fds[1])};
}

}  // namespace

Streams::Streams(kernel::Kernel& kernel, uint64_t output_limit, RunOptions& options,
                 std::array<OwnedFd, 3>& ends)
    : kernel_(kernel), budget_(make_ref<kernel::OutputBudget>(output_limit)) {
  if (options.terminal) {
    open_terminal(options, ends);
    return;
  }
  files_ = {{0, input(options.standard_input, ends[0])},
            {1, output(options.standard_output, ends[1], stdout_, stdout_loss_)},
            {2, output(options.standard_error, ends[2], stderr_, stderr_loss_)}};
}

bool Streams::ok() const {
  return std::all_of(files_.begin(), files_.end(),
                     [](const auto& file) { return static_cast<bool>(file.second); });
}

void Streams::put_output(RunResult& result) {
  if (stdout_) result.stdout_bytes = stdout_->take();
  if (stderr_) result.stderr_bytes = stderr_->take();
  result.stdout_truncated = tty_ ? budget_->exceeded() : stdout_loss_->truncated;
  result.stderr_truncated = stderr_loss_->truncated;
}

void Streams::open_terminal(RunOptions& options, std::array<OwnedFd, 3>& ends) {
  files_ = {{0, FileRef()}};
  int keys = options.standard_input.fd(), screen = options.standard_output.fd();
  if (options.standard_input.kind() == Stream::Kind::kPipe) {
    Pipe pipe = make_pipe();
    if (!pipe.read) return;
    keys_ = std::move(pipe.read);
    ends[0] = std::move(pipe.write);
    keys = keys_.get();
  }
  if (options.standard_output.kind() == Stream::Kind::kPipe) {
    Pipe pipe = make_pipe();
    if (!pipe.read) return;
    screen_ = std::move(pipe.write);
    ends[1] = std::move(pipe.read);
    screen = screen_.get();
  }
  auto made = kernel_.io().terminals().create();
  if (!made.ok()) return;
  tty_ = std::move(made).value();
  tty_->set_window({options.window.rows, options.window.columns, 0, 0});
  const auto file = kernel_.io().terminals().open_for_host(tty_, kernel::kReadWrite);
  const FileRef slave = file.ok() ? file.value() : FileRef();
  files_ = {{0, slave}, {1, slave}, {2, slave}};
  pump_.emplace(tty_, keys, screen, budget_);
}

FileRef Streams::input(Stream& stream, OwnedFd& end) {
  switch (stream.kind()) {
    case Stream::Kind::kDescriptor:
      return kernel::host_input(kernel_, stream.fd());
    case Stream::Kind::kBytes:
      return kernel::memory_input(kernel_, stream.take_bytes());
    case Stream::Kind::kPipe: {
      Pipe pipe = make_pipe();
      if (!pipe.read) return FileRef();
      end = std::move(pipe.write);
      return kernel::host_input(kernel_, std::move(pipe.read));
    }
    case Stream::Kind::kNull:
    case Stream::Kind::kCapture:
      return kernel::memory_input(kernel_, {});
  }
  return FileRef();
}

FileRef Streams::output(Stream& stream, OwnedFd& end, Ref<kernel::Capture>& capture,
                        Ref<kernel::OutputLoss> loss) {
  kernel::OutputOptions options{budget_, std::move(loss)};
  if (stream.kind() == Stream::Kind::kDescriptor) {
    return kernel::host_output(kernel_, stream.fd(), std::move(options));
  }
  if (stream.kind() == Stream::Kind::kPipe) {
    Pipe pipe = make_pipe();
    if (!pipe.read) return FileRef();
    end = std::move(pipe.read);
    return kernel::host_output(kernel_, std::move(pipe.write), std::move(options));
  }
  auto kept = make_ref<kernel::Capture>();
  if (stream.kind() == Stream::Kind::kCapture) capture = kept;
  return kernel::memory_output(kernel_, kept, std::move(options));
}

}  // namespace cloche::session
