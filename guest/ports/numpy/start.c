/* What the recipe's table of modules begins with. */
#include <Python.h>

extern const char* _PyImport_SwapPackageContext(const char* context);

/* A module that is made at once learns its full name as from a file of its own. */
static PyObject* start(const char* name, PyObject* (*init)(void)) {
  const char* const before = _PyImport_SwapPackageContext(name);
  PyObject* const made = init();
  _PyImport_SwapPackageContext(before);
  return made;
}
