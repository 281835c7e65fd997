#define _GNU_SOURCE /* execvpe */
#include "results/report/report_gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "results/report/report_text.h"

enum { NOT_FOUND = 127, NOT_STARTED = 126, PATH_BYTES = 4400 };
extern char **environ;

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

status gnuplot_format_of(gnuplot_format *out, const char *path)
{
    static const gnuplot_format formats[] = {
        {"png", "set terminal pngcairo noenhanced size 1200,840 font 'Sans,15' linewidth 1.2"},
        {"svg", "set terminal svg noenhanced size 1200,840 dynamic font 'Sans,15' linewidth 1.2 background '#ffffff'"},
        {"pdf", "set terminal pdfcairo noenhanced size 20cm,14cm font 'Sans,11' linewidth 1.2"}};
    const char *dot = strrchr(name_of(path), '.');
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (dot != NULL && strcmp(dot + 1, formats[i].ending) == 0) {
            *out = formats[i];
            return status_ok();
        }
    return status_fail(STATUS_CONFIG, "%.200s: a picture is a .png, .svg or .pdf", path);
}

void gnuplot_begin(FILE *out, const gnuplot_format *f, const char *path)
{
    fprintf(out,
            "# Drawn by bitfront; draw again with gnuplot, in the folder of this file.\n%s\n"
            "set output (exists('ARG1') && strlen(ARG1) > 0 ? ARG1 : '",
            f->setup);
    report_text_gnuplot(out, name_of(path));
    fprintf(out, "')\nset encoding utf8\n");
}

/* The environment without what gnuplot and the number format would obey; one allocation of pointers. */
static char **plain_environment(void)
{
    size_t count = 0, kept = 0;
    while (environ[count] != NULL) count++;
    char **out = malloc((count + 2) * sizeof *out);
    for (size_t i = 0; i < count && out != NULL; i++) {
        const char *const dropped[] = {"GNU", "LC_", "LANG=", "LANGUAGE=", "FIT_", "GDFONTPATH="};
        bool drop = false;
        for (size_t k = 0; k < sizeof dropped / sizeof *dropped; k++)
            drop = drop || strncmp(environ[i], dropped[k], strlen(dropped[k])) == 0;
        if (!drop) out[kept++] = environ[i];
    }
    if (out == NULL) return NULL;
    static char locale[] = "LC_ALL=C.UTF-8";
    out[kept++] = locale;
    out[kept] = NULL;
    return out;
}

/* In the child: gnuplot, its messages into the pipe. It dies with us, and writes no file behind our back. Only calls
 * that are safe after fork. */
static void become_gnuplot(char *const *arguments, char *const *environment, int messages)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDWR);
    if (nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(messages, 1) >= 0 && dup2(messages, 2) >= 0)
        execvpe("gnuplot", arguments, environment);
    _exit(errno == ENOENT || errno == ENOTDIR || errno == EACCES ? NOT_FOUND : NOT_STARTED);
}

/* Collects what gnuplot says (the end of it is dropped) until it closes its side. */
static void read_messages(char *out, size_t room, int from)
{
    size_t used = 0;
    char block[512];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0 || (got < 0 && errno == EINTR)) {
        if (got < 0) continue;
        size_t take = room - 1 - used < (size_t)got ? room - 1 - used : (size_t)got;
        memcpy(out + used, block, take);
        used += take;
    }
    out[used] = 0;
    for (size_t i = 0; i < used; i++)
        if (out[i] == '\n' || out[i] == '\t') out[i] = ' ';
}

static status run(bool *made, char *const *arguments, char *const *environment, const char *script)
{
    int ends[2], how = 0;
    if (pipe(ends) != 0) return status_fail(STATUS_IO, "cannot start gnuplot: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return status_fail(STATUS_IO, "cannot start gnuplot: %s", strerror(errno));
    }
    if (child == 0) become_gnuplot(arguments, environment, ends[1]);
    close(ends[1]);
    char messages[300];
    read_messages(messages, sizeof messages, ends[0]);
    close(ends[0]);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR) continue;
    *made = WIFEXITED(how) && WEXITSTATUS(how) == 0;
    /* A program that misses its libraries ends with the same code, but says so. */
    if (*made || (WIFEXITED(how) && WEXITSTATUS(how) == NOT_FOUND && messages[0] == '\0')) return status_ok();
    if (WIFEXITED(how) && WEXITSTATUS(how) == NOT_STARTED)
        return status_fail(STATUS_IO, "gnuplot could not be started for %.200s", script);
    return status_fail(STATUS_IO, "gnuplot could not draw %.200s: %s", script, messages);
}

/* gnuplot says nothing when the disk is full. A whole PNG ends with its last chunk, a PDF with %%EOF, an SVG with its
 * element. */
static status check_picture(const char *path)
{
    static const char *const ends[] = {"IEND\xae\x42\x60\x82", "%%EOF", "</svg>"};
    char last[64] = "";
    int fd;
    TRY(file_open_plain(&fd, path));
    off_t size = lseek(fd, 0, SEEK_END), from = size < (off_t)sizeof last - 1 ? 0 : size - ((off_t)sizeof last - 1);
    ssize_t got = pread(fd, last, sizeof last - 1, from);
    close(fd);
    for (ssize_t at = 0; at < got; at++)
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            if (got - at >= (ssize_t)strlen(ends[i]) && memcmp(last + at, ends[i], strlen(ends[i])) == 0)
                return status_ok();
    return status_fail(STATUS_IO, "the picture that gnuplot wrote is not complete: is the disk full?");
}

/* A name that begins with "-" would be an option. */
static void path_of(char out[PATH_BYTES], const char *path)
{
    snprintf(out, PATH_BYTES, "%s%.4300s", path[0] == '/' ? "" : "./", path);
}

static status draw(bool *made, const char *script, const char *picture)
{
    char file[PATH_BYTES], output[PATH_BYTES], program[] = "gnuplot", plain[] = "-d", call[] = "-c";
    path_of(file, script);
    path_of(output, picture);
    char *const arguments[] = {program, plain, call, file, output, NULL};
    char **environment = plain_environment();
    if (environment == NULL) return status_fail(STATUS_MEMORY, "no memory for starting gnuplot");
    status s = run(made, arguments, environment, script);
    free(environment);
    return !failed(s) && *made ? check_picture(picture) : s;
}

status gnuplot_draw(bool *made, const char *script, const char *picture)
{
    file_replacement place;
    *made = false;
    TRY(file_replace_begin(&place, picture));
    status s = draw(made, script, place.temporary);
    if (!failed(s) && *made) return file_replace_end(&place);
    file_replace_abandon(&place);
    unlink(place.target); /* an old picture must not pass for the new one */
    return s;
}
