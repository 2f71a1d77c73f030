// cloche: starts sandboxes inside this one, with less than it has.
#define _GNU_SOURCE
#include <cloche/cap.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "options.h"
#include "result.h"

static int memory_file(const char *name) {
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) errx(EXIT_OWN_ERROR, "no room for the output: %s", strerror(errno));
  return fd;
}

static bool is_open(int fd) { return lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF; }

static void put_streams(cJSON *request, const int streams[3]) {
  cJSON *list = cJSON_AddArrayToObject(request, "streams");
  for (int i = 0; i < 3; ++i) {
    cJSON_AddItemToArray(list, is_open(streams[i]) ? cJSON_CreateNumber(streams[i])
                                                   : cJSON_CreateNull());
  }
}

static int open_authority(void) {
  const int cap = cloche_cap_open();
  if (cap >= 0) return cap;
  if (errno == ENOENT || errno == EACCES) {
    errx(EXIT_DENIED, "denied: no sandbox may be started from here");
  }
  errx(EXIT_OWN_ERROR, "/dev/tool: %s", strerror(errno));
}

static cJSON *run(cJSON *request_object) {
  char *body = cJSON_PrintUnformatted(request_object);
  if (!body) errx(EXIT_OWN_ERROR, "out of memory");
  const int sandbox = cloche_sandbox_start(open_authority(), body, strlen(body));
  if (sandbox < 0) errx(EXIT_OWN_ERROR, "the sandbox could not be started: %s", strerror(errno));
  free(body);
  struct cloche_text answer;
  const int status = cloche_tool_finish(sandbox, &answer);
  if (status < 0) errx(EXIT_OWN_ERROR, "no answer: %s", strerror(errno));
  if (status == CLOCHE_TOOL_DENIED) errx(EXIT_DENIED, "denied: %s", answer.bytes);
  if (status == CLOCHE_TOOL_FAILED) errx(EXIT_OWN_ERROR, "%s", answer.bytes);
  cJSON *result = cJSON_ParseWithLength(answer.bytes, answer.size);
  if (!cJSON_IsObject(result)) errx(EXIT_OWN_ERROR, "the result makes no sense");
  free(answer.bytes);
  return result;
}

static int run_command(int argc, char **argv) {
  const struct options options = read_options(argc, argv);
  int streams[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  if (options.json) {
    streams[1] = memory_file("stdout");
    streams[2] = memory_file("stderr");
  }
  put_streams(options.request, streams);
  cJSON *result = run(options.request);
  if (options.json) {
    put_output(result, "stdout", streams[1]);
    put_output(result, "stderr", streams[2]);
    char *text = cJSON_PrintUnformatted(result);
    if (!text || puts(text) < 0 || fflush(stdout) != 0) {
      errx(EXIT_OWN_ERROR, "writing the result: %s", strerror(errno));
    }
  }
  char *why = explain(result, options.program);
  if (*why && !options.quiet) fprintf(stderr, "cloche: %s\n", why);
  return exit_status_of(result);
}

int main(int argc, char **argv) {
  if (argc >= 2 && strcmp(argv[1], "run") == 0) return run_command(argc - 1, argv + 1);
  if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
    puts("Usage: cloche run [OPTIONS] [--] PROGRAM [ARG...]\n"
         "Starts a sandbox inside this one; see cloche run --help.");
    return 0;
  }
  errx(EXIT_OWN_ERROR, "inside a sandbox there is the command 'run' only; see cloche run --help");
}
