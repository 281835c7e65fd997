#define _XOPEN_SOURCE 700
#include "tests/support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATHS = 32 };

static void give_up(const char *path)
{
    perror(path);
    abort();
}

scratch scratch_make(void)
{
    scratch s;
    const char *parent = getenv("TMPDIR");
    snprintf(s.path, sizeof s.path, "%s/bitfront_test_XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(s.path) == NULL) give_up(s.path);
    return s;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

void scratch_remove(const scratch *s)
{
    if (nftw(s->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) give_up(s->path);
}

scratch scratch_place;

int scratch_set_up(void **state)
{
    (void)state;
    scratch_place = scratch_make();
    return 0;
}

int scratch_tear_down(void **state)
{
    (void)state;
    scratch_remove(&scratch_place);
    return 0;
}

const char *scratch_file(const scratch *s, const char *name)
{
    static char paths[PATHS][SCRATCH_PATH + 256];
    static int next;
    char *path = paths[next++ % PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", s->path, name);
    return path;
}
