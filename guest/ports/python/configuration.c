/* Whether a process may start from the image, and its configuration.
 *
 * The rule: CPython's own code reads arguments and variables, as at any start. What it finds is
 * compared with what the image was made with, all of it but the fields named in OWN_* below. So
 * what is not thought of here makes a cold start, and no wrong one. */
#include <Python.h>
#include <internal/pycore_codecs.h>
#include <internal/pycore_initconfig.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_pylifecycle.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_sysmodule.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ending.h"
#include "image.h"

extern char** environ;

/* Fields of a process's own. */
#define OWN_NUMBERS(X)                                                                     \
  X(isolated)                                                                              \
  X(use_environment)                                                                       \
  X(user_site_directory) X(safe_path) X(inspect) X(interactive) X(quiet) X(write_bytecode) \
      X(buffered_stdio) X(skip_source_first_line)
#define OWN_TEXTS(X)                                                                 \
  X(run_command)                                                                     \
  X(run_module)                                                                      \
  X(run_filename) X(program_name) X(executable) X(base_executable) X(stdio_encoding) \
      X(stdio_errors) X(pycache_prefix)
#define OWN_LISTS(X) X(argv) X(orig_argv)
/* Computed from the files and the locale, which are compared, and from variables that kHarmless
 * does not name. */
#define COMPUTED(X)                                                                       \
  X(filesystem_encoding)                                                                  \
  X(filesystem_errors)                                                                    \
  X(prefix) X(base_prefix) X(exec_prefix) X(base_exec_prefix) X(stdlib_dir) X(platlibdir) \
      X(module_search_paths) X(module_search_paths_set)

/* Variables of Python that a process may have: they are in the configuration, or are read later. */
static const char* const kHarmless[] = {
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONNOUSERSITE",
    "PYTHONSAFEPATH",   "PYTHONPYCACHEPREFIX",     "PYTHONHASHSEED",   "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",   "PYTHONINSPECT",           "PYTHONSTARTUP",    "PYTHONBREAKPOINT",
    "PYTHON_COLORS",    "PYTHON_HISTORY",          "PYTHON_BASIC_REPL"};

/* Other variables that the start has read, besides those of the locale and HOME. */
static const char* const kRead[] = {"MUSL_LOCPATH", "TZ"};

/* Files that the start has looked for, and folders whose contents count. */
static const char* const kPlaces[] = {"/usr/bin/python3.13", "/usr/bin/pyvenv.cfg",
                                      "/usr/pyvenv.cfg",     "/usr/lib/python313.zip",
                                      "/usr/lib/python3.13", "/usr/lib/python3.13/site-packages",
                                      "/etc/localtime"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct place {
  int exists;
  dev_t device;
  ino_t inode;
  struct timespec changed;
};

static char* read_values[COUNT(kRead)];
static struct place places[COUNT(kPlaces)];
static char* home;               // HOME
static PyObject* configuration;  // a dict; without what a process has of its own

static PyConfig* current(void) { return (PyConfig*)_Py_GetConfig(); }

/* --- what the image was made with */

static struct place look_at(const char* path) {
  struct stat about;
  struct place place = {0};
  if (stat(path, &about) != 0) return place;
  return (struct place){1, about.st_dev, about.st_ino, about.st_mtim};
}

/* The configuration as a dict, without what is a process's own. Null: no memory. */
static PyObject* comparable(const PyConfig* config) {
#define NAME(field) #field,
  static const char* const others[] = {OWN_NUMBERS(NAME) OWN_TEXTS(NAME) OWN_LISTS(NAME)
                                           COMPUTED(NAME)};
#undef NAME
  PyObject* const dict = _PyConfig_AsDict(config);
  for (size_t i = 0; dict && i < COUNT(others); ++i) {
    if (PyDict_DelItemString(dict, others[i]) != 0) return NULL;
  }
  return dict;
}

int note_configuration(void) {
  for (size_t i = 0; i < COUNT(kRead); ++i) {
    const char* const value = getenv(kRead[i]);
    read_values[i] = value ? strdup(value) : NULL;
    if (value && !read_values[i]) return 0;
  }
  for (size_t i = 0; i < COUNT(kPlaces); ++i) places[i] = look_at(kPlaces[i]);
  home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
  configuration = comparable(current());
  return home != NULL && configuration != NULL;
}

/* --- does this process fit? */

static int is_harmless(const char* entry) {
  const size_t length = strcspn(entry, "=");
  for (size_t i = 0; i < COUNT(kHarmless); ++i) {
    if (strlen(kHarmless[i]) == length && memcmp(kHarmless[i], entry, length) == 0) return 1;
  }
  return 0;
}

/* The libc knows two: C, in which Python changes the environment, and UTF-8 by any other name. */
static int locale_fits(void) {
  static const char* const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  const char* value = NULL;
  for (size_t i = 0; i < COUNT(names) && !(value && *value); ++i) value = getenv(names[i]);
  return !value || (strcmp(value, "C") != 0 && strcmp(value, "POSIX") != 0);
}

static int environment_fits(void) {
  for (char** entry = environ; *entry; ++entry) {
    if (strncmp(*entry, "PYTHON", 6) == 0 && !is_harmless(*entry)) return 0;
  }
  for (size_t i = 0; i < COUNT(kRead); ++i) {
    const char* const value = getenv(kRead[i]);
    if (value == NULL || read_values[i] == NULL ? value != read_values[i]
                                                : strcmp(value, read_values[i]) != 0)
      return 0;
  }
  return locale_fits();
}

static int same_place(struct place a, struct place b) {
  return a.exists == b.exists && a.device == b.device && a.inode == b.inode &&
         a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
}

static int files_fit(void) {
  for (size_t i = 0; i < COUNT(kPlaces); ++i) {
    if (!same_place(look_at(kPlaces[i]), places[i])) return 0;
  }
  /* site adds this folder if it is there; it was not. */
  const char* const folder = getenv("HOME");
  char path[4096];
  if (folder == NULL || *folder != '/' || strlen(folder) > sizeof path / 2) return 0;
  snprintf(path, sizeof path, "%s/.local/lib/python3.13/site-packages", folder);
  return access(path, F_OK) != 0;
}

/* A folder as standard input is an error that the start finds. */
static int input_fits(void) {
  struct stat about;
  return fstat(0, &about) != 0 || !S_ISDIR(about.st_mode);
}

/* The first file of this name in PATH that can be run, in `path`. 0: none, or it depends on more.
 */
static int search(const char* name, char* path, size_t size) {
  for (const char* at = getenv("PATH"); at && *at;) {
    const size_t length = strcspn(at, ":");
    struct stat about;
    if (*at != '/' || snprintf(path, size, "%.*s/%s", (int)length, at, name) >= (int)size) return 0;
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0) return 1;
    at += length + (at[length] == ':');
  }
  return 0;
}

/* sys.executable for this argv[0]; null: not one of the pack's, such as that of a virtual
 * environment. */
static const char* executable_of(const char* name) {
  static const char* const known[] = {"/usr/bin/python3", "/usr/bin/python3.13", "/usr/bin/python"};
  char path[4096];
  if (strchr(name, '/') == NULL) {
    if (!search(name, path, sizeof path)) return NULL;
    name = path;
  }
  for (size_t i = 0; i < COUNT(known); ++i) {
    if (strcmp(name, known[i]) == 0) return known[i];
  }
  return NULL;
}

/* --- this process's configuration */

static int set_text(PyConfig* config, wchar_t** field, const wchar_t* text) {
  return !PyStatus_Exception(PyConfig_SetString(config, field, text));
}

/* The name that Python has for this encoding; 0: it has none. */
static int normalize_encoding(PyConfig* config) {
  char name[64];
  if (wcslen(config->stdio_encoding) >= sizeof name) return 0;
  for (size_t i = 0; i == 0 || name[i - 1]; ++i) name[i] = (char)config->stdio_encoding[i];
  PyObject* const codec = _PyCodec_Lookup(name);
  PyObject* const text = codec ? PyObject_GetAttrString(codec, "name") : NULL;
  wchar_t* const wide = text ? PyUnicode_AsWideCharString(text, NULL) : NULL;
  const int done = wide && set_text(config, &config->stdio_encoding, wide);
  PyMem_Free(wide);
  Py_XDECREF(text);
  Py_XDECREF(codec);
  PyErr_Clear();
  return done;
}

/* As a start would, but for what comes from files. 0: an error, which a start will report. */
static int read_configuration(PyConfig* config, int argc, char** argv, const char* executable) {
  PyStatus status = PyConfig_SetBytesArgv(config, argc, argv);
  if (!PyStatus_Exception(status)) status = PyConfig_Read(config);
  if (PyStatus_IsExit(status)) Py_ExitStatusException(status);
  wchar_t path[64];
  swprintf(path, COUNT(path), L"%s", executable);
  return !PyStatus_Exception(status) && normalize_encoding(config) &&
         set_text(config, &config->program_name, config->orig_argv.items[0]) &&
         set_text(config, &config->executable, path) &&
         set_text(config, &config->base_executable, path);
}

static int configuration_fits(const PyConfig* config) {
  PyObject* const mine = comparable(config);
  const int same = mine ? PyObject_RichCompareBool(mine, configuration, Py_EQ) : -1;
  Py_XDECREF(mine);
  PyErr_Clear();
  return same == 1;
}

/* Exchanges the fields that are a process's own; the caller clears the others. */
static void exchange_own(PyConfig* config, PyConfig* other) {
#define EXCHANGE(field)                             \
  do {                                              \
    __typeof__(config->field) kept = config->field; \
    config->field = other->field;                   \
    other->field = kept;                            \
  } while (0);
  OWN_NUMBERS(EXCHANGE) OWN_TEXTS(EXCHANGE) OWN_LISTS(EXCHANGE)
#undef EXCHANGE
}

/* What CPython keeps of the configuration elsewhere: global variables, C's streams, sys, site. */
static int publish(PyConfig* config) {
  /* sys.path has what site added, which the configuration does not know. */
  const int paths_set = config->module_search_paths_set;
  config->module_search_paths_set = 0;
  const int good = !PyStatus_Exception(_PyConfig_Write(config, &_PyRuntime)) &&
                   _PySys_UpdateConfig(PyThreadState_Get()) == 0;
  config->module_search_paths_set = paths_set;
  return good;
}

int take_configuration(int argc, char** argv) {
  const char* executable;
  if (argc < 1 || !environment_fits() || !files_fit() || !input_fits()) return 0;
  if ((executable = executable_of(argv[0])) == NULL) return 0;
  setlocale(LC_CTYPE, "");
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  const int fits =
      read_configuration(&config, argc, argv, executable) && configuration_fits(&config);
  if (fits) {
    exchange_own(current(), &config);
    if (!publish(current())) Py_FatalError("no memory to start");
  }
  PyConfig_Clear(&config);
  return fits;
}

int take_user_site(void) {
  PyObject* const site = PyImport_ImportModule("site");
  int good = site != NULL;
  if (good && !current()->user_site_directory)
    good = PyObject_SetAttrString(site, "ENABLE_USER_SITE", Py_False) == 0;
  if (good && strcmp(getenv("HOME"), home) != 0) {
    PyObject* const done = PyObject_SetAttrString(site, "USER_BASE", Py_None) == 0 &&
                                   PyObject_SetAttrString(site, "USER_SITE", Py_None) == 0
                               ? PyObject_CallMethod(site, "getusersitepackages", NULL)
                               : NULL;
    good = done != NULL;
    Py_XDECREF(done);
  }
  good = good && cloche_hold_contents(site);
  Py_XDECREF(site);
  return good;
}
