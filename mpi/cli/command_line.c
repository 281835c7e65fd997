#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/command_line.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/environment.h"

/* Appends a word, in quotes if a shell would take it apart; false: no room. */
static bool add_word(char out[COMMAND_LINE], const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:=,@%";
    size_t used = strlen(out);
    const bool quoted = word[0] == '\0' || strspn(word, plain) != strlen(word);
    if (used + 4 * strlen(word) + 4 > COMMAND_LINE) return false;
    if (used > 0) out[used++] = ' ';
    if (quoted) out[used++] = '\'';
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            memcpy(out + used, "'\\'", 3);
            used += 3;
        }
        out[used++] = *word;
    }
    if (quoted) out[used++] = '\'';
    out[used] = '\0';
    return true;
}

void command_line_text(char out[COMMAND_LINE], int argc, char *const *argv, int ranks)
{
    char program[PATH_MAX + 16], count[16];
    const char *given = environment_text(ENVIRONMENT_COMMAND);
    out[0] = '\0';
    if (given != NULL && strlen(given) < COMMAND_LINE) {
        strcpy(out, given);
        return;
    }
    const ssize_t length = readlink("/proc/self/exe", program, PATH_MAX);
    snprintf(program + (length > 0 ? length : 0), 16, "%s", length > 0 ? "" : "bitfront");
    snprintf(count, sizeof count, "%d", ranks);
    bool fits = ranks <= 1 || (add_word(out, "mpirun") && add_word(out, "-n") && add_word(out, count));
    fits = fits && add_word(out, program);
    for (int i = 0; i < argc && fits; i++) fits = add_word(out, argv[i]);
    if (!fits) out[0] = '\0';
}

void command_line_folder(char out[COMMAND_LINE])
{
    char folder[COMMAND_LINE];
    out[0] = '\0';
    if (getcwd(folder, sizeof folder) == NULL || !add_word(out, folder)) out[0] = '\0';
}
