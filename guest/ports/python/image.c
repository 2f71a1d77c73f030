/* python3 starts from a ready image (docs/ready-images.md).
 *
 * The image is an interpreter after its start and `site`, in the environment that sandboxes have by
 * default. What Python keeps of a process is renewed here: the secret of its hashes, arguments,
 * environment, signals, standard streams, the thread's number. */
#include "image.h"

#include <Python.h>
#include <cloche/warm.h>
#include <internal/pycore_bytesobject.h>
#include <internal/pycore_fileutils.h>
#include <internal/pycore_initconfig.h>
#include <internal/pycore_pyhash.h>
#include <internal/pycore_pylifecycle.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>
#include <internal/pycore_signal.h>
#include <signal.h>
#include <string.h>

#include "ending.h"
#include "hashes.h"

extern char** environ;
extern int main(int argc, char** argv);

/* patches/ready-image.patch */
PyStatus cloche_renew_streams(void);

static int is_ready;

static int start_interpreter(void) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  char* argv[] = {"/usr/bin/python3.13", "-c", ""};
  PyStatus status = PyConfig_SetBytesArgv(&config, 3, argv);
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  return !PyStatus_Exception(status);
}

/* Those of the image are closed to none: descriptors 0 to 2 are not theirs to close. */
static int drop_streams(void) {
  static const char* const names[] = {"stdin",     "stdout",     "stderr",
                                      "__stdin__", "__stdout__", "__stderr__"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
    if (PySys_SetObject(names[i], Py_None) != 0) return 0;
  }
  return 1;
}

void cloche_warm_up(void) {
  cloche_hash_begin();
  if (!start_interpreter() || !note_configuration() || !drop_streams()) return;
  PyGC_Collect();
  is_ready = cloche_hold_image() && cloche_hash_end() != 0;
}

/* posix.environ, which os.environ is a view of. Of two entries with one name the first counts. */
static int renew_environment(void) {
  PyObject* const posix = PyImport_ImportModule("posix");
  PyObject* const dict = posix ? PyObject_GetAttrString(posix, "environ") : NULL;
  int good = dict != NULL;
  if (good) PyDict_Clear(dict);
  for (char** entry = environ; good && *entry; ++entry) {
    const char* const equals = strchr(*entry, '=');
    if (equals == NULL) continue;
    PyObject* const name = PyBytes_FromStringAndSize(*entry, equals - *entry);
    PyObject* const value = PyBytes_FromString(equals + 1);
    good = name && value && PyDict_SetDefault(dict, name, value) != NULL;
    Py_XDECREF(name);
    Py_XDECREF(value);
  }
  Py_XDECREF(dict);
  Py_XDECREF(posix);
  return good;
}

/* What signal.getsignal() says: the image's program was started with none ignored. */
static void renew_signals(void) {
  struct _signals_runtime_state* const signals = &_PyRuntime.signals;
  for (int number = 1; number < Py_NSIG; ++number) {
    if (PyOS_getsig(number) == SIG_IGN)
      Py_XSETREF(signals->handlers[number].func, Py_NewRef(signals->ignore_handler));
  }
}

int cloche_resume(int argc, char** argv) {
  /* First of all: nothing may be hashed with the secret of the image that the image does not hold.
   */
  if (!is_ready || _PyOS_URandomNonblock(&_Py_HashSecret, sizeof _Py_HashSecret) != 0 ||
      !take_configuration(argc, argv)) {
    cloche_start_cold();
    return main(argc, argv); /* not reached */
  }
  PyThreadState_Get()->native_thread_id = PyThread_get_thread_native_id();
  renew_signals();
  if (!renew_environment() || !take_user_site()) Py_FatalError("no memory to start");
  const PyStatus status = cloche_renew_streams();
  if (PyStatus_Exception(status)) Py_ExitStatusException(status);
  return Py_RunMain();
}
