// A sandbox with one tool, in C: embed-c PACK. A shell inside asks for two prices; it may ask for
// one.
#include <cloche/cloche.h>
#include <stdio.h>
#include <string.h>

static void get_price(void* env, const cloche_tool_invocation* call, cloche_tool_result* result) {
  const char* price = env;
  (void)call;  // cloche_tool_invocation_parameters() is {"symbol":"ABC"}
  cloche_tool_result_set(result, price, strlen(price));
}

static const char kPolicy[] =
    "{\"version\": 1,"
    " \"tools\": [{\"tool\": \"get_price\", \"where\": {\"symbol\": {\"eq\": \"ABC\"}}, \"calls\": "
    "10}],"
    " \"limits\": {\"cpu.time\": \"5s\", \"memory.max\": \"64M\"}}";

static const char kScript[] =
    "for symbol in ABC XYZ; do echo \"$symbol: $(tool call get_price --symbol $symbol 2>&1)\"; "
    "done";

int main(int argc, char** argv) {
  static char price[] = "42.5";
  const char* const command[] = {"sh", "-c", kScript, NULL};
  cloche_error* error = NULL;
  cloche_host_options* about = cloche_host_options_new();
  cloche_host_options_set_pack(about, argc == 2 ? argv[1] : "cloche.pack");
  cloche_host* host = cloche_host_create(about, &error);
  cloche_options* options = cloche_options_new();
  cloche_options_add_tool(options, "get_price", get_price, price, NULL);
  cloche_options_set_policy(options, kPolicy, strlen(kPolicy), "example", NULL);
  cloche_sandbox* sandbox = cloche_sandbox_create(host, options, &error);
  cloche_result* result = cloche_sandbox_run(sandbox, command, &error);
  if (error == NULL) {  // of all of the above
    printf("%s", cloche_result_stdout(result, NULL));
    printf("%s, %zu calls\n", cloche_outcome_name(cloche_result_outcome(result)),
           cloche_result_call_count(result));
  } else {
    fprintf(stderr, "embed-c: %s\n", cloche_error_message(error));
  }
  const int status = error == NULL && cloche_result_ok(result) ? 0 : 1;
  cloche_result_free(result);
  cloche_sandbox_free(sandbox);
  cloche_options_free(options);
  cloche_host_free(host);
  cloche_host_options_free(about);
  cloche_error_free(error);
  return status;
}
