/* Programs that are ready when they start. docs/ready-images.md
 *
 * What a program does in every process before it looks at its arguments can be done once: the host
 * runs cloche_warm_up() in an empty sandbox, keeps the memory that it leaves, and starts processes
 * from there by cloche_resume(). A host that has no image calls main(), as always. */
#ifndef CLOCHE_WARM_H
#define CLOCHE_WARM_H

#ifdef __cplusplus
extern "C" {
#endif

/* Defined by the program. Runs after the constructors, in a sandbox without files but those of the
 * pack, with a default environment and the program's path as its only argument. What it leaves in
 * memory is shared by all processes of all sandboxes, so it must not depend on the moment. It must
 * return, and leave no descriptors, threads, children, timers or shared mappings behind: else there
 * is no image. Signal actions stay. */
void cloche_warm_up(void);

/* Defined by the program, in place of main(): what it returns is the exit status. argv and environ
 * are those of this process; malloc, streams and locale are as cloche_warm_up() left them. Whatever
 * must differ between processes, such as seeds of random numbers, is to be renewed here. */
int cloche_resume(int argc, char** argv);

/* Starts the process again from its beginning, by main(), with the same arguments, environment and
 * descriptors: for when they do not fit what was warmed up. Returns -1 with EINVAL in a process that
 * did not start from an image, or has several threads. */
int cloche_start_cold(void);

#ifdef __cplusplus
}
#endif
#endif
