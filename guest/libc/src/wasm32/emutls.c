/* _Thread_local and thread_local, as the compiler emulates them: each variable has a control block,
 * each access asks for the calling thread's copy. A thread's copies hang on a table in its thread
 * block and die with the thread (patches/free-emulated-tls.patch). */
#include <stdint.h>
#include <string.h>

#include "pthread_impl.h"

#define malloc __libc_malloc
#define realloc __libc_realloc
#define free __libc_free
extern void *malloc(size_t), *realloc(void*, size_t);
extern void free(void*);

struct control {
  size_t size, align;
  uintptr_t index; /* 1, 2, ...; 0 until the first access */
  const void* initial;
};

/* table[0] is the number of entries that follow. An entry points into a block whose start, which
 * malloc gave, is stored just before the variable. */
typedef uintptr_t* Table;

static uintptr_t variables;

static _Noreturn void out_of_memory(void) { a_crash(); }

static void* new_copy(const struct control* control) {
  size_t align = control->align < sizeof(void*) ? sizeof(void*) : control->align;
  char* block = malloc(control->size + align + sizeof(void*));
  if (!block) out_of_memory();
  char* copy = (char*)(((uintptr_t)block + sizeof(void*) + align - 1) & -align);
  ((void**)copy)[-1] = block;
  if (control->initial) {
    memcpy(copy, control->initial, control->size);
  } else {
    memset(copy, 0, control->size);
  }
  return copy;
}

static Table grow(pthread_t self, uintptr_t index) {
  uintptr_t old = self->dtv ? self->dtv[0] : 0;
  uintptr_t size = index + 15 & -16;
  Table table = realloc(self->dtv, (size + 1) * sizeof *table);
  if (!table) out_of_memory();
  memset(table + 1 + old, 0, (size - old) * sizeof *table);
  table[0] = size;
  self->dtv = table;
  return table;
}

__attribute__((__noinline__)) static void* first_access(struct control* control) {
  pthread_t self = __pthread_self();
  if (!control->index) control->index = ++variables;
  uintptr_t index = control->index;
  Table table = self->dtv && index <= self->dtv[0] ? self->dtv : grow(self, index);
  if (!table[index]) table[index] = (uintptr_t)new_copy(control);
  return (void*)table[index];
}

void* __emutls_get_address(struct control* control) {
  Table table = __pthread_self()->dtv;
  uintptr_t index = control->index;
  if (table && index - 1 < table[0] && table[index]) return (void*)table[index];
  return first_access(control);
}

/* The end of the calling thread, after its destructors. */
void __cloche_free_tls(void) {
  Table table = __pthread_self()->dtv;
  if (!table) return;
  for (uintptr_t i = 1; i <= table[0]; i++) {
    if (table[i]) free(((void**)table[i])[-1]);
  }
  __pthread_self()->dtv = 0;
  free(table);
}
