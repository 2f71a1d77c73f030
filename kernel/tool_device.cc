#include "kernel/tool_device.h"

#include <algorithm>
#include <cstring>

#include "kernel/file_lock.h"
#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/tool_gate.h"
#include "kernel/tool_request.h"
#include "vfs/synthfs.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kToolsDevice = 6;

const char* status_word(ToolAnswer::Status status) {
  switch (status) {
    case ToolAnswer::Status::kOk:
      return "ok ";
    case ToolAnswer::Status::kDenied:
      return "denied ";
    case ToolAnswer::Status::kFailed:
      break;
  }
  return "failed ";
}

class ToolFile final : public OpenFile {
 public:
  ToolFile(Kernel& kernel, vfs::Location location, Ref<Authority> authority, uint32_t flags)
      : OpenFile(flags),
        kernel_(kernel),
        location_(std::move(location)),
        authority_(std::move(authority)) {}
  ~ToolFile() override {
    release_description_locks(*this);
    drop_buffers();
  }

  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override {
    if (in.empty()) return 0;
    if (pending_ || !answer_.empty()) return Errno::kBUSY;
    const std::string_view bytes(reinterpret_cast<const char*>(in.data()), in.size());
    uint64_t taken = 0;
    if (!request_) {
      taken = TRY(take_line(bytes));
      if (!request_) return taken;
    }
    const auto rest = bytes.substr(taken, request_->length - body_.size());
    if (!charge(rest.size())) {
      if (taken > 0) return taken;
      return Errno::kNOBUFS;
    }
    body_.append(rest);
    if (body_.size() == request_->length) begin(call.process());
    return taken + rest.size();
  }

  SysResult<uint64_t> read(Call&, std::span<uint8_t> out) override {
    if (request_ && !pending_) return Errno::kINVAL;  // only half of it was written
    if (pending_) {
      if (!pending_->answered()) return Errno::kAGAIN;
      forward_.leave();
      const Ref<ToolCall> call = std::exchange(pending_, nullptr);
      request_.reset();
      set_answer(call->take_answer());
    }
    const size_t size = std::min(out.size(), answer_.size() - answered_);
    std::memcpy(out.data(), answer_.data() + answered_, size);
    answered_ += size;
    if (answered_ == answer_.size()) drop_buffers();
    return size;
  }

  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override {
    if (command == kToolOpen) return open_again(call, argument.address);
    if (command != kToolRevoke) return Errno::kNOTTY;
    if (!writable()) return Errno::kBADF;
    if (!narrowed_) return Errno::kPERM;
    return static_cast<int32_t>(gate().revoke(*authority_, call.process().caller()));
  }

  uint32_t poll() override {
    if (pending_) return pending_->answered() ? kPollIn : 0;
    return answer_.empty() ? kPollOut : kPollIn;
  }
  WaitQueue* wait_queue(uint32_t) override { return &queue_; }
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override {
    return describe_location(&kernel_.names(), location_, "tool");
  }

 private:
  ToolGate& gate() { return *kernel_.options().tools; }

  // Never for more than this file is open for.
  SysResult<int32_t> open_again(Call& call, uint32_t flags) {
    if (flags & ~uint32_t{kCloseOnExec | kNonBlock}) return Errno::kINVAL;
    const uint32_t kept = (flags_ & kAccessMode) | (flags & kNonBlock);
    return install(call, make_ref<ToolFile>(kernel_, location_, authority_, kept), flags);
  }

  // Takes bytes up to the end of the line. EINVAL for a line that is no request: it is forgotten.
  SysResult<uint64_t> take_line(std::string_view bytes) {
    const size_t newline = bytes.find('\n');
    const size_t size = newline == std::string_view::npos ? bytes.size() : newline;
    if (line_.size() + size >= kMaxToolRequestLine) {
      line_.clear();
      return Errno::kINVAL;
    }
    line_.append(bytes.substr(0, size));
    if (newline == std::string_view::npos) return size;
    request_ = parse_tool_request(std::exchange(line_, {}));
    if (!request_) return Errno::kINVAL;
    if (request_->length > kMaxToolRequest) {
      request_.reset();
      return Errno::kFBIG;
    }
    return size + 1;
  }

  bool charge(uint64_t bytes) {
    if (!kernel_.io().tool_bytes().take(bytes)) return false;
    charged_ += bytes;
    return true;
  }

  void drop_buffers() {
    kernel_.io().tool_bytes().give(std::exchange(charged_, 0));
    body_ = {};
    answer_ = {};
    answered_ = 0;
  }

  // The request is complete. `process` wrote the last of it.
  void begin(Process& process) {
    const ToolCaller caller = process.caller();
    std::string body = std::exchange(body_, {});
    using Verb = ToolRequestLine::Verb;
    switch (request_->verb) {
      case Verb::kCall:
        return await(gate().call(*authority_, caller, request_->name, std::move(body)));
      case Verb::kRun:
        return await(gate().run(*authority_, caller, process, body));
      case Verb::kList:
        return answer_now({ToolAnswer::Status::kOk, gate().list(*authority_)});
      case Verb::kNarrow:
        return answer_now(narrow(caller, body));
      case Verb::kAdopt:
        process.authority = authority_;
        return answer_now({ToolAnswer::Status::kOk, {}});
      case Verb::kRevoke:
        if (!narrowed_) {
          return answer_now({ToolAnswer::Status::kFailed, "nothing was narrowed on this file"});
        }
        return answer_now(
            {ToolAnswer::Status::kOk, std::to_string(gate().revoke(*authority_, caller))});
    }
  }

  ToolAnswer narrow(const ToolCaller& caller, std::string_view grants) {
    auto less = gate().narrow(*authority_, caller, grants);
    if (!less.ok()) return {ToolAnswer::Status::kFailed, less.error()};
    authority_ = std::move(less).value();
    narrowed_ = true;
    return {ToolAnswer::Status::kOk, {}};
  }

  // Its answer may come later: the request stays until that is read.
  void await(Ref<ToolCall> call) {
    pending_ = std::move(call);
    forward_.join(pending_->queue());
    queue_.wake();
  }

  void answer_now(ToolAnswer answer) {
    request_.reset();
    set_answer(std::move(answer));
  }

  void set_answer(ToolAnswer answer) {
    drop_buffers();
    if (!charge(answer.body.size())) {
      answer = {ToolAnswer::Status::kFailed,
                "the answer does not fit: too many bytes of tool calls are kept"};
    }
    answer_ = status_word(answer.status) + std::to_string(answer.body.size()) + '\n';
    answer_ += answer.body;
    queue_.wake();
  }

  Kernel& kernel_;
  const vfs::Location location_;
  Ref<Authority> authority_;
  bool narrowed_ = false;  // authority_ was made by narrow() here
  std::string line_;       // of a request whose newline has not come
  std::optional<ToolRequestLine> request_;
  std::string body_;
  Ref<ToolCall> pending_;
  std::string answer_;
  size_t answered_ = 0;  // how much of it was read
  uint64_t charged_ = 0;
  WaitQueue queue_;
  WakeForward forward_{queue_};  // of pending_
};

const Authority* reader_of(Kernel& kernel) {
  const Thread* thread = kernel.running();
  return thread ? thread->process->authority.get() : nullptr;
}

}  // namespace

SysResult<FileRef> open_tool_device(Call& call, const vfs::Location& location, uint32_t flags) {
  if (call.kernel().options().tools == nullptr) return Errno::kNXIO;
  const Ref<Authority>& authority = call.process().authority;
  if (!authority) return Errno::kACCES;
  return FileRef(make_ref<ToolFile>(call.kernel(), location, authority, flags));
}

SysResult<Unit> mount_tools(Kernel& kernel) {
  ToolGate* gate = kernel.options().tools;
  const vfs::Namespace& names = kernel.names();
  if (gate == nullptr ||
      !names.walk(names.root(), "/run/tools", kernel.options().user, vfs::kDirectoryOnly).ok()) {
    return Unit{};
  }
  auto table = std::make_shared<vfs::SynthTable>();
  table->set("tools.json", vfs::SynthSpec::file([&kernel, gate]() -> SysResult<std::string> {
               const Authority* reader = reader_of(kernel);
               return reader ? gate->list(*reader) + "\n" : "[]\n";
             }));
  for (const auto& [name, form] :
       {std::pair("tools.txt", ToolText::kWords), std::pair("tools.pyi", ToolText::kPython),
        std::pair("tools.d.ts", ToolText::kTypeScript)}) {
    table->set(name, vfs::SynthSpec::file([&kernel, gate, form]() -> SysResult<std::string> {
                 const Authority* reader = reader_of(kernel);
                 if (reader) return gate->describe(*reader, form);
                 return std::string(form == ToolText::kWords ? "No tool may be called.\n" : "");
               }));
  }
  vfs::SynthOptions options;
  options.clock = &kernel.guest_clock();
  options.dev = kToolsDevice;
  const auto root = vfs::make_synthfs(options, vfs::SynthSpec::directory(table));
  return kernel.names().mount("/run/tools", root, "tools", "proc", "ro,nosuid,nodev,noexec");
}

}  // namespace cloche::kernel
