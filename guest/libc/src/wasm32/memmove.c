/* One instruction of the machine (bulk memory). */
#include <string.h>

void* memmove(void* to, const void* from, size_t n) { return __builtin_memmove(to, from, n); }
