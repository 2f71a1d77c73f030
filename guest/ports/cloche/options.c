#include "options.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  OPTION_HOSTNAME = 256,
  OPTION_POLICY,
  OPTION_ALLOW_TOOL,
  OPTION_SANDBOXES,
  OPTION_JSON,
  OPTION_LIMIT,  // and after it one for each row of kLimits
};

// Options that are limits, by the names they have in a policy.
static const struct {
  const char *option, *limit;
  bool is_count;
} kLimits[] = {
    {"timeout", "wall.time", false},   {"cpu-time", "cpu.time", false},
    {"memory", "memory.max", false},   {"pids", "pids.max", true},
    {"disk", "disk.max", false},       {"inodes", "inodes.max", true},
    {"open-files", "open_files.max", true}, {"cpus", "cpu.max", false},
    {"output", "output.max", false},
};
enum { LIMIT_COUNT = sizeof kLimits / sizeof kLimits[0] };

static const struct option kOptions[] = {
    {"mount", required_argument, NULL, 'v'},
    {"env", required_argument, NULL, 'e'},
    {"workdir", required_argument, NULL, 'w'},
    {"user", required_argument, NULL, 'u'},
    {"interactive", no_argument, NULL, 'i'},
    {"tty", no_argument, NULL, 't'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"hostname", required_argument, NULL, OPTION_HOSTNAME},
    {"policy", required_argument, NULL, OPTION_POLICY},
    {"allow-tool", required_argument, NULL, OPTION_ALLOW_TOOL},
    {"sandboxes", required_argument, NULL, OPTION_SANDBOXES},
    {"json", no_argument, NULL, OPTION_JSON},
};
enum { OPTION_COUNT = sizeof kOptions / sizeof kOptions[0] };

static const char kUsage[] =
    "Usage: cloche run [OPTIONS] [--] PROGRAM [ARG...]\n"
    "       cloche run [OPTIONS] -c SCRIPT [NAME [ARG...]]\n"
    "\n"
    "Runs PROGRAM in a sandbox inside this one. It holds what the options name and nothing else, and\n"
    "never more than this sandbox and this process hold.\n"
    "\n"
    "  -v, --mount PATH:INSIDE[:ro|rw|cow]  a folder or file of this sandbox; ro unless said\n"
    "  -e, --env NAME=VALUE                 an environment variable\n"
    "  -w, --workdir DIR                    folder to start in (the user's home)\n"
    "  -u, --user NAME, --hostname NAME     the names inside (user, cloche)\n"
    "  --timeout TIME, --cpu-time TIME      (60s, 30s) a whole number and ns, us, ms, s, m or h\n"
    "  --memory SIZE, --disk SIZE, --pids N, --inodes N, --open-files N, --cpus N,\n"
    "  --output SIZE[:kill|truncate]\n"
    "                                       of this sandbox's own limits at most\n"
    "  --policy FILE.json                   what is granted; all other options can only narrow it\n"
    "  --allow-tool NAME                    a tool that this process may call; * and ** as in a policy\n"
    "  --sandboxes N                        how many sandboxes it may start inside itself\n"
    "  --json                               print one result object instead of the output\n"
    "  -q, --quiet                          no remarks\n"
    "\n"
    "Exit status: the program's; 128+n: ended by signal n; 77: this sandbox may not be started; 124:\n"
    "wall time-out; 137: another limit; 125: wrong options or another error of its own; 126: found\n"
    "but not runnable; 127: not found.\n";

static void *need(void *made) {
  if (!made) errx(EXIT_OWN_ERROR, "out of memory");
  return made;
}

// The member of that name, made as an empty list or object if it is not there.
static cJSON *member(cJSON *object, const char *name, cJSON *(*make)(void)) {
  cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
  if (found) return found;
  found = need(make());
  cJSON_AddItemToObject(object, name, found);
  return found;
}

static void set_text(cJSON *object, const char *name, const char *text) {
  cJSON_DeleteItemFromObjectCaseSensitive(object, name);
  need(cJSON_AddStringToObject(object, name, text));
}

static void add_mount(cJSON *request, const char *text) {
  char *copy = need(strdup(text)), *inside = strchr(copy, ':'), *mode = NULL;
  if (inside) {
    *inside++ = '\0';
    mode = strchr(inside, ':');
    if (mode) *mode++ = '\0';
  }
  if (!inside || !*copy || *inside != '/') {
    errx(EXIT_OWN_ERROR, "--mount '%s': it must be PATH:INSIDE[:ro|rw|cow], with INSIDE absolute", text);
  }
  cJSON *mount = need(cJSON_CreateObject());
  set_text(mount, "host", copy);
  set_text(mount, "guest", inside);
  set_text(mount, "mode", mode ? mode : "ro");
  cJSON_AddItemToArray(member(request, "mounts", cJSON_CreateArray), mount);
  free(copy);
}

static void add_variable(cJSON *request, const char *text) {
  char *name = need(strdup(text)), *value = strchr(name, '=');
  if (!value || value == name) errx(EXIT_OWN_ERROR, "--env '%s': it must be NAME=VALUE", text);
  *value++ = '\0';
  set_text(member(request, "env", cJSON_CreateObject), name, value);
  free(name);
}

// A whole number of few digits.
static double count_of(const char *option, const char *text) {
  if (!*text || strlen(text) > 9 || text[strspn(text, "0123456789")]) {
    errx(EXIT_OWN_ERROR, "--%s '%s': it must be a whole number", option, text);
  }
  return strtod(text, NULL);
}

static void set_limit(cJSON *request, int number, const char *text) {
  cJSON *limits = member(request, "limits", cJSON_CreateObject);
  const char *name = kLimits[number].limit;
  if (kLimits[number].is_count) {
    cJSON_DeleteItemFromObjectCaseSensitive(limits, name);
    need(cJSON_AddNumberToObject(limits, name, count_of(kLimits[number].option, text)));
    return;
  }
  // No limit of its own: as long as the sandbox around it allows.
  if (strcmp(name, "output.max") == 0 && strchr(text, ':')) {
    char *size = need(strdup(text)), *over = strchr(size, ':');
    *over++ = '\0';
    set_text(limits, name, size);
    set_text(limits, "output.over", over);
    free(size);
    return;
  }
  const bool is_time = strstr(name, ".time") != NULL;
  set_text(limits, name, is_time && strcmp(text, "0") == 0 ? "8760h" : text);
}

static void set_policy(cJSON *request, const char *path) {
  FILE *file = fopen(path, "re");
  if (!file) errx(EXIT_OWN_ERROR, "--policy %s: %s", path, strerror(errno));
  char *text = NULL;
  size_t size = 0, room = 0;
  while (!feof(file)) {
    if (size + 4097 > room) text = need(realloc(text, room = room ? 2 * room : 65536));
    size += fread(text + size, 1, 4096, file);
    if (ferror(file)) errx(EXIT_OWN_ERROR, "--policy %s: %s", path, strerror(errno));
  }
  fclose(file);
  text[size] = '\0';
  if (strlen(text) != size || size == 0) {
    errx(EXIT_OWN_ERROR, "--policy %s: %s", path, size ? "it holds a NUL byte" : "it is empty");
  }
  set_text(request, "policy", text);
  set_text(request, "policy_name", path);
  free(text);
  const char *slash = strrchr(path, '/');
  char *folder = need(slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(""));
  set_text(request, "policy_folder", folder);
  free(folder);
}

static void take_option(struct options *options, int option, const char **script) {
  cJSON *request = options->request;
  if (option >= OPTION_LIMIT) {
    set_limit(request, option - OPTION_LIMIT, optarg);
    return;
  }
  switch (option) {
    case 'v': add_mount(request, optarg); return;
    case 'e': add_variable(request, optarg); return;
    case 'w': set_text(request, "workdir", optarg); return;
    case 'u': set_text(request, "user", optarg); return;
    case 'c': *script = optarg; return;
    case 'i': return;  // it always is
    case 'q': options->quiet = true; return;
    case 'h': fputs(kUsage, stdout); exit(0);
    case OPTION_HOSTNAME: set_text(request, "hostname", optarg); return;
    case OPTION_POLICY: set_policy(request, optarg); return;
    case OPTION_ALLOW_TOOL:
      cJSON_AddItemToArray(member(request, "allow_tools", cJSON_CreateArray),
                           need(cJSON_CreateString(optarg)));
      return;
    case OPTION_SANDBOXES:
      cJSON_DeleteItemFromObjectCaseSensitive(request, "sandboxes");
      need(cJSON_AddNumberToObject(request, "sandboxes", count_of("sandboxes", optarg)));
      return;
    case OPTION_JSON: options->json = true; return;
    case 't':
      errx(EXIT_OWN_ERROR, "-t: a sandbox inside has no terminal of its own yet, so this is refused");
    default:
      exit(EXIT_OWN_ERROR);  // getopt has said why
  }
}

struct options read_options(int argc, char **argv) {
  static struct option all[OPTION_COUNT + LIMIT_COUNT + 1];
  memcpy(all, kOptions, sizeof kOptions);
  for (int i = 0; i < LIMIT_COUNT; ++i) {
    all[OPTION_COUNT + i] =
        (struct option){kLimits[i].option, required_argument, NULL, OPTION_LIMIT + i};
  }
  struct options options = {.request = need(cJSON_CreateObject())};
  const char *script = NULL;
  int option;
  while ((option = getopt_long(argc, argv, "+v:e:w:u:c:itqh", all, NULL)) != -1) {
    take_option(&options, option, &script);
  }
  cJSON *words = member(options.request, "argv", cJSON_CreateArray);
  if (script) {
    const char *const bash[] = {"bash", "-c", script};
    for (int i = 0; i < 3; ++i) cJSON_AddItemToArray(words, need(cJSON_CreateString(bash[i])));
  }
  for (int i = optind; i < argc; ++i) cJSON_AddItemToArray(words, need(cJSON_CreateString(argv[i])));
  if (cJSON_GetArraySize(words) == 0) {
    errx(EXIT_OWN_ERROR, "run: PROGRAM is missing (or -c SCRIPT); see cloche run --help");
  }
  options.program = cJSON_GetArrayItem(words, 0)->valuestring;
  return options;
}
