/* What src/wasm32/malloc.c needs of its surroundings, for malloc_model.c. */
#define EXPORT static __attribute__((__unused__))
#define LOCK(x) ((void)(x))
#define UNLOCK(x) ((void)(x))

char* test_break(char* end);
static inline char* system_break(char* end) { return test_break(end); }
static inline void* system_map(size_t size) {
  return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static inline void system_unmap(void* map, size_t size) { munmap(map, size); }
static inline void* system_remap(void* map, size_t old_size, size_t size) {
  return mremap(map, old_size, size, MREMAP_MAYMOVE);
}
