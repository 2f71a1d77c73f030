/* One instruction of the machine (bulk memory). */
#include <string.h>

void* memset(void* to, int c, size_t n) { return __builtin_memset(to, c, n); }
