// Cloche: run code that nobody has reviewed, inside this process.
//
// A *host* is what sandboxes share: the engine, the guest pack with the programs, the cache of
// compiled code. A *sandbox* is one closed world: its own files, processes and limits, and nothing
// of this machine but what its options name. run() starts a program in it and comes back with how
// that ended; spawn() starts one that goes on by itself; files() reads and writes its files.
//
//   auto host = cloche::Host::create({.pack = "cloche.pack"});
//   if (!host) return fail(host.error().message);
//   auto sandbox = cloche::Sandbox::create(*host, {.mounts = {{"./data", "/data"}}});
//   if (!sandbox) return fail(sandbox.error().message);
//   auto result = sandbox->run({"bash", "-c", "sort /data/names.txt | uniq -c"});
//
// Nothing here throws; what can fail says so in its type. Who likes exceptions better asks that for
// its value(): Host::create(options).value() throws cloche::Exception. A guest cannot make any of
// this fail in another way than the result says.
//
// Thread class: Host is safe and may be copied. A Sandbox belongs to one thread at a time, except
// signal(), kill() and resize(), which any thread or signal handler may call at any time, and the
// functions of live control, run(), spawn(), run_code() and what belongs to sessions, files() and
// what it gives, which any thread may call while the Sandbox stands. Any number of programs run
// beside each other.
//
// cloche.h is the same for C. What of both stays as it is says docs/library.md.
#pragma once

#if __cplusplus < 202002L
#error "cloche.hpp needs C++20: -std=c++20"
#endif

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "version.h"

namespace [[gnu::visibility("default")]] cloche {

// Why something could not be done. `message` is for a person, without a trailing newline; bytes in
// it that come from files or guests are escaped.
struct Failure {
  enum class Kind : uint8_t {
    kInvalidArgument,    // the call is wrong: a bad mount, a bad name, a bad limit
    kNotFound,           // a file or folder of the host, or a program, does not exist
    kPermissionDenied,   // the operating system says no
    kMalformed,          // the pack or a module is damaged or not one
    kUnsupported,        // this host or this version cannot do it
    kResourceExhausted,  // out of memory, disk or descriptors
    kIo,                 // the operating system failed
    kInternal,           // a bug in Cloche
    kBusy,               // something else is under way there: wait for it, or take another
  };
  Kind kind = Kind::kInternal;
  std::string message;
  // What went wrong with a file of the sandbox: the number that errno has for it in Linux
  // (docs/host-files.md). 0: nothing of that kind.
  int error_number = 0;
};
const char* to_string(Failure::Kind kind);  // "invalid_argument"

#ifdef __cpp_exceptions
// A Failure, thrown by value() and check(). The library itself knows no exceptions; with
// -fno-exceptions those two print the message and end the process.
class Exception : public std::exception {
 public:
  explicit Exception(Failure failure) : failure_(std::move(failure)) {}
  const char* what() const noexcept override { return failure_.message.c_str(); }
  const Failure& failure() const { return failure_; }
  Failure::Kind kind() const { return failure_.kind; }

 private:
  Failure failure_;
};
#endif

namespace detail {
// Always inline, as value() and check(): files of one program may be built with and without
// exceptions, and each keeps its own.
#ifdef __cpp_exceptions
[[noreturn, gnu::always_inline]] inline void raise(const Failure& failure) {
  throw Exception(failure);
}
#else
[[noreturn, gnu::always_inline]] inline void raise(const Failure& failure) {
  std::fprintf(stderr, "cloche: %s\n", failure.message.c_str());
  std::abort();
}
#endif
}  // namespace detail

// A value or a Failure.
template <class T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}            // NOLINT
  Expected(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT
  explicit operator bool() const { return state_.index() == 0; }
  // Of a value only.
  T& operator*() { return *std::get_if<0>(&state_); }
  const T& operator*() const { return *std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  // Of a failure only.
  const Failure& error() const { return *std::get_if<1>(&state_); }

  // Throws Exception if it is a failure.
  [[gnu::always_inline]] T& value() & {
    if (!*this) detail::raise(error());
    return **this;
  }
  [[gnu::always_inline]] const T& value() const& {
    if (!*this) detail::raise(error());
    return **this;
  }
  [[gnu::always_inline]] T value() && {
    if (!*this) detail::raise(error());
    return std::move(**this);
  }

 private:
  std::variant<T, Failure> state_;
};

// The same for functions that give only what is wrong. Throws Exception if something is.
[[gnu::always_inline]] inline void check(const std::optional<Failure>& failure) {
  if (failure) detail::raise(*failure);
}

// One line of a self-examination.
struct Finding {
  std::string name;
  bool ok = true;
  std::string detail;
};

struct HostOptions {
  // File with the guest's programs; empty: none. For DIR/NAME.pack the packs DIR/NAME-*.pack are
  // added to it; one that is damaged, or would replace a file of another, is left out with a
  // warning.
  std::string pack = {};
  // For compiled code; made when missing; empty: no cache on disk. One that cannot be used, as one
  // that others may write, is a warning.
  std::string cache_dir = {};
  // Called while a program is being compiled, from a thread of its own, every 0.1 s, and once with
  // 100 at its end. Calls do not overlap. The percentage is a guess.
  std::function<void(const std::string& what, int percent)> progress = {};
  // Threads that run sandboxes, each a turn at a time; 0: one a CPU that this process may use.
  unsigned workers = 0;
};

class Host {
 public:
  // Opens the pack and starts the engine. Errors: kNotFound (pack), kMalformed (pack),
  // kPermissionDenied (cache), kUnsupported (this machine cannot run Cloche; see probe()).
  static Expected<Host> create(HostOptions options);

  // Everything create() depends on, line by line, without stopping at the first problem.
  static std::vector<Finding> probe(const HostOptions& options);

  // The manifest of its packs as one, JSON as in docs/pack.md; empty without a pack.
  std::string manifest() const;

  // Compiles the program at `guest_path` ("/usr/bin/bash") into the cache, or finds it there; also
  // makes the image of a program that has a warm-up (docs/ready-images.md).
  // Errors: kNotFound, and those of a module.
  enum class Compiled : uint8_t { kNow, kBefore };
  Expected<Compiled> compile(const std::string& guest_path) const;

  // What is not as it should be but stops nothing: a cache or an added pack that cannot be used.
  std::vector<std::string> warnings() const;
  std::string engine_version() const;  // "wasmtime 48.0.8"

  struct State;

 private:
  friend class Sandbox;
  explicit Host(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// The manifest of a pack and of those added to it, without starting an engine. Errors as
// Host::create().
Expected<std::string> read_manifest(const std::string& pack);

// Where an installation has its packs: $CLOCHE_PACK, else cloche.pack beside the file that holds
// this library (the shared library, or the program that it is linked into), else in share/cloche
// under one of the two folders above. The file need not exist.
std::string default_pack();
// $CLOCHE_CACHE_DIR, else ${XDG_CACHE_HOME:-~/.cache}/cloche/code; empty when there is no home.
std::string default_cache_dir();

enum class MountMode : uint8_t {
  kReadOnly,
  kReadWrite,    // writes go straight to the host
  kCopyOnWrite,  // writes stay in the sandbox
};

// A folder or file of this machine that the sandbox shall see.
struct Mount {
  std::string host = {};
  std::string guest = {};  // absolute
  MountMode mode = MountMode::kReadOnly;
};

// Tree-wide: all processes of a sandbox together, and those of sandboxes inside. What is not set
// has its default, or what the policy says; of what both say the smaller holds. A time of zero
// means no limit. docs/quotas.md tells what happens at each.
// What happens to a run that writes more than its limit on output: it ends (outcome kLimit), or it
// goes on and what is beyond the limit is lost. In both cases what was written until then is there.
enum class OutputOver : uint8_t { kKill, kTruncate };

struct Limits {
  std::optional<std::chrono::nanoseconds> timeout = {};       // wall clock of one run; 60 s
  std::optional<std::chrono::nanoseconds> cpu_time = {};      // of one run; 30 s
  std::optional<std::chrono::nanoseconds> compile_time = {};  // of all programs; 60 s
  std::optional<uint64_t> cpu_weight = {};   // share of busy CPUs among sandboxes, 1 to 10000; 100
  std::optional<uint64_t> cpu_max = {};      // thousandths of a CPU at a time; none
  std::optional<std::string> cpus = {};      // CPUs that it may run on, as "0-1,4"; all
  std::optional<uint64_t> memory = {};       // bytes, all that it costs the host; 512 MiB
  std::optional<uint64_t> memory_high = {};  // bytes beyond which it is slowed down; none
  std::optional<uint64_t> processes = {};    // threads and zombies count too; 256
  std::optional<uint64_t> fork_rate = {};    // new processes and threads a second; 50,000
  std::optional<uint64_t> disk = {};         // bytes in memory-backed files; 1 GiB
  std::optional<uint64_t> inodes = {};       // of the same; 100,000
  std::optional<uint64_t> file_size = {};    // bytes of one file; none
  std::optional<uint64_t> open_files = {};   // of one process; 1024
  std::optional<uint64_t> timers = {};       // of all processes; 4096
  std::optional<uint64_t> watches = {};      // what epoll and inotify watch; 65,536
  std::optional<uint64_t> pipe = {};         // bytes that one pipe holds; 64 KiB
  std::optional<uint64_t> arguments = {};    // bytes of arguments and variables of a program; 2 MiB
  std::optional<uint64_t> module_size = {};  // bytes of a program; 64 MiB
  std::optional<uint64_t> tool_calls = {};   // attempted in one run; 100,000
  std::optional<uint64_t> tool_bytes = {};   // parameters and results of one run; 1 GiB
  std::optional<std::chrono::nanoseconds> tool_time = {};  // of one call; what its tool says
  std::optional<uint64_t> output = {};         // bytes of stdout and stderr, of one run; 64 MiB
  std::optional<OutputOver> output_over = {};  // kKill
};

// Sets one by the name that policies have for it ("memory.max"), from text as policies write it
// ("256M"), or "none". Gives what is wrong; then nothing has changed.
[[nodiscard]] std::optional<Failure> set_limit(Limits& limits, const std::string& name,
                                               const std::string& value);

// One call of a tool, as its handler sees it.
struct ToolInvocation {
  std::string_view tool;        // its name
  std::string_view parameters;  // a JSON object that the grants and the tool's schema allow
  std::chrono::steady_clock::time_point deadline;
  // Nobody waits for the answer any more; a handler that can stop early should look.
  const std::atomic<bool>& cancelled;
};

// What a handler gives. `result` is one JSON value. Of a failure, `message` is shown to the guest
// and `detail` goes into the audit log only.
struct ToolResult {
  bool ok = false;
  std::string result = {}, message = {}, detail = {};

  static ToolResult success(std::string json) { return {true, std::move(json), {}, {}}; }
  static ToolResult failure(std::string message, std::string detail = {}) {
    return {false, {}, std::move(message), std::move(detail)};
  }
};

// Something that a sandbox may ask of its host. That it is there does not mean that it may be
// called: that takes a grant.
struct Tool {
  // The one name that is used everywhere: segments between slashes, of letters, digits, '_', '-'
  // and '.': "payments/transfer".
  std::string name = {};
  std::string description = {};  // for people and models
  std::string parameters = {};   // JSON Schema 2020-12 of an object; empty: any object
  std::string result = {};       // JSON Schema 2020-12; empty: any value
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);  // of one call
  uint64_t result_bytes = 16ull << 20;                          // at most
  // One of the two. The handler runs on other threads than the sandbox's, for several calls at a
  // time; an exception that leaves it is a failure, whose text goes into the audit log only. The
  // command is run by /bin/sh with the parameters on its standard input; its standard output is the
  // result when it exits with 0.
  std::function<ToolResult(const ToolInvocation&)> handler = {};
  std::string command = {};
};

// Runs a job on another thread, later. False: no room; the job will not run. Any thread calls it.
using ToolExecutor = std::function<bool(std::function<void()> job)>;

struct SandboxOptions {
  std::vector<Mount> mounts = {};
  // Added to PATH, HOME, USER, LANG and TERM; the same name replaces. Nothing of the caller's own
  // environment goes in by itself.
  std::vector<std::pair<std::string, std::string>> env = {};
  std::string workdir = {};  // default: the user's home
  std::string user = "user";
  std::string hostname = "cloche";
  Limits limits = {};
  // Each with its own name. Without a grant none of them can be called.
  std::vector<Tool> tools = {};
  // Everything that is granted, as JSON (docs/policy.md); empty: no policy. With one, all other
  // options can only narrow it: mounts and variables must be the policy's own, of two limits the
  // smaller one holds, and of its tools those are left that `allow_tools` names, if it names any.
  std::string policy = {};
  std::string policy_name = {};    // what messages call it: the file's name
  std::string policy_folder = {};  // where its relative host paths begin; empty: here
  // Tools that may be called with any parameters: names, in which a segment may be * (one segment)
  // or ** (any number of them). "payments/*"
  std::vector<std::string> allow_tools = {};
  // How many sandboxes the programs inside may start, in all, with less than this one has
  // (docs/sub-sandboxes.md). Not set: none, or what the policy says; with a policy the smaller
  // holds.
  std::optional<uint64_t> sandboxes = {};
  // What every clock of the sandbox is rounded down to, 1 ns to 1 s: the policy's, or 100 us. With
  // a policy only a coarser one may be asked for.
  std::optional<std::chrono::nanoseconds> clock_resolution = {};
  // 64 hexadecimal digits from which all random numbers follow, so that runs can be repeated;
  // empty: the policy's, or the host's own random numbers. A policy's seed cannot be replaced.
  std::string random_seed = {};
  ToolExecutor tool_executor = {};  // runs handlers; empty: 64 threads of the sandbox's own
  std::string audit_file = {};      // docs/audit.md; empty: the newest lines in memory only
  // One line each: unknown system calls, traps, refusals. Called from the thread in run().
  std::function<void(const std::string& line)> log = {};
};

// Where one of a program's three standard streams comes from or goes to.
class Stream {
 public:
  enum class Kind : uint8_t { kNull, kDescriptor, kBytes, kCapture, kPipe };
  static Stream null() { return Stream(Kind::kNull, -1, {}); }
  // A file descriptor of this process, used but neither changed nor closed.
  static Stream descriptor(int fd) { return Stream(Kind::kDescriptor, fd, {}); }
  static Stream bytes(std::string input) { return Stream(Kind::kBytes, -1, std::move(input)); }
  static Stream capture() { return Stream(Kind::kCapture, -1, {}); }
  // A new pipe, whose other end the Process has. Only for spawn().
  static Stream pipe() { return Stream(Kind::kPipe, -1, {}); }

  Kind kind() const { return kind_; }
  int fd() const { return fd_; }
  std::string take_bytes() { return std::move(bytes_); }

 private:
  Stream(Kind kind, int fd, std::string bytes) : kind_(kind), fd_(fd), bytes_(std::move(bytes)) {}
  Kind kind_;
  int fd_;
  std::string bytes_;
};

struct WindowSize {
  uint16_t rows = 24, columns = 80;
};

struct RunOptions {
  std::vector<std::string> argv = {};  // argv[0]: a path in the sandbox or a name on its PATH
  // A module to run instead of a file of the sandbox: its bytes. argv[0] is then only a name.
  std::optional<std::vector<uint8_t>> module = {};
  Stream standard_input = Stream::null();
  Stream standard_output = Stream::capture();
  Stream standard_error = Stream::capture();
  // Give the program a terminal of its own: its three streams are that terminal, fed from
  // standard_input (a descriptor or a pipe) and shown on standard_output. standard_error is not
  // used.
  bool terminal = false;
  WindowSize window = {};
  // Wall clock of this program; of it and the limit wall.time the smaller holds.
  std::optional<std::chrono::nanoseconds> timeout = {};
};

enum class Outcome : uint8_t {
  kExited,     // exit_code holds
  kSignaled,   // signal holds
  kTimeout,    // limits.timeout
  kLimit,      // `limit` says which
  kDenied,     // by a policy
  kCancelled,  // kill()
  kError,      // never started: error_type, error_message
};
const char* to_string(Outcome outcome);  // "exited"

struct Usage {
  double wall_ms = 0, cpu_ms = 0;
  uint64_t memory_peak_bytes = 0, processes = 0, forks = 0, file_bytes = 0, tool_calls = 0;
};

// A limit by its name, "pids.max", and how often it was reached: something was refused or ended for
// it. Also those of sandboxes inside count.
struct LimitHits {
  std::string name = {};
  uint64_t count = 0;
};

// One call of a tool, as it was decided.
struct ToolCall {
  enum class Decision : uint8_t { kAllowed, kDenied, kFailed } decision = Decision::kDenied;
  std::string tool;               // printable
  std::string reason;             // of a denial or failure
  std::string parameters_sha256;  // of the parameters, members in byte order, without spaces
  double ms = 0;
};
const char* to_string(ToolCall::Decision decision);  // "allowed"

struct RunResult {
  Outcome outcome = Outcome::kError;
  std::string limit;                       // for kLimit: "cpu.time", "memory.max", "output.max"
  int exit_code = -1;                      // for kExited
  int signal = 0;                          // for kSignaled: the number, as on Linux
  std::string stdout_bytes, stderr_bytes;  // what was captured
  bool stdout_truncated = false, stderr_truncated = false;
  Usage usage;
  std::vector<ToolCall> tool_calls;   // the first 10,000; usage.tool_calls counts all
  std::vector<LimitHits> limits_hit;  // in this run, by name; those that were not are not there
  // For kError: "not_found" or "not_executable". For kSignaled it may say why ("unreachable
  // executed").
  std::string error_type, error_message;

  bool ok() const { return outcome == Outcome::kExited && exit_code == 0; }
};

// A program that spawn() started. It goes on by itself, on the workers of the host, and ends by
// itself, at a limit, by this, or with its sandbox; all processes that it leaves behind end with
// it. May outlive the Sandbox: then the result is there, with the outcome kCancelled if the program
// was still running.
//
// Thread class: any thread may wait, poll and send at any time; the descriptors, detach() and what
// moves or destroys it belong to one thread at a time.
class Process {
 public:
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;  // as if the one on the left were destroyed
  ~Process();  // kills the program, unless it was detached, and does not wait for that

  // In the sandbox. 0: it could not be started, and the result says why.
  int pid() const;

  // How it ended, as long as this lives. wait() blocks until then, wait_for() at most so long;
  // null: it still runs.
  const RunResult& wait() const;
  const RunResult* wait_for(std::chrono::nanoseconds timeout) const;
  const RunResult* poll() const;

  // As the functions of Sandbox, for this program alone. Nothing once it has ended.
  // Async-signal-safe.
  void signal(int signo) noexcept;
  void kill() noexcept;  // with all its processes, whatever they do: outcome kCancelled
  void resize(WindowSize window) noexcept;

  // The host's end of a Stream::pipe(): what is written to kInput the program reads, what it writes
  // is read from kOutput and kError. They are this one's, close-on-exec and blocking until the
  // caller changes that, and it never reads or writes them itself. A program whose output nobody
  // reads waits. -1: that stream is no pipe, or its end was taken or closed. Writing when nobody
  // can read any more raises SIGPIPE, as with all pipes.
  enum class End : uint8_t { kInput, kOutput, kError };
  int descriptor(End end) const;
  int take_descriptor(End end);    // the caller's from now on, who closes it
  void close_descriptor(End end);  // of kInput: the program reads the end of its input

  // From now on it ends with the sandbox, if not before, and not with this. Descriptors that were
  // not taken are closed.
  void detach();

  struct State;

 private:
  friend class Sandbox;
  explicit Process(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// The result object of `cloche run --json`: one line of JSON. Output that is not valid UTF-8 is in
// base64, as the field beside it says.
std::string to_json(const RunResult& result);
// The same object for a run that could not begin.
std::string to_json(const Failure& failure);

// --- code in sessions: docs/sessions.md

enum class Language : uint8_t { kPython, kJavaScript };
const char* to_string(Language language);  // "python", "javascript"
// Of "python", "py", "javascript" or "js".
std::optional<Language> language_of(std::string_view name);

// A cell: code that runs in a session, an interpreter of the sandbox's whose variables live between
// the calls.
struct CodeOptions {
  static constexpr size_t kMaxCode = size_t{16} << 20;
  static constexpr uint64_t kMaxValueBytes = uint64_t{256} << 20;

  std::string code = {};  // UTF-8, at most kMaxCode bytes
  Language language = Language::kPython;
  // Which session of the language: 1 to 64 letters, digits, '-', '_' and '.'. One that is not there
  // is started.
  std::string session = "main";
  std::string standard_input = {};
  // After that the code is interrupted, as it is shortly before wall.time and cpu.time are used up.
  std::optional<std::chrono::nanoseconds> timeout = {};
  // How long code that was interrupted may go on before its session is ended, with its variables.
  std::chrono::nanoseconds grace = std::chrono::seconds(2);
  // Of the value, and of all displays together; what is larger is an error of the code. At most
  // kMaxValueBytes.
  uint64_t value_bytes = uint64_t{16} << 20;
};

// The value of a cell: of its last expression, or what JavaScript returned. Made by code that
// nobody reviewed, as all of a CodeResult.
struct CodeValue {
  enum class Kind : uint8_t {
    kNone,   // None, undefined
    kJson,   // `data` is JSON, one line
    kBytes,  // `data` is these bytes
    kText,   // no JSON says it: `data` is its repr()
  } kind = Kind::kNone;
  std::string data = {};
};
const char* to_string(CodeValue::Kind kind);  // "json"

// Something that was shown with display(), or a rich form of the value.
struct Display {
  // By MIME types: texts, JSON for types of JSON, base64 for images and other bytes.
  std::vector<std::pair<std::string, std::string>> forms = {};
};
bool is_json_form(std::string_view type);  // "application/json", "application/geo+json"

// As that of a run, of this one cell. Code that failed exited with 1, its traceback is on stderr,
// too, and error_type and error_message are those of its exception. Code that was interrupted by a
// limit has the outcome of that limit.
struct CodeResult : RunResult {
  CodeValue value = {};
  std::string repr = {};  // of the value; cut at 1 MiB
  std::vector<Display> displays = {};
  std::string traceback = {};      // of the exception; empty: none
  uint64_t cell = 0;               // its number in the session, from 1
  bool session_restarted = false;  // it ran in a new session, as the one of that name had ended
  bool session_ended = false;      // its session ended with it
};
// As that of a run, with "value", "value_type" and what else is said above.
std::string to_json(const CodeResult& result);

struct SessionInfo {
  Language language = Language::kPython;
  std::string name = {};
  int pid = 0;
  uint64_t cells = 0;  // that were begun
  bool busy = false;
};

// What a policy grants, for a person and for a program.
struct PolicyReport {
  bool good = false;               // else `lines` are its mistakes, with file, line and column
  std::vector<std::string> lines;  // printable
  std::string json;                // the same, one line
};
PolicyReport check_policy(const std::string& text, const std::string& name);
// Whether a fresh sandbox with this policy would allow the call, as far as the policy goes: whether
// there is such a tool and what its schema says is the host's affair. `good`: allowed.
PolicyReport check_policy_call(const std::string& text, const std::string& name,
                               const std::string& tool, const std::string& parameters);

// What reading an audit log again shows (docs/audit.md).
struct AuditVerdict {
  // Nothing that was found is changed or moved, and nothing is missing in front or in between.
  bool whole = false;
  // The log was closed. If not, it is still written, its writer died, or its end was cut off.
  bool ended = false;
  std::string problem;           // why it is not whole: file, line, what
  uint64_t first = 0, last = 0;  // numbers of the first and last line
  std::string head;              // hash of the last line
};
// Reads the log at `path` and the files that were set aside of it. Errors: kNotFound,
// kPermissionDenied, kInvalidArgument (not a regular file), kIo.
Expected<AuditVerdict> verify_audit(const std::string& path);

const char* version();  // of the library that runs: "0.1.0"

std::string signal_name(int signal);  // "SIGTERM"; "SIGRTMIN+3"; "signal 99"

// Bytes of unknown origin made fit for a terminal: control characters, broken UTF-8 and marks that
// turn the direction of text are escaped as \n, \x1b and so on.
std::string printable(std::string_view bytes);

// What a sandbox costs its host in memory, by parts, in bytes.
struct MemoryStats {
  uint64_t processes = 0;  // pages that its processes wrote, their stacks
  uint64_t shared = 0;     // mappings that several processes share
  uint64_t buffers = 0;    // of pipes, sockets and tool calls
  uint64_t files = 0;      // files kept in memory
  uint64_t objects = 0;    // processes, threads, descriptors: an estimate
  uint64_t total = 0;
  uint64_t peak = 0;  // the most that was seen of the total
};

struct ProcessStats {
  std::string sandbox = {};  // of one inside: its number there, "1.2"; empty: the sandbox itself
  int pid = 0, parent = 0;
  std::string name = {}, command = {};  // printable; the command is cut
  char state = 'S';                     // R S T Z, as ps has them
  int nice = 0;
  int64_t cpu_ns = 0;
  uint64_t memory_bytes = 0;  // that it holds alone
  uint32_t threads = 0, open_files = 0;
};

// What a sandbox uses at one moment.
struct SandboxStats {
  enum class State : uint8_t { kIdle, kRunning, kPaused } state = State::kIdle;
  int64_t wall_ns = 0;       // of the run under way
  int64_t cpu_ns = 0;        // of all runs
  int64_t run_cpu_ns = 0;    // of the run under way
  int64_t compile_ns = 0;    // to compile programs; in cpu_ns, but for those of the pack
  int64_t throttled_ns = 0;  // that it stood still for cpu.max or memory.high
  int64_t waited_ns = 0;     // that it was ready and did not run
  uint64_t throttles = 0, switches = 0, migrations = 0;  // by the scheduler
  MemoryStats memory = {};
  uint64_t tasks = 0;  // processes and threads
  uint64_t processes_started = 0, forks = 0, execs = 0, syscalls = 0, memory_kills = 0;
  uint64_t file_bytes = 0, inodes = 0;  // kept in memory
  uint64_t output_bytes = 0;            // of the run under way
  // Attempts to call tools; of them those that were denied; bytes of parameters and results; calls
  // that wait for their answer now.
  uint64_t tool_calls = 0, tools_denied = 0, tool_bytes = 0, tools_under_way = 0;
  uint64_t sandboxes_inside = 0;
  std::vector<LimitHits> limits_hit = {};  // in all runs, by name
  std::vector<ProcessStats> processes = {};
};
const char* to_string(SandboxStats::State state);  // "running"

// The cpu.weight that a nice value (-20 to 19) stands for: 100 for 0, a fifth less for each step
// up.
uint64_t cpu_weight_of_nice(int nice);

// A limit as it is now: the name that a policy has for it ("memory.max") and its value as a policy
// writes it ("256M"), or "none".
struct LimitValue {
  std::string name, value;
};

// What is shown of one of several sandboxes.
struct SandboxReport {
  std::string name;
  SandboxStats stats = {};
  std::vector<LimitValue> limits = {};
};
// In the text exposition format of Prometheus 0.0.4; the label `sandbox` is the name. Times are in
// seconds, sizes in bytes; a limit that is "none" is left out.
std::string to_prometheus(const std::vector<SandboxReport>& sandboxes);

// --- files of a sandbox: docs/host-files.md

enum class FileType : uint8_t { kRegular, kDirectory, kSymlink, kOther };
const char* to_string(FileType type);  // "regular"

struct FileInfo {
  FileType type = FileType::kRegular;
  uint64_t size = 0;     // bytes
  uint32_t mode = 0;     // permission bits, 07777
  int64_t mtime_ns = 0;  // since 1970
};

struct FileEntry {
  std::string name = {};
  FileInfo info = {};  // of a symlink itself
};

struct WriteOptions {
  bool append = false;           // to what is there; else in place of it
  bool parents = false;          // make the folders above that are missing
  std::optional<uint32_t> mode;  // of the file; not set: 0644 for a new one, else what it has
};

// What unpacking or packing an archive came to.
struct ArchiveReport {
  uint64_t files = 0, folders = 0, links = 0;
  uint64_t bytes = 0;  // of files
  // What was left out, at most kMaxSkipped of them, with the reason: "dev/sda: a device".
  std::vector<std::string> skipped = {};
  uint64_t skipped_count = 0;
  static constexpr size_t kMaxSkipped = 100;
};

struct FileEvent {
  enum class Kind : uint8_t {
    kCreated,   // or moved to here
    kRemoved,   // or moved away
    kModified,  // its bytes
    kChanged,   // its mode or its times
    kLost,      // more happened than could be kept: look for yourself
    kGone,      // what is watched was removed; nothing more will come
  } kind = Kind::kModified;
  std::string name = {};  // in the folder that is watched; empty: what is watched itself
};
const char* to_string(FileEvent::Kind kind);  // "created"

// What happens to a file, or to a folder and the names in it, from watch() on. May outlive the
// Sandbox: then there is nothing more.
//
// Thread class: one thread at a time.
class FileWatch {
 public:
  FileWatch(FileWatch&&) noexcept;
  FileWatch& operator=(FileWatch&&) noexcept;
  ~FileWatch();

  // What happened since the last time; waits for at most `timeout` until something has. Empty:
  // nothing did.
  std::vector<FileEvent> next(std::chrono::nanoseconds timeout);

  struct State;

 private:
  friend class Files;
  explicit FileWatch(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

class Files;

class Sandbox {
 public:
  // Makes the closed world: files, mounts, no process yet. Errors: kInvalidArgument (a relative
  // guest path, a mount over a mount, bytes that cannot be in a name), kNotFound,
  // kPermissionDenied (a mount's host path).
  static Expected<Sandbox> create(const Host& host, SandboxOptions options);
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;
  ~Sandbox();  // ends all that still runs

  // Runs a program to its end; all processes it leaves behind end with it. Files written stay for
  // the next run, and so do sessions. Blocks the calling thread. A program that cannot be found or
  // started is a result (kError), not a failure.
  Expected<RunResult> run(RunOptions options);
  Expected<RunResult> run(std::vector<std::string> argv);  // captures both outputs

  // Starts a program and comes back; it goes on whether or not anything else runs. Also from a
  // handler of a tool. Limits of a run hold for it as for each run, from its own start on. A
  // program that cannot be found or started is a result (kError). Blocks until the program is
  // compiled, if it was not before. Errors: kInvalidArgument, kResourceExhausted (descriptors,
  // threads), kIo (the audit log).
  Expected<Process> spawn(RunOptions options);
  Expected<Process> spawn(std::vector<std::string> argv);  // captures both outputs

  // Runs a cell in a session to its end. Sessions stand still while nothing runs in the sandbox,
  // and live until they are closed or end themselves. Blocks. Calls for several sessions may be
  // under way at once. Errors: kInvalidArgument, kBusy (another call in that session),
  // kResourceExhausted (as many sessions as there may be).
  Expected<CodeResult> run_code(CodeOptions options);
  Expected<CodeResult> run_python(std::string code);  // in the session "main"
  Expected<CodeResult> run_js(std::string code);
  // Interrupts the cell that runs there: KeyboardInterrupt. False: none does.
  bool interrupt(Language language, const std::string& session);
  // Ends a session, its processes and what runs in it (outcome kCancelled). False: there is none.
  bool close_session(Language language, const std::string& session);
  std::vector<SessionInfo> sessions() const;

  Files files() const;

  // To the foreground process group of each program of a run(), or to the program itself; to the
  // process groups of all sessions in which code runs. Not to spawned programs. Async-signal-safe.
  void signal(int signo) noexcept;
  // Ends all runs, cells and spawned programs at once, whatever they do: outcome kCancelled.
  // Async-signal-safe.
  void kill() noexcept;
  // The window of a run with a terminal changed its size. Async-signal-safe.
  void resize(WindowSize window) noexcept;

  // --- while it runs or not, from any thread but not from a handler of its tools. They wait for
  // the thread in run() to come to a place between two turns of the guest: some milliseconds.

  SandboxStats stats() const;
  std::vector<LimitValue> limits() const;
  // Sets a limit, up or down, from now on; what is in use beyond it stays and nothing is added, as
  // cgroup v2 has it, except that memory.max ends processes until it is kept. Gives what is wrong:
  // kInvalidArgument (no such limit, or not a value for it).
  [[nodiscard]] std::optional<Failure> set_limit(const std::string& name, const std::string& value);
  // Stops all processes between two instructions, until resume(). Time for `wall.time` passes.
  void pause();
  void resume();
  // As kill(2) and renice(8) by the host, for a process of the sandbox itself. kNotFound: no such
  // process; kInvalidArgument.
  [[nodiscard]] std::optional<Failure> signal_process(int pid, int signo);
  [[nodiscard]] std::optional<Failure> set_nice(int pid, int nice);

  // The newest lines of the audit log, oldest first: JSON, as in docs/audit.md.
  std::vector<std::string> audit() const;

  struct State;

 private:
  explicit Sandbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The files of a sandbox, as its user sees them and may use them, within its limits. Paths are
// those of the sandbox, relative ones begin in its working folder; nothing that is in it, no
// symlink and no "..", leads out of it. Everything may be done while programs run: each call, and
// each piece of a large one, comes between two turns of them.
//
// Errors, with error_number: kNotFound (ENOENT), kPermissionDenied (EACCES, EPERM, EROFS),
// kResourceExhausted (ENOSPC, EFBIG, ENOMEM: a limit), kIo (EIO), kInvalidArgument (all others:
// EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, ELOOP, ENAMETOOLONG ...).
//
// Thread class: that of Sandbox::files(). The Sandbox outlives it.
class Files {
 public:
  // The whole file, at most kMaxWhole bytes: kResourceExhausted (EFBIG).
  static constexpr uint64_t kMaxWhole = uint64_t{1} << 30;
  Expected<std::string> read(const std::string& path) const;
  // At most `size` bytes from `offset` on; fewer only at the end of the file, where it gives 0.
  Expected<size_t> read_at(const std::string& path, uint64_t offset, void* out, size_t size) const;
  [[nodiscard]] std::optional<Failure> write(const std::string& path, std::string_view bytes,
                                             const WriteOptions& options = {});
  // Into what is there, from `offset` on; what lies between the end and there is zeros.
  [[nodiscard]] std::optional<Failure> write_at(const std::string& path, uint64_t offset,
                                                std::string_view bytes);

  // Sorted by name.
  Expected<std::vector<FileEntry>> list(const std::string& path) const;
  enum class Links : uint8_t { kFollow, kKeep };  // what a path that ends in a symlink means
  Expected<FileInfo> stat(const std::string& path, Links links = Links::kFollow) const;
  bool exists(const std::string& path) const;  // also false for what may not be seen

  enum class Depth : uint8_t { kOne, kAll };
  // kAll: with the folders above; no error when it is there already.
  [[nodiscard]] std::optional<Failure> mkdir(const std::string& path, Depth depth = Depth::kOne,
                                             uint32_t mode = 0755);
  // kOne: a file, a link or an empty folder. kAll: a folder with all in it, too; what was removed
  // until an error stays removed.
  [[nodiscard]] std::optional<Failure> remove(const std::string& path, Depth depth = Depth::kOne);
  [[nodiscard]] std::optional<Failure> rename(const std::string& from, const std::string& to);
  [[nodiscard]] std::optional<Failure> symlink(const std::string& target, const std::string& path);
  Expected<std::string> readlink(const std::string& path) const;
  [[nodiscard]] std::optional<Failure> chmod(const std::string& path, uint32_t mode);

  // Gives up to `size` bytes of an archive; 0: its end. Puts them out. A failure ends the transfer.
  using Source = std::function<Expected<size_t>(char* out, size_t size)>;
  using Sink = std::function<std::optional<Failure>(std::string_view bytes)>;
  // Unpacks a tar archive (ustar, pax, GNU) into the folder at `path`, which is made when it is
  // missing. Nothing of it comes to lie elsewhere: absolute names and ".." are left out, as is what
  // would go through a symlink, and devices. What was unpacked until an error stays. Error beside
  // those of files: kMalformed.
  Expected<ArchiveReport> unpack(const std::string& path, const Source& source);
  // What is in the folder at `path`, or the file there, as a tar archive (pax). Names begin below
  // `path`. Symlinks stay symlinks. More than `most` bytes of files, which files with holes soon
  // are: kResourceExhausted (EFBIG).
  static constexpr uint64_t kMaxPacked = uint64_t{64} << 30;
  Expected<ArchiveReport> pack(const std::string& path, const Sink& sink,
                               uint64_t most = kMaxPacked) const;

  // Errors beside those of files: kResourceExhausted (the limit watches.max).
  Expected<FileWatch> watch(const std::string& path) const;

 private:
  friend class Sandbox;
  explicit Files(Sandbox::State& sandbox) : sandbox_(&sandbox) {}
  Sandbox::State* sandbox_;
};

}  // namespace cloche
