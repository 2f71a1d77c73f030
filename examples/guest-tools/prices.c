// Asks the host for the prices of all symbols at once. Then a helper that nobody trusts gets the
// right to ask for one of them, once, and nothing else of what this program has.
#include <cloche/cap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { kMaxCalls = 64 };

static int start(int cap, const char* symbol) {
  char parameters[100];
  const int size = snprintf(parameters, sizeof parameters, "{\"symbol\":\"%.80s\"}", symbol);
  return cloche_tool_start(cap, "get_price", parameters, (size_t)size);
}

static void print_answer(const char* symbol, int call) {
  static const char* const kWords[] = {"", "denied: ", "failed: "};
  struct cloche_text answer;
  const int status = cloche_tool_finish(call, &answer);
  if (status < 0) return perror(symbol);
  printf("%s: %s%s\n", symbol, kWords[status], answer.bytes);
  free(answer.bytes);
}

static void ask_all(int cap, char** symbols, int count) {
  int calls[kMaxCalls];
  for (int i = 0; i < count; ++i) calls[i] = start(cap, symbols[i]);
  // In this order; poll(2) on the descriptors would give the one of the answers.
  for (int i = 0; i < count; ++i) print_answer(symbols[i], calls[i]);
  fflush(stdout);
}

static int run_helper(int cap) {
  static const char kGrants[] =
      "[{\"tool\": \"get_price\", \"where\": {\"symbol\": {\"eq\": \"ABC\"}}, \"calls\": 1}]";
  char why[200];
  const int less = cloche_cap_narrow(cap, kGrants, why, sizeof why);
  if (less < 0) return fprintf(stderr, "grants: %s\n", why), 1;
  char* const arguments[] = {"sh", "-c",
                             "tool call get_price --symbol XYZ\n"
                             "tool call get_price --symbol ABC\n"
                             "tool call get_price --symbol ABC",
                             NULL};
  char* const variables[] = {"PATH=/usr/bin", NULL};
  const struct cloche_spawn_fd files[] = {{1, 1}, {1, 2}};
  pid_t helper;
  if (cloche_cap_spawn(&helper, "sh", arguments, variables, files, 2, less) != 0)
    return perror("sh"), 1;
  waitpid(helper, NULL, 0);
  printf("%d capability is over\n", cloche_cap_revoke(less));
  return 0;
}

int main(int argc, char** argv) {
  const int cap = cloche_cap_open();
  if (cap < 0) return perror("no tools"), 1;
  ask_all(cap, argv + 1, argc - 1 < kMaxCalls ? argc - 1 : kMaxCalls);
  return run_helper(cap);
}
