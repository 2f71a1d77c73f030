/* python3 starts from a ready image (docs/ready-images.md): what image.c and configuration.c share.
 */
#ifndef CLOCHE_PYTHON_IMAGE_H
#define CLOCHE_PYTHON_IMAGE_H

#include <Python.h>

/* Remembers the environment, the files and the configuration that the interpreter of the image was
 * made with. 0: it cannot. */
int note_configuration(void);

/* Reads this process's arguments and variables as Python does at its start, and gives the
 * interpreter what may differ between processes of one image. 0: something else differs, too, or
 * cannot be told; nothing is changed then. May end the process, as for --help. */
int take_configuration(int argc, char** argv);

/* What `site` knows of the user, by the configuration and os.environ as they are now. 0: no memory.
 */
int take_user_site(void);

#endif
