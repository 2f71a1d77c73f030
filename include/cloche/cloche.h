// Cloche in C: run code that nobody has reviewed, inside this process. What things are and do is
// said in cloche.hpp; this header says how C gets at them.
//
//   cloche_error* error = NULL;
//   cloche_host_options* about = cloche_host_options_new();
//   cloche_host_options_set_pack(about, "cloche.pack");
//   cloche_host* host = cloche_host_create(about, &error);
//   cloche_options* options = cloche_options_new();
//   cloche_options_add_mount(options, "./data", "/data", CLOCHE_MOUNT_READ_ONLY);
//   cloche_sandbox* sandbox = cloche_sandbox_create(host, options, &error);
//   const char* const argv[] = {"sort", "/data/names.txt", NULL};
//   cloche_result* result = cloche_sandbox_run(sandbox, argv, &error);
//   puts(cloche_result_stdout(result, NULL));
//
// Handles are opaque. Who gets one from a function whose name ends in _new, _create, _run and the
// like frees it by the _free function of its type, which takes null, too. A `const char*` that a
// function gives belongs to the handle it was asked of, is good until that is freed or changed, and
// ends with a NUL. A `char*` is the caller's, to be freed by cloche_free(). What a function is
// given it copies, unless it says otherwise.
//
// Errors. A function with the parameter `error` gives null when it fails (or -1, where it says so).
// If `error` is not null, `*error` must be null or an error before. A failure puts a new error
// there, which the caller frees, unless there is one: the first one stays. Success changes nothing.
// A null where a handle is wanted, as after a failure that nobody looked at, fails with
// CLOCHE_INVALID_ARGUMENT. So a whole sequence of calls may be checked at its end.
//
// Setters give nothing: the first one that is wrong (null, a number out of its range, a name that
// is not known) is kept in the handle, and the function that uses the handle fails with it.
//
// Accessors of a null handle give 0, false, null or CLOCHE_NONE. So do those with an index that is
// not below the count.
//
// No function lets an exception out; memory that cannot be had ends the process. No structure has
// members that a caller could see, so none can grow under it.
//
// Thread class: cloche_host is safe. Any other handle belongs to one thread at a time, except
// cloche_sandbox_signal, _kill and _resize, which any thread or signal handler may call, and the
// functions that run something, those of live control and those of files, which any thread may
// call, while the sandbox is there. Of a cloche_process those that say so are safe. Functions
// without a handle are safe.
// Callbacks say themselves where they run.
#ifndef CLOCHE_CLOCHE_H
#define CLOCHE_CLOCHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "version.h"

#ifdef __cplusplus
#define CLOCHE_NOEXCEPT noexcept
extern "C" {
#else
#define CLOCHE_NOEXCEPT
#endif
#pragma GCC visibility push(default)

// What an accessor gives when there is nothing to give.
enum { CLOCHE_NONE = -1 };

const char* cloche_version(void) CLOCHE_NOEXCEPT;  // of the library that runs: "0.1.0"
int cloche_abi_version(void) CLOCHE_NOEXCEPT;      // its CLOCHE_ABI_VERSION
void cloche_free(void* memory) CLOCHE_NOEXCEPT;

// --- errors

typedef struct cloche_error cloche_error;

enum {
  CLOCHE_INVALID_ARGUMENT,    // the call is wrong: a bad mount, a bad name, a bad limit
  CLOCHE_NOT_FOUND,           // a file or folder of the host, or a program, does not exist
  CLOCHE_PERMISSION_DENIED,   // the operating system says no
  CLOCHE_MALFORMED,           // the pack or a module is damaged or not one
  CLOCHE_UNSUPPORTED,         // this host or this version cannot do it
  CLOCHE_RESOURCE_EXHAUSTED,  // out of memory, disk or descriptors
  CLOCHE_IO,                  // the operating system failed
  CLOCHE_INTERNAL,            // a bug in Cloche
  CLOCHE_BUSY                 // something else is under way there: wait for it, or take another
};

int cloche_error_kind(const cloche_error* error) CLOCHE_NOEXCEPT;
// For a person, without a newline at its end.
const char* cloche_error_message(const cloche_error* error) CLOCHE_NOEXCEPT;
// What went wrong with a file of the sandbox: the number that errno has for it in Linux; 0: nothing
// of that kind.
int cloche_error_number(const cloche_error* error) CLOCHE_NOEXCEPT;
// The result object of `cloche run --json` for a run that could not begin; null for null.
char* cloche_error_json(const cloche_error* error) CLOCHE_NOEXCEPT;
void cloche_error_free(cloche_error* error) CLOCHE_NOEXCEPT;
// "invalid_argument"; null for no kind. Static.
const char* cloche_error_kind_name(int kind) CLOCHE_NOEXCEPT;

// --- lists of texts: warnings, lines of a log

typedef struct cloche_list cloche_list;

size_t cloche_list_count(const cloche_list* list) CLOCHE_NOEXCEPT;
const char* cloche_list_get(const cloche_list* list, size_t index) CLOCHE_NOEXCEPT;
void cloche_list_free(cloche_list* list) CLOCHE_NOEXCEPT;

// --- the host: what sandboxes share

typedef struct cloche_host cloche_host;

// Called while a program is compiled, about every 0.1 s, from a thread of its own, and once with
// 100.
typedef void (*cloche_progress)(void* env, const char* what, int percent);

typedef struct cloche_host_options cloche_host_options;

// No pack, no cache. Never null.
cloche_host_options* cloche_host_options_new(void) CLOCHE_NOEXCEPT;
void cloche_host_options_free(cloche_host_options* options) CLOCHE_NOEXCEPT;
// The file with the guest's programs. For DIR/NAME.pack the packs DIR/NAME-*.pack are added to it;
// one that is damaged, or would replace a file of another, is left out with a warning.
void cloche_host_options_set_pack(cloche_host_options* options, const char* file) CLOCHE_NOEXCEPT;
// For compiled code; made when missing.
void cloche_host_options_set_cache_dir(cloche_host_options* options,
                                       const char* folder) CLOCHE_NOEXCEPT;
// `env` must outlive the host and its sandboxes.
void cloche_host_options_set_progress(cloche_host_options* options, cloche_progress progress,
                                      void* env) CLOCHE_NOEXCEPT;

// Opens the pack and starts the engine. The options stay the caller's. Errors:
// CLOCHE_INVALID_ARGUMENT, CLOCHE_NOT_FOUND and CLOCHE_MALFORMED (pack), CLOCHE_PERMISSION_DENIED
// (cache), CLOCHE_UNSUPPORTED.
cloche_host* cloche_host_create(const cloche_host_options* options,
                                cloche_error** error) CLOCHE_NOEXCEPT;
// Sandboxes keep what they need of it: it may be freed before them.
void cloche_host_free(cloche_host* host) CLOCHE_NOEXCEPT;

typedef struct cloche_findings cloche_findings;

// Everything that cloche_host_create() depends on, without stopping at the first problem. Null for
// null.
cloche_findings* cloche_host_probe(const cloche_host_options* options) CLOCHE_NOEXCEPT;
size_t cloche_findings_count(const cloche_findings* findings) CLOCHE_NOEXCEPT;
const char* cloche_findings_name(const cloche_findings* findings, size_t index) CLOCHE_NOEXCEPT;
bool cloche_findings_ok(const cloche_findings* findings, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_findings_detail(const cloche_findings* findings, size_t index) CLOCHE_NOEXCEPT;
void cloche_findings_free(cloche_findings* findings) CLOCHE_NOEXCEPT;

// Such as "wasmtime 48.0.8". Null for null.
char* cloche_host_engine_version(const cloche_host* host) CLOCHE_NOEXCEPT;
// The manifest of its packs as one, JSON as in docs/pack.md; empty without a pack.
char* cloche_host_manifest(const cloche_host* host) CLOCHE_NOEXCEPT;
// What is not as it should be but stops nothing.
cloche_list* cloche_host_warnings(const cloche_host* host) CLOCHE_NOEXCEPT;

enum { CLOCHE_COMPILED_NOW, CLOCHE_COMPILED_BEFORE };
// Compiles the program at this path of the guest into the cache, or finds it there; -1 on errors:
// CLOCHE_NOT_FOUND, and those of a module.
int cloche_host_compile(const cloche_host* host, const char* guest_path,
                        cloche_error** error) CLOCHE_NOEXCEPT;

// The manifest of a pack and of those added to it, without starting an engine.
char* cloche_read_manifest(const char* pack, cloche_error** error) CLOCHE_NOEXCEPT;

// Where an installation has its packs: $CLOCHE_PACK, else cloche.pack beside the file that holds
// this library, else in share/cloche under one of the two folders above. It need not exist.
char* cloche_default_pack(void) CLOCHE_NOEXCEPT;
// $CLOCHE_CACHE_DIR, else ${XDG_CACHE_HOME:-~/.cache}/cloche/code; null when there is no home.
char* cloche_default_cache_dir(void) CLOCHE_NOEXCEPT;

// --- options of a sandbox

typedef struct cloche_options cloche_options;

// All defaults: nothing of this machine, no tools. Never null.
cloche_options* cloche_options_new(void) CLOCHE_NOEXCEPT;
void cloche_options_free(cloche_options* options) CLOCHE_NOEXCEPT;

enum {
  CLOCHE_MOUNT_READ_ONLY,
  CLOCHE_MOUNT_READ_WRITE,     // writes go straight to the host
  CLOCHE_MOUNT_COPY_ON_WRITE,  // writes stay in the sandbox
};
// A folder or file of this machine at an absolute path of the guest.
void cloche_options_add_mount(cloche_options* options, const char* host, const char* guest,
                              int mode) CLOCHE_NOEXCEPT;
// A variable beside PATH, HOME, USER, LANG and TERM; the same name replaces.
void cloche_options_set_env(cloche_options* options, const char* name,
                            const char* value) CLOCHE_NOEXCEPT;
void cloche_options_set_workdir(cloche_options* options, const char* folder) CLOCHE_NOEXCEPT;
void cloche_options_set_user(cloche_options* options, const char* name) CLOCHE_NOEXCEPT;
void cloche_options_set_hostname(cloche_options* options, const char* name) CLOCHE_NOEXCEPT;

// A limit by its name and its value as a policy writes them (docs/quotas.md): "memory.max" and
// "256M", "wall.time" and "5s", "cpuset" and "0-1", "output.over" and "truncate"; "none" where
// there may be none. What is not set has its default.
void cloche_options_set_limit(cloche_options* options, const char* name,
                              const char* value) CLOCHE_NOEXCEPT;

// Everything that is granted, JSON of `size` bytes (docs/policy.md). All other options can then
// only narrow it. `name` is what messages call it, null: "policy". `folder` is where its relative
// paths of the host begin, null: the current folder.
void cloche_options_set_policy(cloche_options* options, const char* text, size_t size,
                               const char* name, const char* folder) CLOCHE_NOEXCEPT;
// Tools that may be called with any parameters: a name in which a segment may be * or **.
void cloche_options_allow_tool(cloche_options* options, const char* pattern) CLOCHE_NOEXCEPT;
// How many sandboxes the programs inside may start, in all (docs/sub-sandboxes.md). Not set: none,
// or what the policy says.
void cloche_options_set_sandboxes(cloche_options* options, uint64_t count) CLOCHE_NOEXCEPT;
// What every clock of the sandbox is rounded down to, up to 1 s; not set: the policy's, or 100 us.
void cloche_options_set_clock_resolution(cloche_options* options,
                                         uint64_t nanoseconds) CLOCHE_NOEXCEPT;
// 64 hexadecimal digits from which all random numbers follow, so that runs can be repeated.
void cloche_options_set_random_seed(cloche_options* options, const char* seed) CLOCHE_NOEXCEPT;
// docs/audit.md
void cloche_options_set_audit_file(cloche_options* options, const char* path) CLOCHE_NOEXCEPT;
// One line each: unknown system calls, traps, refusals. Called by the thread in cloche_sandbox_run.
// `env` must outlive the sandboxes.
typedef void (*cloche_log)(void* env, const char* line);
void cloche_options_set_log(cloche_options* options, cloche_log log, void* env) CLOCHE_NOEXCEPT;

// --- tools: what a sandbox may ask of its host. That one is there does not mean that it may be
// called: that takes a policy or cloche_options_allow_tool.

typedef struct cloche_tool cloche_tool;
typedef struct cloche_tool_invocation cloche_tool_invocation;  // for the time of the handler only
typedef struct cloche_tool_result cloche_tool_result;          // the same

// Does the work of one call and says in `result` how it ended: once, by one of the two functions
// below; of several the last one counts, and without any the call failed. Runs on other threads
// than those of sandboxes, for several calls at a time, and may go on after the sandbox is gone. A
// C++ exception that leaves it is a failure, whose text goes into the audit log only.
typedef void (*cloche_tool_handler)(void* env, const cloche_tool_invocation* invocation,
                                    cloche_tool_result* result);
// Called once, when nothing can use `env` any more: the options and all sandboxes made of them are
// freed, and no handler runs. At once when the function that takes it gets a null. On any thread.
typedef void (*cloche_release)(void* env);

// A tool of this name: segments between slashes, of letters, digits, '_', '-' and '.'. `release`
// may be null. Gives the tool for the setters below; it belongs to the options. Null when an
// argument is.
cloche_tool* cloche_options_add_tool(cloche_options* options, const char* name,
                                     cloche_tool_handler handler, void* env,
                                     cloche_release release) CLOCHE_NOEXCEPT;
// A tool that is a command: /bin/sh runs it, parameters on standard input, result on output.
cloche_tool* cloche_options_add_command(cloche_options* options, const char* name,
                                        const char* command) CLOCHE_NOEXCEPT;
void cloche_tool_set_description(cloche_tool* tool, const char* text) CLOCHE_NOEXCEPT;
// JSON Schema 2020-12 of the object of parameters, and of the result.
void cloche_tool_set_parameters(cloche_tool* tool, const char* schema) CLOCHE_NOEXCEPT;
void cloche_tool_set_result(cloche_tool* tool, const char* schema) CLOCHE_NOEXCEPT;
void cloche_tool_set_timeout(cloche_tool* tool, uint64_t nanoseconds) CLOCHE_NOEXCEPT;  // 60 s
void cloche_tool_set_result_bytes(cloche_tool* tool, uint64_t bytes) CLOCHE_NOEXCEPT;   // 16 MiB

const char* cloche_tool_invocation_tool(const cloche_tool_invocation* invocation) CLOCHE_NOEXCEPT;
// A JSON object that the grants and the tool's schema allow. `size` may be null.
const char* cloche_tool_invocation_parameters(const cloche_tool_invocation* invocation,
                                              size_t* size) CLOCHE_NOEXCEPT;
// Nanoseconds until the call is over; 0 when it is.
uint64_t cloche_tool_invocation_time_left(const cloche_tool_invocation* invocation) CLOCHE_NOEXCEPT;
// Nobody waits for the answer any more; a handler that can stop early should look.
bool cloche_tool_invocation_cancelled(const cloche_tool_invocation* invocation) CLOCHE_NOEXCEPT;

// The result: one JSON value of `size` bytes. What is not is a failure of the call.
void cloche_tool_result_set(cloche_tool_result* result, const char* json,
                            size_t size) CLOCHE_NOEXCEPT;
// A failure. `message` is shown to the guest, null: "the tool failed"; `detail`, which may be null,
// goes into the audit log only.
void cloche_tool_result_fail(cloche_tool_result* result, const char* message,
                             const char* detail) CLOCHE_NOEXCEPT;

// The work of one call, for an executor: cloche_job_run() once, or cloche_job_drop().
typedef struct cloche_job cloche_job;
// Takes a job to run it later on another thread: true. False: no room; the job is not its own, and
// the call fails. Called by the thread in cloche_sandbox_run; must not block.
typedef bool (*cloche_executor)(void* env, cloche_job* job);
void cloche_job_run(cloche_job* job) CLOCHE_NOEXCEPT;   // and frees it
void cloche_job_drop(cloche_job* job) CLOCHE_NOEXCEPT;  // its call ends at its deadline
// In place of 64 threads of the sandbox's own. `release` as of a tool.
void cloche_options_set_executor(cloche_options* options, cloche_executor executor, void* env,
                                 cloche_release release) CLOCHE_NOEXCEPT;

// --- sandboxes

typedef struct cloche_sandbox cloche_sandbox;
typedef struct cloche_result cloche_result;
typedef struct cloche_command cloche_command;

// Makes the closed world. The options stay the caller's and may make more sandboxes. Errors:
// CLOCHE_INVALID_ARGUMENT (null, what a setter was given, a mount over a mount, a policy),
// CLOCHE_NOT_FOUND and CLOCHE_PERMISSION_DENIED (a mount's host path, the audit file),
// CLOCHE_UNSUPPORTED.
cloche_sandbox* cloche_sandbox_create(const cloche_host* host, const cloche_options* options,
                                      cloche_error** error) CLOCHE_NOEXCEPT;
// Ends all that still runs. Not while another thread is in one of the functions below.
void cloche_sandbox_free(cloche_sandbox* sandbox) CLOCHE_NOEXCEPT;

// Runs a program to its end and captures what it writes. `argv` ends with null; argv[0] is a path
// of the guest or a name on its PATH. A program that cannot be found or started is a result.
// Blocks. Errors: CLOCHE_INVALID_ARGUMENT, CLOCHE_RESOURCE_EXHAUSTED, CLOCHE_IO.
cloche_result* cloche_sandbox_run(cloche_sandbox* sandbox, const char* const argv[],
                                  cloche_error** error) CLOCHE_NOEXCEPT;
// The same with other streams, a module or a terminal. The command stays the caller's.
cloche_result* cloche_sandbox_run_command(cloche_sandbox* sandbox, const cloche_command* command,
                                          cloche_error** error) CLOCHE_NOEXCEPT;

// To the foreground process group of each program that cloche_sandbox_run or _run_command runs, and
// to cells. Async-signal-safe.
void cloche_sandbox_signal(cloche_sandbox* sandbox, int signo) CLOCHE_NOEXCEPT;
// Ends all that runs at once: outcome CLOCHE_CANCELLED. Async-signal-safe.
void cloche_sandbox_kill(cloche_sandbox* sandbox) CLOCHE_NOEXCEPT;
// The window of a run with a terminal has this size now. Async-signal-safe.
void cloche_sandbox_resize(cloche_sandbox* sandbox, uint16_t rows,
                           uint16_t columns) CLOCHE_NOEXCEPT;

// --- programs that go on by themselves (docs/background.md)

typedef struct cloche_process cloche_process;

// Starts a program and comes back; it goes on whether or not anything else runs. The command stays
// the caller's. Blocks until the program is compiled, if it was not before. From any thread, also
// from a handler of a tool. Errors: CLOCHE_INVALID_ARGUMENT, CLOCHE_RESOURCE_EXHAUSTED, CLOCHE_IO.
cloche_process* cloche_sandbox_spawn(cloche_sandbox* sandbox, const cloche_command* command,
                                     cloche_error** error) CLOCHE_NOEXCEPT;
// Kills the program, unless it was detached, and does not wait for that. May come after
// cloche_sandbox_free(). Not while another thread is in a function with this process.
void cloche_process_free(cloche_process* process) CLOCHE_NOEXCEPT;
// In the sandbox; 0: it could not be started, and its result says why. From any thread.
int cloche_process_pid(const cloche_process* process) CLOCHE_NOEXCEPT;
// Blocks until it ended; the result is the caller's. From any thread, as often as one likes. Null
// for null.
cloche_result* cloche_process_wait(const cloche_process* process,
                                   cloche_error** error) CLOCHE_NOEXCEPT;
// At most so long; null without an error: it still runs. With 0 it only looks. From any thread.
cloche_result* cloche_process_wait_for(const cloche_process* process, uint64_t nanoseconds,
                                       cloche_error** error) CLOCHE_NOEXCEPT;
// As those of a sandbox, for this program alone. From any thread, async-signal-safe.
void cloche_process_signal(cloche_process* process, int signo) CLOCHE_NOEXCEPT;
void cloche_process_kill(cloche_process* process) CLOCHE_NOEXCEPT;
void cloche_process_resize(cloche_process* process, uint16_t rows,
                           uint16_t columns) CLOCHE_NOEXCEPT;
// The host's end of a pipe (cloche_command_set_pipe) of the stream CLOCHE_STDIN, which the caller
// writes, CLOCHE_STDOUT or CLOCHE_STDERR, which it reads; -1: there is none. It is the process's,
// close-on-exec and blocking. Writing when nobody can read any more raises SIGPIPE, as with all
// pipes. These belong to one thread at a time.
int cloche_process_descriptor(const cloche_process* process, int stream) CLOCHE_NOEXCEPT;
// The same, and the caller's from now on, who closes it.
int cloche_process_take_descriptor(cloche_process* process, int stream) CLOCHE_NOEXCEPT;
void cloche_process_close_descriptor(cloche_process* process, int stream) CLOCHE_NOEXCEPT;
// From now on it ends with the sandbox, if not before. One thread at a time.
void cloche_process_detach(cloche_process* process) CLOCHE_NOEXCEPT;

// --- files of a sandbox (docs/host-files.md): paths are those of the sandbox, as its user sees
// them and may use them, within its limits. From any thread, also while programs run, between two
// turns of them. Errors, with their number: CLOCHE_NOT_FOUND, CLOCHE_PERMISSION_DENIED,
// CLOCHE_RESOURCE_EXHAUSTED (a limit), CLOCHE_IO, CLOCHE_INVALID_ARGUMENT (all others).

// The whole file, cloche_free() frees it; a NUL follows that `size` does not count.
char* cloche_file_read(const cloche_sandbox* sandbox, const char* path, size_t* size,
                       cloche_error** error) CLOCHE_NOEXCEPT;
// At most `size` bytes from `offset` on: how many; fewer only at the end. -1 on errors.
int64_t cloche_file_read_at(const cloche_sandbox* sandbox, const char* path, uint64_t offset,
                            void* out, size_t size, cloche_error** error) CLOCHE_NOEXCEPT;
enum {
  CLOCHE_WRITE_APPEND = 1,  // to what is there; else in place of it
  CLOCHE_WRITE_PARENTS = 2  // make the folders above that are missing
};
// `mode`: permission bits; -1: 0644 for a new file, else what it has. False on errors, as below.
bool cloche_file_write(cloche_sandbox* sandbox, const char* path, const void* bytes, size_t size,
                       unsigned flags, int mode, cloche_error** error) CLOCHE_NOEXCEPT;
bool cloche_file_write_at(cloche_sandbox* sandbox, const char* path, uint64_t offset,
                          const void* bytes, size_t size, cloche_error** error) CLOCHE_NOEXCEPT;

typedef struct cloche_entries cloche_entries;
enum { CLOCHE_REGULAR, CLOCHE_DIRECTORY, CLOCHE_SYMLINK, CLOCHE_OTHER };
// What is in a folder, sorted by name.
cloche_entries* cloche_file_list(const cloche_sandbox* sandbox, const char* path,
                                 cloche_error** error) CLOCHE_NOEXCEPT;
// One file, by its path; `follow`: what a symlink leads to, else the link itself.
cloche_entries* cloche_file_stat(const cloche_sandbox* sandbox, const char* path, bool follow,
                                 cloche_error** error) CLOCHE_NOEXCEPT;
size_t cloche_entries_count(const cloche_entries* entries) CLOCHE_NOEXCEPT;
const char* cloche_entries_name(const cloche_entries* entries, size_t index) CLOCHE_NOEXCEPT;
int cloche_entries_type(const cloche_entries* entries, size_t index) CLOCHE_NOEXCEPT;
uint64_t cloche_entries_size(const cloche_entries* entries, size_t index) CLOCHE_NOEXCEPT;
int cloche_entries_mode(const cloche_entries* entries, size_t index) CLOCHE_NOEXCEPT;
int64_t cloche_entries_mtime(const cloche_entries* entries, size_t index) CLOCHE_NOEXCEPT;  // ns
void cloche_entries_free(cloche_entries* entries) CLOCHE_NOEXCEPT;

bool cloche_file_exists(const cloche_sandbox* sandbox, const char* path) CLOCHE_NOEXCEPT;
// `all`: with the folders above, and no error when it is there already.
bool cloche_file_mkdir(cloche_sandbox* sandbox, const char* path, bool all, unsigned mode,
                       cloche_error** error) CLOCHE_NOEXCEPT;
// `all`: also a folder with all that is in it.
bool cloche_file_remove(cloche_sandbox* sandbox, const char* path, bool all,
                        cloche_error** error) CLOCHE_NOEXCEPT;
bool cloche_file_rename(cloche_sandbox* sandbox, const char* from, const char* to,
                        cloche_error** error) CLOCHE_NOEXCEPT;
bool cloche_file_symlink(cloche_sandbox* sandbox, const char* target, const char* path,
                         cloche_error** error) CLOCHE_NOEXCEPT;
char* cloche_file_readlink(const cloche_sandbox* sandbox, const char* path,
                           cloche_error** error) CLOCHE_NOEXCEPT;
bool cloche_file_chmod(cloche_sandbox* sandbox, const char* path, unsigned mode,
                       cloche_error** error) CLOCHE_NOEXCEPT;

// Tar archives. The callbacks run in the calling thread. A source puts up to `size` bytes at `out`
// and says how many; 0: the end; -1: it failed. A sink takes all bytes; false: it failed. Then the
// error is CLOCHE_IO.
typedef int64_t (*cloche_source)(void* env, void* out, size_t size);
typedef bool (*cloche_sink)(void* env, const void* bytes, size_t size);
typedef struct cloche_archive_report cloche_archive_report;
// Nothing of it comes to lie outside of the folder at `path`. Error beside: CLOCHE_MALFORMED.
cloche_archive_report* cloche_file_unpack(cloche_sandbox* sandbox, const char* path,
                                          cloche_source source, void* env,
                                          cloche_error** error) CLOCHE_NOEXCEPT;
cloche_archive_report* cloche_file_pack(const cloche_sandbox* sandbox, const char* path,
                                        cloche_sink sink, void* env,
                                        cloche_error** error) CLOCHE_NOEXCEPT;
// "files", "folders", "links", "bytes", "skipped". -1 for another name.
int64_t cloche_archive_report_number(const cloche_archive_report* report,
                                     const char* name) CLOCHE_NOEXCEPT;
// What was left out and why, the first 100; null behind the last.
const char* cloche_archive_report_skipped(const cloche_archive_report* report,
                                          size_t index) CLOCHE_NOEXCEPT;
void cloche_archive_report_free(cloche_archive_report* report) CLOCHE_NOEXCEPT;

typedef struct cloche_watch cloche_watch;
typedef struct cloche_events cloche_events;
// What happens to a file, or to a folder and the names in it. The watch belongs to one thread at a
// time and may be freed after the sandbox.
cloche_watch* cloche_file_watch(const cloche_sandbox* sandbox, const char* path,
                                cloche_error** error) CLOCHE_NOEXCEPT;
// What happened since the last time; waits at most so long until something has. No events: nothing
// did. Null for null.
cloche_events* cloche_watch_next(cloche_watch* watch, uint64_t nanoseconds) CLOCHE_NOEXCEPT;
void cloche_watch_free(cloche_watch* watch) CLOCHE_NOEXCEPT;
enum {
  CLOCHE_FILE_CREATED,   // or moved to here
  CLOCHE_FILE_REMOVED,   // or moved away
  CLOCHE_FILE_MODIFIED,  // its bytes
  CLOCHE_FILE_CHANGED,   // its mode or its times
  CLOCHE_EVENTS_LOST,    // more happened than could be kept
  CLOCHE_FILE_GONE       // what is watched was removed; nothing more will come
};
size_t cloche_events_count(const cloche_events* events) CLOCHE_NOEXCEPT;
int cloche_events_kind(const cloche_events* events, size_t index) CLOCHE_NOEXCEPT;
// In the folder that is watched; "": what is watched itself.
const char* cloche_events_name(const cloche_events* events, size_t index) CLOCHE_NOEXCEPT;
void cloche_events_free(cloche_events* events) CLOCHE_NOEXCEPT;

// --- code in sessions (docs/sessions.md): interpreters whose variables live between calls

typedef struct cloche_code cloche_code;

enum { CLOCHE_PYTHON, CLOCHE_JAVASCRIPT };
// A cell: UTF-8, at most 16 MiB. Never null; frees nothing that it is given.
cloche_code* cloche_code_new(int language, const char* text, size_t size) CLOCHE_NOEXCEPT;
void cloche_code_free(cloche_code* code) CLOCHE_NOEXCEPT;
// 1 to 64 letters, digits, '-', '_' and '.'; "main" if nothing is said. One that is not there is
// started.
void cloche_code_set_session(cloche_code* code, const char* session) CLOCHE_NOEXCEPT;
void cloche_code_set_input(cloche_code* code, const void* bytes, size_t size) CLOCHE_NOEXCEPT;
// After that the code is interrupted; and after the grace (2 s) its session ended, if it goes on.
void cloche_code_set_timeout(cloche_code* code, uint64_t nanoseconds) CLOCHE_NOEXCEPT;
void cloche_code_set_grace(cloche_code* code, uint64_t nanoseconds) CLOCHE_NOEXCEPT;
void cloche_code_set_value_bytes(cloche_code* code, uint64_t bytes) CLOCHE_NOEXCEPT;  // 16 MiB

// Runs a cell to its end. Blocks; from any thread, for several sessions at once. Errors:
// CLOCHE_INVALID_ARGUMENT, CLOCHE_BUSY (another call in that session), CLOCHE_RESOURCE_EXHAUSTED,
// CLOCHE_IO.
cloche_result* cloche_sandbox_run_code(cloche_sandbox* sandbox, const cloche_code* code,
                                       cloche_error** error) CLOCHE_NOEXCEPT;
cloche_result* cloche_sandbox_run_python(cloche_sandbox* sandbox, const char* text,
                                         cloche_error** error) CLOCHE_NOEXCEPT;
cloche_result* cloche_sandbox_run_js(cloche_sandbox* sandbox, const char* text,
                                     cloche_error** error) CLOCHE_NOEXCEPT;
// Interrupts the cell that runs in a session; false: none does. Ends a session; false: there is
// none. From any thread.
bool cloche_sandbox_interrupt(cloche_sandbox* sandbox, int language,
                              const char* session) CLOCHE_NOEXCEPT;
bool cloche_sandbox_close_session(cloche_sandbox* sandbox, int language,
                                  const char* session) CLOCHE_NOEXCEPT;

// --- live control: from any thread while the sandbox stands, but not from a handler of its tools.
// These functions wait some milliseconds for the thread in cloche_sandbox_run().

typedef struct cloche_stats cloche_stats;
// What it uses at this moment. Null for null.
cloche_stats* cloche_sandbox_stats(const cloche_sandbox* sandbox) CLOCHE_NOEXCEPT;
const char* cloche_stats_state(const cloche_stats* stats) CLOCHE_NOEXCEPT;  // "running"
// A figure by its name: "wall_ns" and "run_cpu_ns" of the run under way, "cpu_ns", "compile_ns",
// "throttled_ns"; bytes of memory "memory.processes", "memory.shared", "memory.buffers",
// "memory.files", "memory.objects", "memory.total", "memory.peak"; "tasks", "processes_started",
// "forks", "execs", "syscalls", "memory_kills", "file_bytes", "inodes", "output_bytes",
// "tool_calls", "tools_denied", "tool_bytes", "tools_under_way", "sandboxes_inside". -1 for another
// name.
int64_t cloche_stats_number(const cloche_stats* stats, const char* name) CLOCHE_NOEXCEPT;
// How often the limit of that name was reached, here or in a sandbox inside, in all runs; 0: never,
// or there is no such limit.
uint64_t cloche_stats_limit_hits(const cloche_stats* stats, const char* name) CLOCHE_NOEXCEPT;
size_t cloche_stats_process_count(const cloche_stats* stats) CLOCHE_NOEXCEPT;
// Of one process: "pid", "parent", "nice", "cpu_ns", "memory_bytes", "threads", "open_files".
int64_t cloche_stats_process_number(const cloche_stats* stats, size_t index,
                                    const char* name) CLOCHE_NOEXCEPT;
// The sandbox inside that it belongs to ("1.2", "" for none), its name, its command. Printable.
const char* cloche_stats_process_sandbox(const cloche_stats* stats, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_stats_process_name(const cloche_stats* stats, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_stats_process_command(const cloche_stats* stats, size_t index) CLOCHE_NOEXCEPT;
char cloche_stats_process_state(const cloche_stats* stats, size_t index) CLOCHE_NOEXCEPT;  // 'R'
void cloche_stats_free(cloche_stats* stats) CLOCHE_NOEXCEPT;

// A limit as it is now, as a policy writes it ("256M"), or "none". Null for a name that is not
// known.
char* cloche_sandbox_limit(const cloche_sandbox* sandbox, const char* name) CLOCHE_NOEXCEPT;
// Sets a limit from now on, by a value as a policy writes it. False on errors:
// CLOCHE_INVALID_ARGUMENT.
bool cloche_sandbox_set_limit(cloche_sandbox* sandbox, const char* name, const char* value,
                              cloche_error** error) CLOCHE_NOEXCEPT;
// Stops all processes between two instructions, until cloche_sandbox_resume().
void cloche_sandbox_pause(cloche_sandbox* sandbox) CLOCHE_NOEXCEPT;
void cloche_sandbox_resume(cloche_sandbox* sandbox) CLOCHE_NOEXCEPT;
// As kill(2) and renice(8) by the host. False on errors: CLOCHE_NOT_FOUND,
// CLOCHE_INVALID_ARGUMENT.
bool cloche_sandbox_signal_process(cloche_sandbox* sandbox, int pid, int signo,
                                   cloche_error** error) CLOCHE_NOEXCEPT;
bool cloche_sandbox_set_nice(cloche_sandbox* sandbox, int pid, int nice,
                             cloche_error** error) CLOCHE_NOEXCEPT;

// The newest lines of the audit log, oldest first. Null for null.
cloche_list* cloche_sandbox_audit(const cloche_sandbox* sandbox) CLOCHE_NOEXCEPT;

// --- what to run, when it is more than words

// No arguments, no input, both outputs captured. Never null.
cloche_command* cloche_command_new(void) CLOCHE_NOEXCEPT;
void cloche_command_free(cloche_command* command) CLOCHE_NOEXCEPT;
void cloche_command_add_argument(cloche_command* command, const char* argument) CLOCHE_NOEXCEPT;
// A WebAssembly module to run; the first argument is then only a name.
void cloche_command_set_module(cloche_command* command, const void* bytes,
                               size_t size) CLOCHE_NOEXCEPT;
// Standard input: these bytes and then its end.
void cloche_command_set_input(cloche_command* command, const void* bytes,
                              size_t size) CLOCHE_NOEXCEPT;
enum { CLOCHE_STDIN, CLOCHE_STDOUT, CLOCHE_STDERR };
// A stream (0 to 2) from or to a descriptor of this process, which is neither changed nor closed.
void cloche_command_set_fd(cloche_command* command, int stream, int fd) CLOCHE_NOEXCEPT;
void cloche_command_set_null(cloche_command* command, int stream) CLOCHE_NOEXCEPT;
// A new pipe, whose other end the cloche_process has. Only for cloche_sandbox_spawn().
void cloche_command_set_pipe(cloche_command* command, int stream) CLOCHE_NOEXCEPT;
// Wall clock of this program; of it and the limit wall.time the smaller holds. 0: that limit.
void cloche_command_set_timeout(cloche_command* command, uint64_t nanoseconds) CLOCHE_NOEXCEPT;
// A terminal of its own, fed from standard input and shown on standard output: descriptors or
// pipes.
void cloche_command_set_terminal(cloche_command* command, uint16_t rows,
                                 uint16_t columns) CLOCHE_NOEXCEPT;

// --- results

enum {
  CLOCHE_EXITED,     // the exit code holds
  CLOCHE_SIGNALED,   // the signal holds
  CLOCHE_TIMEOUT,    // wall.time
  CLOCHE_LIMIT,      // the limit says which
  CLOCHE_DENIED,     // by a policy
  CLOCHE_CANCELLED,  // cloche_sandbox_kill()
  CLOCHE_ERROR       // never started: error type and message
};
int cloche_result_outcome(const cloche_result* result) CLOCHE_NOEXCEPT;
const char* cloche_outcome_name(int outcome) CLOCHE_NOEXCEPT;        // "exited"; null for none
bool cloche_result_ok(const cloche_result* result) CLOCHE_NOEXCEPT;  // exited with 0
// -1 when it was not an exit.
int cloche_result_exit_code(const cloche_result* result) CLOCHE_NOEXCEPT;
int cloche_result_signal(const cloche_result* result) CLOCHE_NOEXCEPT;         // 0: none
const char* cloche_result_limit(const cloche_result* result) CLOCHE_NOEXCEPT;  // "memory.max", ""
const char* cloche_result_error_type(const cloche_result* result) CLOCHE_NOEXCEPT;
const char* cloche_result_error_message(const cloche_result* result) CLOCHE_NOEXCEPT;
// What was captured. `size`, without the NUL after it, may be null.
const char* cloche_result_stdout(const cloche_result* result, size_t* size) CLOCHE_NOEXCEPT;
const char* cloche_result_stderr(const cloche_result* result, size_t* size) CLOCHE_NOEXCEPT;
bool cloche_result_stdout_truncated(const cloche_result* result) CLOCHE_NOEXCEPT;
bool cloche_result_stderr_truncated(const cloche_result* result) CLOCHE_NOEXCEPT;
// By its name in a result object: "wall_ms", "cpu_ms", "memory_peak_bytes", "processes", "forks",
// "file_bytes", "tool_calls". -1 for another name.
double cloche_result_usage(const cloche_result* result, const char* name) CLOCHE_NOEXCEPT;

enum { CLOCHE_CALL_ALLOWED, CLOCHE_CALL_DENIED, CLOCHE_CALL_FAILED };
// Calls of tools, the first 10,000.
size_t cloche_result_call_count(const cloche_result* result) CLOCHE_NOEXCEPT;
int cloche_result_call_decision(const cloche_result* result, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_result_call_tool(const cloche_result* result, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_result_call_reason(const cloche_result* result, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_result_call_parameters_sha256(const cloche_result* result,
                                                 size_t index) CLOCHE_NOEXCEPT;
double cloche_result_call_ms(const cloche_result* result, size_t index) CLOCHE_NOEXCEPT;  // or -1
// What cells have beside: none of it for the result of a program. All of it is made by the code.
enum {
  CLOCHE_NO_VALUE,  // None, undefined
  CLOCHE_JSON,      // one line
  CLOCHE_BYTES,
  CLOCHE_TEXT  // no JSON says it: its repr()
};
int cloche_result_value_kind(const cloche_result* result) CLOCHE_NOEXCEPT;
const char* cloche_result_value(const cloche_result* result, size_t* size) CLOCHE_NOEXCEPT;
const char* cloche_result_repr(const cloche_result* result, size_t* size) CLOCHE_NOEXCEPT;
// Of the exception whose type and message are those of the error; "" without one.
const char* cloche_result_traceback(const cloche_result* result) CLOCHE_NOEXCEPT;
uint64_t cloche_result_cell(const cloche_result* result) CLOCHE_NOEXCEPT;  // its number, from 1
bool cloche_result_session_restarted(const cloche_result* result) CLOCHE_NOEXCEPT;
bool cloche_result_session_ended(const cloche_result* result) CLOCHE_NOEXCEPT;
// What was shown, each in some forms: a MIME type, and text, JSON, or base64 of other bytes.
size_t cloche_result_display_count(const cloche_result* result) CLOCHE_NOEXCEPT;
size_t cloche_result_form_count(const cloche_result* result, size_t display) CLOCHE_NOEXCEPT;
const char* cloche_result_form_type(const cloche_result* result, size_t display,
                                    size_t index) CLOCHE_NOEXCEPT;
const char* cloche_result_form_data(const cloche_result* result, size_t display, size_t index,
                                    size_t* size) CLOCHE_NOEXCEPT;
// The result object of `cloche run --json`, one line; null for null.
char* cloche_result_json(const cloche_result* result) CLOCHE_NOEXCEPT;
void cloche_result_free(cloche_result* result) CLOCHE_NOEXCEPT;

// --- policies and audit logs

typedef struct cloche_report cloche_report;

// What a policy grants. `name` is what messages call it. Null when an argument is.
cloche_report* cloche_check_policy(const char* text, size_t size, const char* name) CLOCHE_NOEXCEPT;
// Whether a fresh sandbox with this policy would allow the call: good if so.
cloche_report* cloche_check_policy_call(const char* text, size_t size, const char* name,
                                        const char* tool, const char* parameters,
                                        size_t parameters_size) CLOCHE_NOEXCEPT;
bool cloche_report_good(const cloche_report* report) CLOCHE_NOEXCEPT;
size_t cloche_report_line_count(const cloche_report* report) CLOCHE_NOEXCEPT;
const char* cloche_report_line(const cloche_report* report, size_t index) CLOCHE_NOEXCEPT;
const char* cloche_report_json(const cloche_report* report) CLOCHE_NOEXCEPT;
void cloche_report_free(cloche_report* report) CLOCHE_NOEXCEPT;

typedef struct cloche_verdict cloche_verdict;

// Reads an audit log again, and the files set aside of it. Errors: CLOCHE_NOT_FOUND,
// CLOCHE_PERMISSION_DENIED, CLOCHE_INVALID_ARGUMENT (no regular file), CLOCHE_IO.
cloche_verdict* cloche_verify_audit(const char* path, cloche_error** error) CLOCHE_NOEXCEPT;
bool cloche_verdict_whole(const cloche_verdict* verdict) CLOCHE_NOEXCEPT;
bool cloche_verdict_ended(const cloche_verdict* verdict) CLOCHE_NOEXCEPT;
const char* cloche_verdict_problem(const cloche_verdict* verdict) CLOCHE_NOEXCEPT;
uint64_t cloche_verdict_first(const cloche_verdict* verdict) CLOCHE_NOEXCEPT;
uint64_t cloche_verdict_last(const cloche_verdict* verdict) CLOCHE_NOEXCEPT;
const char* cloche_verdict_head(const cloche_verdict* verdict) CLOCHE_NOEXCEPT;
void cloche_verdict_free(cloche_verdict* verdict) CLOCHE_NOEXCEPT;

// --- texts

char* cloche_signal_name(int signo) CLOCHE_NOEXCEPT;  // "SIGTERM"; "SIGRTMIN+3"; "signal 99"
// Bytes of unknown origin made fit for a terminal.
char* cloche_printable(const void* bytes, size_t size) CLOCHE_NOEXCEPT;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
