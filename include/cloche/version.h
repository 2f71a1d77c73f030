// Which Cloche this is. CMakeLists.txt reads the numbers from here.
#ifndef CLOCHE_VERSION_H
#define CLOCHE_VERSION_H

#define CLOCHE_VERSION_MAJOR 0
#define CLOCHE_VERSION_MINOR 1
#define CLOCHE_VERSION_PATCH 0

// To compare: 0.1.0 is 100, 2.3.4 is 20304.
#define CLOCHE_VERSION_NUMBER \
  (CLOCHE_VERSION_MAJOR * 10000 + CLOCHE_VERSION_MINOR * 100 + CLOCHE_VERSION_PATCH)

#define CLOCHE_VERSION_TEXT_OF(number) #number
#define CLOCHE_VERSION_DOTTED(major, minor, patch) \
  CLOCHE_VERSION_TEXT_OF(major) "." CLOCHE_VERSION_TEXT_OF(minor) "." CLOCHE_VERSION_TEXT_OF(patch)
#define CLOCHE_VERSION_STRING \
  CLOCHE_VERSION_DOTTED(CLOCHE_VERSION_MAJOR, CLOCHE_VERSION_MINOR, CLOCHE_VERSION_PATCH)

// Of the C interface, and the number in the name of the shared library, libcloche.so.1. It grows
// when a program that was built before would no longer run with the new library (docs/library.md).
#define CLOCHE_ABI_VERSION 1

#endif
