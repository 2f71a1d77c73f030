/* The arguments of the program, for the functions that find main (main_void.c). */
int __cloche_argc;
char** __cloche_argv;
