/* For programs that start from a ready image of their memory (guest/sdk/cloche/include/cloche/warm.h):
 * what __init_libc() does for each process again, and nothing of what it does once. The heap,
 * thread-locals, locale and streams stay as the image has them. Not to be called by a function with
 * a stack protector: its canary is new afterwards. */
#include <elf.h>
#include <unistd.h>

#include "libc.h"
#include "pthread_impl.h"
#include "syscall.h"

extern volatile int __thread_list_lock;
void __init_ssp(void*);
__attribute__((__import_module__("kern"), __import_name__("set_sigword"))) long __kern_set_sigword(
    volatile int* word);

enum { kKeys = 38 };

/* `environment` ends with a null pointer, the auxiliary vector follows; both, and `name`, are for
 * the life of the program. */
void __cloche_restart(char** environment, char* name) {
  __environ = environment;
  char** end = environment;
  while (*end) end++;
  size_t values[kKeys] = {0};
  libc.auxv = (size_t*)(end + 1);
  for (size_t* pair = libc.auxv; pair[0]; pair += 2)
    if (pair[0] < kKeys) values[pair[0]] = pair[1];
  libc.page_size = values[AT_PAGESZ];
  libc.secure = values[AT_SECURE] != 0;
  __progname = __progname_full = name;
  for (char* at = name; *at; at++)
    if (*at == '/') __progname = at + 1;
  __init_ssp((void*)values[AT_RANDOM]);
  __pthread_self()->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
  __kern_set_sigword(&__cloche_sigword);
}
