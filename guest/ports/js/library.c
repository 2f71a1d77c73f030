// The modules of lib/, each as the text of a function.
#include <string.h>

#include "js.h"

static const struct {
  const char* name;
  const char* text;
  size_t size;
} kModules[] = {
#include "modules.inc"
};

const char* js_library(const char* name, size_t* size) {
  for (size_t i = 0; i < sizeof kModules / sizeof *kModules; ++i) {
    if (strcmp(kModules[i].name, name) != 0) continue;
    *size = kModules[i].size;
    return kModules[i].text;
  }
  return NULL;
}
