#define _DEFAULT_SOURCE /* winsize */
#define _POSIX_C_SOURCE 200809L
#include "results/report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_WIDTH = 80, LEAST_WIDTH = 40, MOST_WIDTH = 160 };

int terminal_width(FILE *out, int asked)
{
    struct winsize size;
    int width = asked;
    int fd = fileno(out); /* -1 for a stream in memory */
    if (width == 0 && fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0) width = size.ws_col;
    if (width == 0) width = DEFAULT_WIDTH;
    return width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : width;
}

/* The first of these that is set decides, as in setlocale, which belongs to the program and not to a library. */
bool terminal_knows_unicode(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value == NULL || value[0] == 0) continue;
        return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL || strstr(value, "UTF8") != NULL ||
               strstr(value, "utf-8") != NULL;
    }
    return false;
}
