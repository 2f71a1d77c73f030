/* For a program whose main takes the environment as well: see main_void.c. */
extern char** __environ;
int __cloche_main(int argc, char** argv, char** envp) __asm__("main");

int __main_argc_argv(int argc, char** argv) { return __cloche_main(argc, argv, __environ); }
