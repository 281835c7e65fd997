/* build_id: which program runs. */
#ifndef RESULTS_FILE_BUILD_ID_H
#define RESULTS_FILE_BUILD_ID_H

/* The first digits of the linker's checksum of this program (its GNU build-id); "none" for a linker that makes none. */
const char *build_id(void);

#endif
