/* How _start finds main. The compiler names main(int, char **) `__main_argc_argv`, gives main(void)
 * the second name `__main_void`, and leaves main(int, char **, char **) as it is. _start calls
 * __main_void; a program that does not define it gets this one, and so on (main_argc_argv.c). */
extern int __cloche_argc;
extern char** __cloche_argv;
int __main_argc_argv(int argc, char** argv);

int __main_void(void) { return __main_argc_argv(__cloche_argc, __cloche_argv); }
