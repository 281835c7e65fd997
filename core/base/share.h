/* share: the files that come with the program (networks, recipes, configurations), found from any directory: installed
 * in PREFIX/share/bitfront, in a clone beside the folder of the build. */
#ifndef CORE_BASE_SHARE_H
#define CORE_BASE_SHARE_H

#include <stdbool.h>

enum { SHARE_PATH = 1024 };

/* The folder that has configs/; false: the program stands alone. */
bool share_directory(char out[SHARE_PATH]);

/* The path of another program in the folder of this one, whether it is there or not; false: the folder is not known. */
bool share_program(char out[SHARE_PATH], const char *name);

/* A file that came with the program: configs/FOLDER/GIVEN.cfg for a plain name ("" for configs itself), or the same
 * path
 * ("configs/networks/resnet8.cfg"). */
bool share_file(char out[SHARE_PATH], const char *given, const char *folder);

/* The same, but first `given` itself, if there is such a file, and at last, too: what is wrong with it, its reader
 * says. */
void share_find(char out[SHARE_PATH], const char *given, const char *folder);

/* A path inside that folder (../data/x.h5 of a configuration that came with the program): *out is the same path from
 * the current directory, where users keep their data. Any other path: false. */
bool share_to_here(char out[SHARE_PATH], const char *path);

/* What somebody may have meant by a path that does not exist, for the end of a message: "; did you mean data/a.h5?",
 * the nearest name in the same folder; of a plain name also the nearest that came with the program in configs/FOLDER
 * (NULL: none). "" without any. */
typedef struct {
    char text[320];
} share_hint;
share_hint share_nearest(const char *path, const char *folder);

#endif
