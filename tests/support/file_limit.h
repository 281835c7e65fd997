/* file_limit: a limit on the size of files stops writes in the middle, as a full disk does. */
#ifndef TESTS_SUPPORT_FILE_LIMIT_H
#define TESTS_SUPPORT_FILE_LIMIT_H

#include <sys/resource.h>

/* Returns the limit that was there, to be set again. Fails the test when the system refuses. */
rlim_t file_limit_set(rlim_t bytes);

#endif
