/* A 64-bit argument is two registers, low half first, without padding. */
#define __SYSCALL_LL_E(x) \
  ((union {               \
    long long ll;         \
    long l[2];            \
  }){.ll = x})            \
      .l[0],              \
      ((union {           \
        long long ll;     \
        long l[2];        \
      }){.ll = x})        \
          .l[1]
#define __SYSCALL_LL_O(x) __SYSCALL_LL_E((x))

/* Calls are made through cloche_syscalls.h (generated): src/internal/syscall.h turns a constant
 * number into a typed import. A number in a variable would be a call of this function, which does
 * not exist: an error when the program is linked. */
long __syscall6(long, long, long, long, long, long, long);
