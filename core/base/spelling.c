#include "core/base/spelling.h"

#include <stddef.h>
#include <string.h>

int spelling_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    int row[LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > LONGEST || lb > LONGEST) return LONGEST;
    for (size_t j = 0; j <= lb; j++) row[j] = (int)j;
    for (size_t i = 1; i <= la; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= lb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[lb];
}

int spelling_limit(const char *word)
{
    return 2 + (int)strlen(word) / 4;
}

const char *spelling_nearer(const char *best, const char *name, const char *word)
{
    const int now = best != NULL ? spelling_distance(best, word) : spelling_limit(word);
    return spelling_distance(name, word) < now ? name : best;
}
