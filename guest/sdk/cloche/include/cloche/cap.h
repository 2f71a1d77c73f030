// What this process may ask of the world outside its sandbox, and asking for it (docs/tools.md).
//
//   int cap = cloche_cap_open();
//   struct cloche_text price;
//   int status = cloche_tool_call(cap, "get_price", "{\"symbol\":\"AAPL\"}", 17, &price);
//   if (status == CLOCHE_TOOL_OK) puts(price.bytes);
//   free(price.bytes);
//
// A *capability descriptor* is a file descriptor that holds the right to call certain tools under
// certain conditions. It is made from what the process itself may do (cloche_cap_open), from
// another one (cloche_cap_dup, cloche_cap_narrow) or comes from another process
// (cloche_cap_receive, or inherited). It can only become less on the way. close(2) gives it back.
//
// A *call descriptor* is one call under way. poll(2) says POLLIN when its answer is there; close(2)
// gives the call up, and the host is told.
//
// Every descriptor made here is close-on-exec. Functions give -1 and set errno on errors, those of
// open(2), ioctl(2), write(2) and read(2) among them, and ENOTTY for a descriptor that is no
// capability. What a call was answered is not an error: a status says it.
//
// Thread class: all functions are safe, also with one capability descriptor in many threads at
// once; a call descriptor belongs to one thread at a time. None is async-signal-safe. Link with
// -lcloche.
#ifndef CLOCHE_CAP_H
#define CLOCHE_CAP_H

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes from malloc(3), with a NUL after them that `size` does not count. The caller frees `bytes`,
// which is null where a function failed.
struct cloche_text {
  char* bytes;
  size_t size;
};

// --- capabilities

// The authority of this process. Errors: EACCES it holds none, ENOENT the sandbox has no tools.
int cloche_cap_open(void);

// Another descriptor of the same authority. Unlike one of dup(2) it cannot revoke it, and shares
// nothing else with `cap`: give such a one to those whom you do not trust.
int cloche_cap_dup(int cap);

// What may be called with `cap`: a JSON array of objects with the members "tool", "description",
// "parameters" (its schema) and "conditions". 0.
int cloche_cap_list(int cap, struct cloche_text* list);

// A descriptor of less: that part of what `cap` holds that `grants` names, a JSON array as "tools"
// of a policy, at most 1 MiB; "[]" is nothing at all. `cap` stays as it is. Errors: EINVAL for bad
// grants and for a tool that `cap` does not hold. Then `why`, if not null, is the reason: at most
// `why_size` bytes with its NUL, cut if need be, and empty for all other errors.
int cloche_cap_narrow(int cap, const char* grants, char* why, size_t why_size);

// Ends what cloche_cap_narrow() gave as `cap`, wherever it went and whatever was made of it: calls
// under way end denied, later ones are denied. Gives the number of capabilities that end, 0 the
// second time. Errors: EPERM `cap` was not made by narrowing, or is a duplicate.
int cloche_cap_revoke(int cap);

// The process itself holds what `cap` holds from now on, instead of what it held; so do its
// threads, and children that are made later. 0. There is no way back but an older descriptor.
int cloche_cap_adopt(int cap);

// Sends a duplicate of `cap` over a connected AF_UNIX socket, with one byte of data. 0. Errors:
// those of sendmsg(2); there is no SIGPIPE.
int cloche_cap_send(int socket, int cap);

// Receives what cloche_cap_send() sent. It shares nothing with a descriptor of the sender. Errors:
// those of recvmsg(2), ENODATA the other side is closed, EPROTO the message has no descriptor,
// ENOTTY the descriptor is no capability.
int cloche_cap_receive(int socket);

// The child has a duplicate of descriptor `from` of this process as its own `to`.
struct cloche_spawn_fd {
  int from, to;
};

// Starts a program that inherits what is named here and nothing else: the `count` descriptors of
// `fds` (standard input, output and error, too, only if they are among them), the variables of
// `envp` (null: none), and the authority of `cap`; with -1 it may call no tool. Capabilities among
// the descriptors are lent as by cloche_cap_dup(). `program` is a path, or a name that is looked up
// in this process's PATH. The rest is as posix_spawn(3) has it without attributes: folder, umask,
// signal mask and ignored signals, process group and limits are those of the caller.
//
// 0, and the child in `*pid`, which waitpid(2) awaits. Errors: EINVAL a `to` is negative or there
// twice, EBADF a `from` is not open or a `to` too large; those of fork(2) and execve(2). Then there
// is no child, and no file was closed or changed.
int cloche_cap_spawn(pid_t* pid, const char* program, char* const argv[], char* const envp[],
                     const struct cloche_spawn_fd* fds, size_t count, int cap);

// --- calls of tools

// What a call was answered.
enum {
  CLOCHE_TOOL_OK = 0,      // the text is the result: JSON
  CLOCHE_TOOL_DENIED = 1,  // it may not be called, or not any more; the text says why
  CLOCHE_TOOL_FAILED = 2,  // it was called and did not work; the text is what may be known of it
};

// Calls a tool and waits for the answer, also across signal handlers. `parameters`: a JSON object
// of `size` bytes, at most 64 MiB. Gives a status, and the result or reason in `*answer`. Errors:
// EINVAL `name` cannot be one of a tool, EFBIG, ENOBUFS all calls of the sandbox hold too many
// bytes, ENOMEM.
int cloche_tool_call(int cap, const char* name, const char* parameters, size_t size,
                     struct cloche_text* answer);

// The same without waiting: gives a call descriptor. Up to 256 calls of a sandbox can be under way.
int cloche_tool_start(int cap, const char* name, const char* parameters, size_t size);

// Waits for the answer, takes it and closes `call`. Gives a status. Errors: EINTR a signal handler
// ran, EAGAIN there is none yet and `call` is non-blocking: in both cases `call` stays open and can
// be finished later. With all others (ENOMEM, EPROTO `call` is no call) it is closed.
int cloche_tool_finish(int call, struct cloche_text* answer);

// --- calls in pieces, when parameters or result shall not be in memory as a whole

// Gives a call descriptor to which exactly `size` bytes of parameters are to be written by
// write(2): the call begins with the last one.
int cloche_tool_begin(int cap, const char* name, size_t size);

// Waits for the answer. Gives a status, and in `*size` the length of the text, which read(2) then
// gives, and the end of the file after it. Once for a call, which stays open; errors as
// cloche_tool_finish().
int cloche_tool_status(int call, size_t* size);

// --- sandboxes inside this one

// Starts one (docs/sub-sandboxes.md): `request` is JSON of `size` bytes. Gives a call descriptor,
// whose answer is the result object. It comes when the sandbox has ended; closing the descriptor
// before ends the sandbox. Errors as cloche_tool_start().
int cloche_sandbox_start(int cap, const char* request, size_t size);

#ifdef __cplusplus
}
#endif

#endif
