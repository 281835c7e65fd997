#define _GNU_SOURCE /* syscall, RTLD_NEXT */
#include "mpi/link/runtime.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/environment.h"
#include "mpi/link/agree.h"
#include "mpi/link/mpi_status.h"
#include "mpi/link/node_window.h"
#include "mpi/link/world_internal.h"

enum { END_SECONDS = 10, START_SECONDS = 600 };
enum { CODE_OF_MPI = 1 }; /* what Open MPI ends a process with that it cannot start */

/* Facts about the process, like its signals. */
static link_world *all_ranks = NULL; /* NULL: not started */
static bool agreed = false, ranks_lost = false;
static volatile sig_atomic_t late_code;        /* for leave_late */
static volatile sig_atomic_t starting = false; /* MPI is about to start ... */
static volatile sig_atomic_t code_when_failed; /* ... and this is the exit code if it cannot */

/* MPI_Init does not return when it fails: Open MPI calls _exit(1), which would mean that some tasks have failed. The
 * program's own _exit is found before that of the C library. */
void _exit(int code)
{
    syscall(SYS_exit_group, starting && code == CODE_OF_MPI ? (int)code_when_failed : code);
    __builtin_unreachable();
}

/* mpirun is told the code before that, by this function of Open MPI, which it calls as any other program would. */
struct ompi_communicator_t;
int ompi_mpi_abort(struct ompi_communicator_t *comm, int code);
int ompi_mpi_abort(struct ompi_communicator_t *comm, int code)
{
    union {
        void *found;
        int (*call)(struct ompi_communicator_t *comm, int code);
    } own = {dlsym(RTLD_NEXT, "ompi_mpi_abort")};
    if (starting) code = (int)code_when_failed;
    if (own.found == NULL) _exit(code);
    return own.call(comm, code);
}

static void start_failed(int number)
{
    (void)number;
    static const char text[] = "bitfront: the start takes too long: is a rank dead? Run the same command again\n";
    ssize_t told = write(STDERR_FILENO, text, sizeof text - 1);
    (void)told;
    _exit(code_when_failed);
}

static void leave_late(int number)
{
    (void)number;
    _exit(late_code);
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

/* MPI_Init wants nothing of the command line. A rank that fails behind it tells the others, who would wait for it. */
static status start_mpi(void)
{
    static const char *const preparing = "preparing MPI";
    starting = true;
    status s = mpi_status(MPI_Init(NULL, NULL), "starting MPI");
    starting = false;
    TRY(s);
    MPI_Comm comm;
    TRY(mpi_status(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), preparing));
    TRY(mpi_status(MPI_Comm_dup(MPI_COMM_WORLD, &comm), preparing));
    link_world started = {.comm = MPI_COMM_WORLD};
    TRY(mpi_status(MPI_Comm_rank(started.comm, &started.rank), preparing));
    TRY(mpi_status(MPI_Comm_size(started.comm, &started.size), preparing));
    s = agree(&started, world_from(&all_ranks, comm));
    if (!failed(s)) return s;
    world_close(all_ranks);
    all_ranks = NULL;
    return s;
}

status runtime_start(const link_world **out, bool launched, int exit_code)
{
    *out = NULL;
    code_when_failed = exit_code;
    if (launched) {
        int64_t limit = START_SECONDS;
        environment_whole(&limit, ENVIRONMENT_START_LIMIT);
        node_window_choose_place();
        if (runtime_recovers()) limit_seconds((unsigned)limit, start_failed);
        TRY(start_mpi());
    } else {
        TRY(world_alone(&all_ranks));
    }
    *out = all_ranks;
    return status_ok();
}

/* All ranks leave with the same code, so that the launcher reports it whichever rank it looks at. */
status runtime_agree_end(status outcome, int *exit_code)
{
    if (ranks_lost || outcome.code == STATUS_MPI) return outcome;
    if (runtime_recovers()) { /* a rank that dies now will not agree */
        late_code = code_when_failed;
        limit_seconds(END_SECONDS, leave_late);
    }
    status shared = agree(all_ranks, outcome);
    if (shared.code == STATUS_MPI) return shared;
    TRY(agree_bytes(all_ranks, 0, exit_code, sizeof *exit_code));
    agreed = true;
    return shared;
}

void runtime_finish(int exit_code)
{
    int initialized = 0;
    if (MPI_Initialized(&initialized) != MPI_SUCCESS || !initialized) {
        world_close(all_ranks); /* alone, or none */
        all_ranks = NULL;
        return;
    }
    if (ranks_lost && runtime_recovers()) _exit(exit_code); /* MPI_Abort would end what survives */
    if (!agreed) MPI_Abort(MPI_COMM_WORLD, exit_code);
    /* If the end of MPI takes longer than this, the process leaves without it. */
    late_code = exit_code;
    limit_seconds(END_SECONDS, leave_late);
    world_close(all_ranks);
    all_ranks = NULL;
    MPI_Finalize();
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
