#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/environment.h"
#include "core/base/fail_point.h"
#include "core/base/file.h"
#include "mpi/cli/exit_code.h"
#include "mpi/cli/launcher.h"

/* Facts about the process; read by process_leave, which may interrupt anything. */
static volatile sig_atomic_t own_rank = 0, joined = false;
static volatile sig_atomic_t ended = false, code_at_end = EXIT_DONE;
static char exit_file[PATH_MAX];

/* A file that is opened later would get the number of a standard stream that is closed, and our words with it. Reading
 * and writing there fails. */
static status open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return status_fail(STATUS_IO, "cannot open /dev/null: %s", strerror(errno));
    }
    return status_ok();
}

status process_start(void)
{
    own_rank = launcher_rank();
    TRY(environment_check());
    const char *path = environment_text(ENVIRONMENT_EXIT_FILE);
    if (path != NULL) snprintf(exit_file, sizeof exit_file, "%s", path);
    TRY(open_standard_streams());
    /* Writing then fails, with a reason: nobody reads any more; the file would be larger than ulimit -f allows. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        return status_fail(STATUS_IO, "cannot ignore SIGPIPE and SIGXFSZ");
    return fail_points_arm(own_rank);
}

void process_joined(int rank)
{
    own_rank = rank;
    joined = true;
}

/* A launcher that misses this file sees a death. */
static void leave_code(int code)
{
    if (exit_file[0] == '\0' || own_rank != 0) return;
    char digits[16], *at = digits + sizeof digits;
    *--at = '\n';
    for (int rest = code; rest > 0 || at == digits + sizeof digits - 1; rest /= 10) *--at = (char)('0' + rest % 10);
    int file = open(exit_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) return;
    ssize_t written = write(file, at, (size_t)(digits + sizeof digits - at));
    (void)written;
    close(file);
}

/* The reader has gone: head(1) has seen enough. */
static bool nobody_reads(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

/* What was lost earlier has left its mark in the stream, but no reason. */
static status end_output(void)
{
    bool lost = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !lost) return status_ok();
    int reason = errno;
    if (reason == EPIPE || nobody_reads()) return status_ok();
    return status_fail(STATUS_IO, "what was printed is not complete: writing to standard output failed%s%s",
                       reason != 0 ? ": " : "", reason != 0 ? strerror(reason) : "");
}

int process_end(status outcome, int exit_code)
{
    status written = end_output();
    if (!failed(outcome)) outcome = written;
    int code = failed(outcome) ? exit_code_of(outcome) : exit_code;
    bool repeats = own_rank != 0 && !joined && code == EXIT_USAGE;
    if (repeats) code = EXIT_DONE;
    /* Every rank may have its own reason to miss rank 0. */
    if (failed(outcome) && !repeats && (own_rank == 0 || outcome.code == STATUS_MPI || !joined)) {
        fprintf(stderr, "bitfront: %s\n", outcome.message);
        fflush(stderr);
    }
    leave_code(code);
    code_at_end = code;
    ended = true;
    return code;
}

void process_leave(int exit_code, const char *text)
{
    if (ended) _exit(code_at_end);
    file_replace_leave();
    if (own_rank == 0) {
        ssize_t told = write(STDERR_FILENO, text, strlen(text));
        (void)told;
    }
    leave_code(exit_code);
    _exit(exit_code);
}
