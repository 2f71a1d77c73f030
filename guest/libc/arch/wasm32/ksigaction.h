/* rt_sigaction's structure as abi/README.md has it: handlers return as functions do, so there is no
 * restorer. */
struct k_sigaction {
  void (*handler)(int);
  unsigned long flags;
  unsigned mask[2];
};
