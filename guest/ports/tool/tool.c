// tool: lists and calls the tools that the host offers to this sandbox.
#include <cloche/cap.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cJSON.h"
#include "parameters.h"

static const char kUsage[] =
    "Usage: tool list [--json]\n"
    "       tool show NAME [--json]\n"
    "       tool call [-r] NAME [--PARAMETER VALUE...]\n"
    "       tool call [-r] NAME --json JSON|-\n"
    "       tool call NAME --help\n"
    "       tool only GRANT... -- COMMAND [ARG...]\n"
    "\n"
    "call prints the result as JSON; with -r a result that is a string is printed as it is. JSON '-'\n"
    "is read from standard input. only runs COMMAND with the tools of the GRANTs and no others; a\n"
    "GRANT is a name, or JSON as in a policy's \"tools\": '{\"tool\": \"a/b\", \"calls\": 3}'.\n"
    "\n"
    "Exit status: 0 done, 1 the tool failed, 2 wrong usage, 77 denied.\n";

static bool equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

static const char *text_of(const cJSON *object, const char *name) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);
  return cJSON_IsString(value) ? value->valuestring : "";
}

static int open_authority(void) {
  const int cap = cloche_cap_open();
  if (cap >= 0) return cap;
  if (errno == ENOENT) errx(EXIT_TOOL_FAILED, "this sandbox has no tools");
  if (errno == EACCES) errx(EXIT_DENIED, "this process may not call any tool");
  errx(EXIT_TOOL_FAILED, "/dev/tool: %s", strerror(errno));
}

static void print_all(const char *bytes, size_t size) {
  if (fwrite(bytes, 1, size, stdout) != size || fflush(stdout) != 0) {
    errx(EXIT_TOOL_FAILED, "writing the result: %s", strerror(errno));
  }
}

static cJSON *list_tools(int cap) {
  struct cloche_text text;
  if (cloche_cap_list(cap, &text) != 0) errx(EXIT_TOOL_FAILED, "no list: %s", strerror(errno));
  cJSON *list = cJSON_ParseWithLength(text.bytes, text.size);
  free(text.bytes);
  if (!cJSON_IsArray(list)) errx(EXIT_TOOL_FAILED, "the list of tools makes no sense");
  return list;
}

static const cJSON *find_tool(const cJSON *list, const char *name) {
  const cJSON *tool;
  cJSON_ArrayForEach(tool, list) {
    if (equal(text_of(tool, "tool"), name)) return tool;
  }
  return NULL;
}

static const cJSON *need_tool(const cJSON *list, const char *name) {
  const cJSON *tool = find_tool(list, name);
  if (!tool) errx(EXIT_DENIED, "denied: no tool '%s' may be called; see tool list", name);
  return tool;
}

static int print_json(const cJSON *value) {
  char *text = cJSON_Print(value);
  if (!text) errx(EXIT_TOOL_FAILED, "out of memory");
  print_all(text, strlen(text));
  print_all("\n", 1);
  free(text);
  return 0;
}

static int list_command(char **words) {
  const cJSON *list = list_tools(open_authority()), *tool;
  if (*words && equal(*words, "--json") && !words[1]) return print_json(list);
  if (*words) errx(EXIT_USAGE, "list takes --json and nothing else");
  cJSON_ArrayForEach(tool, list) {
    const char *description = text_of(tool, "description");
    printf("%s%s%.*s\n", text_of(tool, "tool"), *description ? "\t" : "",
           (int)strcspn(description, "\n"), description);
  }
  return 0;
}

static void print_tool(const cJSON *tool) {
  const char *description = text_of(tool, "description");
  printf("%s\n", text_of(tool, "tool"));
  if (*description) printf("%s\n", description);
  puts("\nParameters:");
  print_parameters(cJSON_GetObjectItemCaseSensitive(tool, "parameters"));
  puts("\nAllowed:");
  const cJSON *condition;
  cJSON_ArrayForEach(condition, cJSON_GetObjectItemCaseSensitive(tool, "conditions")) {
    if (cJSON_IsString(condition)) printf("  %s\n", condition->valuestring);
  }
}

static int show_command(char **words) {
  if (!*words) errx(EXIT_USAGE, "show takes the NAME of a tool");
  const cJSON *tool = need_tool(list_tools(open_authority()), words[0]);
  if (words[1] && equal(words[1], "--json") && !words[2]) return print_json(tool);
  if (words[1]) errx(EXIT_USAGE, "show takes one NAME and --json");
  print_tool(tool);
  return 0;
}

static char *read_input(size_t *size) {
  char *text = NULL;
  size_t room = 0;
  *size = 0;
  for (;;) {
    if (*size + 4096 > room) {
      room = room ? 2 * room : 65536;
      text = realloc(text, room);
      if (!text) errx(EXIT_TOOL_FAILED, "the parameters do not fit");
    }
    const ssize_t got = read(STDIN_FILENO, text + *size, room - *size);
    if (got < 0) errx(EXIT_TOOL_FAILED, "standard input: %s", strerror(errno));
    if (got == 0) return text;
    *size += (size_t)got;
  }
}

// Looks the tool's schema up, since that says what the words mean.
static char *parameters_of(int cap, const char *name, char **words) {
  const cJSON *tool = need_tool(list_tools(cap), name);
  cJSON *object =
      parse_parameters(words, cJSON_GetObjectItemCaseSensitive(tool, "parameters"));
  char *text = cJSON_PrintUnformatted(object);
  if (!text) errx(EXIT_TOOL_FAILED, "out of memory");
  return text;
}

static int print_result(const struct cloche_text *result, bool as_text) {
  cJSON *value = as_text ? cJSON_ParseWithLength(result->bytes, result->size) : NULL;
  if (cJSON_IsString(value)) {
    print_all(value->valuestring, strlen(value->valuestring));
  } else {
    print_all(result->bytes, result->size);
  }
  print_all("\n", 1);
  return 0;
}

static struct cloche_text call(int cap, const char *name, const char *parameters, size_t size) {
  struct cloche_text answer;
  const int status = cloche_tool_call(cap, name, parameters, size, &answer);
  if (status < 0 && errno == EINVAL) errx(EXIT_USAGE, "'%s' is no name of a tool", name);
  if (status < 0) errx(EXIT_TOOL_FAILED, "the call failed: %s", strerror(errno));
  if (status == CLOCHE_TOOL_DENIED) errx(EXIT_DENIED, "denied: %s", answer.bytes);
  if (status == CLOCHE_TOOL_FAILED) errx(EXIT_TOOL_FAILED, "%s", answer.bytes);
  return answer;
}

static int call_command(char **words) {
  bool as_text = false;
  if (*words && equal(*words, "-r")) {
    as_text = true;
    ++words;
  }
  if (!*words || **words == '-') errx(EXIT_USAGE, "call takes the NAME of a tool");
  const char *name = *words++;
  const int cap = open_authority();
  if (*words && equal(*words, "--help") && !words[1]) {
    print_tool(need_tool(list_tools(cap), name));
    return 0;
  }
  char *body;
  size_t size;
  if (*words && (equal(*words, "--json") || strncmp(*words, "--json=", 7) == 0)) {
    const bool apart = equal(*words, "--json");
    body = apart ? words[1] : *words + 7;
    if (!body) errx(EXIT_USAGE, "--json takes JSON, or - for standard input");
    if (words[apart ? 2 : 1]) errx(EXIT_USAGE, "--json and other parameters exclude each other");
    size = strlen(body);
    if (equal(body, "-")) body = read_input(&size);
  } else {
    body = *words ? parameters_of(cap, name, words) : "{}";
    size = strlen(body);
  }
  const struct cloche_text result = call(cap, name, body, size);
  return print_result(&result, as_text);
}

static int only_command(char **words) {
  cJSON *grants = cJSON_CreateArray();
  for (; *words && !equal(*words, "--"); ++words) {
    cJSON *grant = **words == '{' ? cJSON_CreateRaw(*words) : cJSON_CreateObject();
    if (!grant) errx(EXIT_TOOL_FAILED, "out of memory");
    if (**words != '{') cJSON_AddStringToObject(grant, "tool", *words);
    if (**words != '{') cJSON_AddStringToObject(grant, "others", "allow");
    cJSON_AddItemToArray(grants, grant);
  }
  if (!*words || !words[1]) errx(EXIT_USAGE, "only takes GRANT... -- COMMAND [ARG...]");
  ++words;
  char *body = cJSON_PrintUnformatted(grants);
  if (!body) errx(EXIT_TOOL_FAILED, "out of memory");
  char why[4096];
  const int less = cloche_cap_narrow(open_authority(), body, why, sizeof why);
  if (less < 0) errx(EXIT_TOOL_FAILED, "%s", *why ? why : strerror(errno));
  if (cloche_cap_adopt(less) != 0) errx(EXIT_TOOL_FAILED, "/dev/tool: %s", strerror(errno));
  execvp(words[0], words);
  const int exit_status = errno == ENOENT ? 127 : 126;
  errx(exit_status, "%s: %s", words[0], strerror(errno));
}

// For bash's `complete -C "tool complete" tool`: the words so far are in COMP_LINE.
static int complete_command(char **words) {
  static const char *const kCommands[] = {"list", "show", "call", "only", NULL};
  const char *prefix = words[0] && words[1] ? words[1] : "";
  const char *line = getenv("COMP_LINE");
  char command[16] = "", name[256] = "";
  const int known = line ? sscanf(line, "%*s %15s %255s", command, name) : 0;
  const bool command_is_done = known >= 1 && words[2] && !equal(words[2], "tool");
  if (!command_is_done) {
    for (const char *const *at = kCommands; *at; ++at) {
      if (strncmp(*at, prefix, strlen(prefix)) == 0) puts(*at);
    }
    return 0;
  }
  const cJSON *list = list_tools(open_authority()), *entry;
  if (equal(command, "call") && strncmp(prefix, "--", 2) == 0) {
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(find_tool(list, name), "parameters");
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
      if (strncmp(entry->string, prefix + 2, strlen(prefix) - 2) == 0) printf("--%s\n", entry->string);
    }
    return 0;
  }
  cJSON_ArrayForEach(entry, list) {
    const char *tool = text_of(entry, "tool");
    if (strncmp(tool, prefix, strlen(prefix)) == 0) puts(tool);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fputs(kUsage, stderr);
    return EXIT_USAGE;
  }
  const char *command = argv[1];
  char **words = argv + 2;
  if (equal(command, "list")) return list_command(words);
  if (equal(command, "show")) return show_command(words);
  if (equal(command, "call")) return call_command(words);
  if (equal(command, "only")) return only_command(words);
  if (equal(command, "complete")) return complete_command(words);
  if (equal(command, "--help") || equal(command, "-h")) {
    fputs(kUsage, stdout);
    return 0;
  }
  errx(EXIT_USAGE, "there is no command '%s'; see tool --help", command);
}
