/* faults: several failures as one: what is wrong with a file is told at once, a line each. */
#ifndef CORE_BASE_FAULTS_H
#define CORE_BASE_FAULTS_H

#include "core/base/status.h"

typedef struct {
    status all; /* at first OK */
    int untold; /* lines that found no room */
} faults;

/* OK is ignored, and so is a line that was told before. A failure that is not of the input (memory, file system) stands
 * alone: it takes the place of all. */
void faults_add(faults *f, status s);

bool faults_any(const faults *f);

/* All of them: one line each, in the order they were added, and at the end how many more there are. */
MUST_CHECK status faults_end(const faults *f);

#endif
