#define _POSIX_C_SOURCE 200809L
#include "mpi/link/runtime.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fail_point.h"
#include "mpi/link/agree.h"
#include "mpi/link/node_window.h"

static volatile sig_atomic_t wish = STOP_NOT;   /* a signal handler can reach nothing else */
static bool ranks_lost = false;                 /* a fact about the process, like its signals */
enum { END_SECONDS = 10, START_SECONDS = 600 }; /* MPI_Finalize waits for ranks that die at the very end */

static void want_stop(int number)
{
    stop_wish wanted = number == SIGUSR1 ? STOP_AT_BOUNDARY : STOP_NOW;
    if (wanted > (stop_wish)wish) wish = wanted;
}

status runtime_catch_signals(void)
{
    wish = STOP_NOT;
    struct sigaction polite = {.sa_handler = want_stop, .sa_flags = SA_RESTART};
    sigemptyset(&polite.sa_mask);
    struct sigaction once = polite;
    once.sa_flags = (int)(SA_RESTART | SA_RESETHAND); /* a second Ctrl-C does not wait for the end of a step */
    /* mpirun passes USR1 and USR2 on, but answers TERM by killing: bitfront-run makes USR2 of a TERM. */
    if (sigaction(SIGUSR1, &polite, NULL) != 0 || sigaction(SIGUSR2, &polite, NULL) != 0 ||
        sigaction(SIGTERM, &polite, NULL) != 0 || sigaction(SIGINT, &once, NULL) != 0)
        return status_fail(STATUS_IO, "cannot install signal handlers");
    return status_ok();
}

/* Set by mpirun, and by srun with one of its MPI plugins. */
static bool started_by_launcher(void)
{
    static const char *const marks[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (getenv(marks[i]) != NULL) return true;
    return false;
}

static void start_failed(int number)
{
    (void)number;
    static const char text[] = "bitfront: the start takes too long: is a rank dead? Run the same command again\n";
    ssize_t told = write(STDERR_FILENO, text, sizeof text - 1);
    (void)told;
    _exit(EXIT_JOB_FAILED);
}

static void limit_seconds(unsigned seconds, void (*then)(int))
{
    struct sigaction act = {.sa_handler = then};
    sigemptyset(&act.sa_mask);
    if (sigaction(SIGALRM, &act, NULL) == 0) alarm(seconds);
}

void runtime_started(void)
{
    alarm(0);
}

static unsigned start_limit(void)
{
    const char *given = getenv("BITFRONT_START_LIMIT");
    return given != NULL && atoi(given) > 0 ? (unsigned)atoi(given) : START_SECONDS;
}

status runtime_start(runtime *out, int *argc, char ***argv, bool needs_mpi)
{
    runtime rt = {.uses_mpi = needs_mpi || started_by_launcher(), .rank = 0, .size = 1, .world = MPI_COMM_NULL};
    if (rt.uses_mpi) {
        node_window_choose_place();
        if (needs_mpi && runtime_recovers()) limit_seconds(start_limit(), start_failed);
        TRY(mpi_status(MPI_Init(argc, argv), "starting MPI"));
        TRY(mpi_status(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "preparing MPI"));
        TRY(mpi_status(MPI_Comm_dup(MPI_COMM_WORLD, &rt.world), "preparing MPI"));
        TRY(mpi_status(MPI_Comm_rank(rt.world, &rt.rank), "asking for the rank"));
        TRY(mpi_status(MPI_Comm_size(rt.world, &rt.size), "asking for the number of ranks"));
    }
    TRY(fail_points_arm(rt.rank));
    TRY(runtime_catch_signals()); /* after MPI_Init, which may install its own */
    *out = rt;
    return status_ok();
}

int runtime_exit_code(status outcome)
{
    switch (outcome.code) {
    case STATUS_OK:
        return EXIT_DONE;
    case STATUS_CONFIG:
    case STATUS_DATA:
        return EXIT_USAGE;
    case STATUS_NUMERIC:
        return EXIT_TASKS_FAILED;
    case STATUS_STOPPED:
        return EXIT_STOPPED;
    default:
        return EXIT_JOB_FAILED;
    }
}

static void tell(status outcome)
{
    fflush(stdout);
    fprintf(stderr, "bitfront: %s\n", outcome.message);
    fflush(stderr);
}

/* For bitfront-run: what mpirun returns says little once ranks may die. A launcher that misses this file sees a death.
 */
static void leave_code(int code)
{
    const char *path = getenv("BITFRONT_EXIT_FILE");
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file == NULL) return;
    fprintf(file, "%d\n", code);
    fclose(file);
}

static volatile sig_atomic_t late_code = EXIT_DONE;

static void leave_late(int number)
{
    (void)number;
    _exit(late_code);
}

/* Everything is said and written: if the end of MPI takes longer than this, the process leaves without it. */
static void limit_the_end(int code)
{
    late_code = code;
    limit_seconds(END_SECONDS, leave_late);
}

/* Only rank 0 speaks, except that every rank may have its own reason to miss rank 0. */
static void leave_without_mpi(const runtime *rt, status outcome, int exit_code)
{
    int code = failed(outcome) ? runtime_exit_code(outcome) : exit_code;
    if (failed(outcome) && (rt->rank == 0 || outcome.code == STATUS_MPI)) tell(outcome);
    fflush(stdout);
    if (rt->rank == 0) leave_code(code);
    _exit(code);
}

int runtime_finish(runtime *rt, status outcome, int exit_code)
{
    if (ranks_lost) leave_without_mpi(rt, outcome, exit_code);
    if (!rt->uses_mpi) {
        if (failed(outcome)) tell(outcome);
        return failed(outcome) ? runtime_exit_code(outcome) : exit_code;
    }
    if (runtime_recovers()) limit_the_end(EXIT_JOB_FAILED); /* a rank that dies now will not agree */
    /* All leave with the same code, so that the launcher reports it whichever rank it looks at. */
    status shared = outcome.code == STATUS_MPI ? outcome : agree(rt->world, outcome);
    int code = failed(shared) ? runtime_exit_code(shared) : exit_code;
    if (shared.code != STATUS_MPI) {
        if (rt->rank == 0 && failed(shared)) tell(shared);
        status last = agree_bytes(rt->world, 0, &code, sizeof code);
        if (!failed(last)) {
            fflush(stdout);
            if (rt->rank == 0) leave_code(code);
            limit_the_end(code);
            MPI_Comm_free(&rt->world);
            MPI_Finalize();
            return code;
        }
        shared = last;
    }
    tell(shared);
    MPI_Abort(MPI_COMM_WORLD, EXIT_JOB_FAILED);
    return EXIT_JOB_FAILED;
}

stop_wish runtime_stop_wish(void)
{
    return (stop_wish)wish;
}

void runtime_lost_ranks(void)
{
    ranks_lost = true;
}

bool runtime_has_lost_ranks(void)
{
    return ranks_lost;
}

bool runtime_recovers(void)
{
    const char *set = getenv("OMPI_MCA_orte_enable_recovery"); /* mpirun exports its options */
    return set != NULL && (strcmp(set, "1") == 0 || strcmp(set, "true") == 0);
}

void runtime_mpi_version(char out[96])
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) strcpy(text, "unknown");
    text[strcspn(text, ",\n")] = '\0'; /* Open MPI: "Open MPI v4.1.4, package: ..., ident: ..." */
    snprintf(out, 96, "%.95s", text);
}
