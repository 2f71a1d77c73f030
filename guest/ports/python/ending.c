#include "ending.h"

#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_weakref.h>
#include <string.h>

/* A module of the image, and what its dict held: keys and values in turn, with references. */
struct module {
  PyObject* module;
  Py_ssize_t count;
  PyObject** contents;
};

static PyObject** objects;
static size_t object_count;
static struct module* modules;
static size_t module_count;
static int is_held;

static struct _gc_runtime_state* collector(void) { return &_PyInterpreterState_GET()->gc; }

/* --- what is held */

static int keep_contents(struct module* kept, PyObject* module) {
  PyObject* const dict = _PyModule_GetDict(module);
  PyObject *key, *value;
  Py_ssize_t position = 0;
  *kept = (struct module){Py_NewRef(module), 0,
                          PyMem_RawMalloc(2 * PyDict_GET_SIZE(dict) * sizeof(PyObject*))};
  if (kept->contents == NULL) return 0;
  while (PyDict_Next(dict, &position, &key, &value)) {
    kept->contents[kept->count++] = Py_NewRef(key);
    kept->contents[kept->count++] = Py_NewRef(value);
  }
  return 1;
}

/* All but those whose contents the end clears by itself, in its own order. */
static int keep_modules(void) {
  PyObject *name, *module, *const all = PyImport_GetModuleDict();
  Py_ssize_t position = 0;
  modules = PyMem_RawCalloc(PyDict_GET_SIZE(all), sizeof *modules);
  while (modules && PyDict_Next(all, &position, &name, &module)) {
    const char* const text = PyModule_Check(module) ? PyUnicode_AsUTF8(name) : NULL;
    if (!text || !strcmp(text, "sys") || !strcmp(text, "builtins") || !strcmp(text, "__main__"))
      continue;
    if (!keep_contents(&modules[module_count++], module)) return 0;
  }
  return modules != NULL;
}

static void drop_contents(struct module* kept) {
  for (Py_ssize_t i = 0; i < kept->count; ++i) Py_DECREF(kept->contents[i]);
  PyMem_RawFree(kept->contents);
  Py_DECREF(kept->module);
}

int cloche_hold_contents(PyObject* module) {
  for (size_t i = 0; i < module_count; ++i) {
    if (modules[i].module != module) continue;
    struct module now;
    if (!keep_contents(&now, module)) return 0;
    drop_contents(&modules[i]);
    modules[i] = now;
  }
  return 1;
}

/* Out of the frozen ones: back among the others. */
static void thaw(PyObject* object) {
  if (object && PyObject_IS_GC(object) && _PyObject_GC_IS_TRACKED(object)) {
    _PyObject_GC_UNTRACK(object);
    _PyObject_GC_TRACK(object);
  }
}

static void thaw_what_is_not_held(void) {
  static const char* const lists[] = {
      "path", "argv", "meta_path", "path_hooks", "path_importer_cache", "modules"};
  PyObject* const main_module = PyImport_AddModule("__main__");
  thaw(main_module);
  thaw(PyModule_GetDict(main_module));
  for (size_t i = 0; i < sizeof lists / sizeof *lists; ++i) thaw(PySys_GetObject(lists[i]));
}

int cloche_hold_image(void) {
  if (!keep_modules()) return 0;
  _PyGC_Freeze(_PyInterpreterState_GET());
  thaw_what_is_not_held();
  PyGC_Head* const frozen = &collector()->permanent_generation.head;
  size_t count = 0;
  for (PyGC_Head* at = _PyGCHead_NEXT(frozen); at != frozen; at = _PyGCHead_NEXT(at)) ++count;
  objects = PyMem_RawMalloc(count * sizeof *objects);
  if (objects == NULL) return 0;
  for (PyGC_Head* at = _PyGCHead_NEXT(frozen); at != frozen; at = _PyGCHead_NEXT(at)) {
    objects[object_count++] = Py_NewRef(_Py_FROM_GC(at));
  }
  is_held = 1;
  return 1;
}

static void let_go(void) {
  is_held = 0;
  _PyGC_Unfreeze(_PyInterpreterState_GET());
  for (size_t i = 0; i < module_count; ++i) drop_contents(&modules[i]);
  for (size_t i = 0; i < object_count; ++i) Py_DECREF(objects[i]);
}

/* --- what of it was changed */

static int is_changed(const struct module* kept) {
  PyObject *key, *value, *const dict = _PyModule_GetDict(kept->module);
  Py_ssize_t position = 0, count = 0;
  if (2 * PyDict_GET_SIZE(dict) != kept->count) return 1;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (kept->contents[count++] != key || kept->contents[count++] != value) return 1;
  }
  return 0;
}

void cloche_end_begins(void) {
  for (size_t i = 0; is_held && i < module_count; ++i) {
    if (is_changed(&modules[i])) let_go();
  }
}

int cloche_is_held(PyObject* module) {
  for (size_t i = 0; is_held && i < module_count; ++i) {
    if (modules[i].module == module) return 1;
  }
  return 0;
}

/* --- what is left */

static int has_destructor(const PyTypeObject* type) {
  return type->tp_finalize != NULL || type->tp_del != NULL;
}

/* Whether something happens when this object goes: by its type; by itself as a type, as its
 * instances need not be known to the collector; by a callback, unless it is one of C, which keep
 * sets of weak references in order. */
static int is_seen_to_end(PyObject* object) {
  if (has_destructor(Py_TYPE(object))) return 1;
  if (PyType_Check(object)) return has_destructor((PyTypeObject*)object);
  if (!PyWeakref_Check(object)) return 0;
  PyObject* const callback = ((PyWeakReference*)object)->wr_callback;
  return callback != NULL && !PyCFunction_Check(callback);
}

/* The standard streams, which go with `sys`: texts, their buffers and what is below. */
static size_t find_streams(PyObject* streams[9]) {
  static const char* const names[] = {"__stdin__", "__stdout__", "__stderr__"};
  static const char* const below[] = {"buffer", "raw"};
  size_t count = 0;
  for (size_t i = 0; i < 3; ++i) {
    PyObject* stream = PySys_GetObject(names[i]);
    for (size_t depth = 0; stream && stream != Py_None; ++depth) {
      streams[count++] = stream;
      /* Its owner keeps it. */
      stream = depth < 2 ? PyObject_GetAttrString(stream, below[depth]) : NULL;
      Py_XDECREF(stream);
    }
  }
  PyErr_Clear();
  return count;
}

static int is_anything_left(void) {
  PyObject* streams[9];
  const size_t stream_count = find_streams(streams);
  for (int i = 0; i < NUM_GENERATIONS; ++i) {
    PyGC_Head* const head = &collector()->generations[i].head;
    for (PyGC_Head* at = _PyGCHead_NEXT(head); at != head; at = _PyGCHead_NEXT(at)) {
      PyObject* const object = _Py_FROM_GC(at);
      size_t stream = 0;
      while (stream < stream_count && streams[stream] != object) ++stream;
      if (stream == stream_count && is_seen_to_end(object)) return 1;
    }
  }
  return 0;
}

/* As finalize_modules() would have: what is collected goes first; modules that something else still
 * refers to are cleared then, those that were imported last first. */
static void end_modules(void) {
  PyThreadState* const thread = _PyThreadState_GET();
  PyObject* const left = PyList_New(0);
  for (size_t i = module_count; left && i-- > 0;) {
    PyObject* const reference = PyWeakref_NewRef(modules[i].module, NULL);
    if (reference) (void)PyList_Append(left, reference);
    Py_XDECREF(reference);
  }
  PyErr_Clear();
  let_go();
  _PyGC_CollectNoFail(thread);
  for (Py_ssize_t i = 0; left && i < PyList_GET_SIZE(left); ++i) {
    PyObject* const module = _PyWeakref_GET_REF(PyList_GET_ITEM(left, i));
    if (module) _PyModule_Clear(module);
    Py_XDECREF(module);
  }
  Py_XDECREF(left);
  _PyGC_CollectNoFail(thread);
}

void cloche_end_modules(void) {
  /* What is held is the main interpreter's; others end before it. */
  if (!_Py_IsMainInterpreter(_PyInterpreterState_GET())) return;
  if (is_held && is_anything_left()) end_modules();
}

int cloche_end_is_near(void) {
  if (is_held && is_anything_left()) end_modules();
  return is_held;
}
