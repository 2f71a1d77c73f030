/* How a process that started from a ready image ends.
 *
 * Python's end frees every object, those of the image with them, which costs more than the rest of
 * a short program. What is seen of it are destructors, weak references' callbacks and what they do,
 * and those a process's own objects have. So objects of the image are held by one reference more
 * and are frozen (as by gc.freeze()); the end leaves them alone while nothing of the process hangs
 * on them. Where something does, or a module of the image was changed, they are let go, and the end
 * is CPython's. `__main__` and the lists of the import system are never held. */
#ifndef CLOCHE_ENDING_H
#define CLOCHE_ENDING_H

#include <Python.h>

/* Holds what there is: called last, while the image is made. 0: no memory. */
int cloche_hold_image(void);

/* A module of the image was changed on behalf of this process: as it is now it is not changed. 0:
 * no memory. */
int cloche_hold_contents(PyObject* module);

/* The end begins: lets go of the image if a module of it was changed. */
void cloche_end_begins(void);

/* 1: a module of the image, held and not changed. */
int cloche_is_held(PyObject* module);

/* All modules but those held, `sys` and `builtins` are cleared: lets go of the image if something
 * of the process is left whose end can be seen. */
void cloche_end_modules(void);

/* `sys` and `builtins` are cleared, too. 1: nothing is left whose end could be seen; the process
 * may just end. 0: CPython's own end goes on. */
int cloche_end_is_near(void);

#endif
