// A sandbox, in C: `sandbox-c [PACK]` counts words inside.
#include <cloche/cloche.h>
#include <stdio.h>

int main(int argc, char** argv) {
  char* pack = argc == 2 ? NULL : cloche_default_pack();
  char* cache = cloche_default_cache_dir();
  const char* const command[] = {"bash", "-c", "printf 'b\\na\\nb\\n' | sort | uniq -c", NULL};
  cloche_error* error = NULL;
  cloche_host_options* about = cloche_host_options_new();
  cloche_host_options_set_pack(about, argc == 2 ? argv[1] : pack);
  if (cache != NULL) cloche_host_options_set_cache_dir(about, cache);
  cloche_host* host = cloche_host_create(about, &error);
  cloche_options* options = cloche_options_new();
  cloche_sandbox* sandbox = cloche_sandbox_create(host, options, &error);
  cloche_result* result = cloche_sandbox_run(sandbox, command, &error);
  if (error == NULL) {
    fputs(cloche_result_stdout(result, NULL), stdout);
  } else {
    fprintf(stderr, "sandbox-c: %s\n", cloche_error_message(error));
  }
  const int status = error == NULL ? cloche_result_exit_code(result) : 1;
  cloche_result_free(result);
  cloche_sandbox_free(sandbox);
  cloche_options_free(options);
  cloche_host_free(host);
  cloche_host_options_free(about);
  cloche_error_free(error);
  cloche_free(cache);
  cloche_free(pack);
  return status;
}
