#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/stop.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "mpi/cli/exit_code.h"
#include "mpi/cli/process.h"

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t wish = STOP_NOT, polled = false, interrupted = false;

static void take_signal(int number)
{
    stop_wish wanted = number == SIGUSR1 ? STOP_AT_BOUNDARY : STOP_NOW;
    bool again = number == SIGINT && interrupted; /* a second Ctrl-C does not wait for the end of a step */
    if (number == SIGINT) interrupted = true;
    if (again || (wanted == STOP_NOW && !polled))
        process_leave(EXIT_STOPPED, "bitfront: stopped by a signal; run the same command again\n");
    if (wanted > (stop_wish)wish) wish = wanted;
}

static status catch (const int *signals, int count)
{
    struct sigaction act = {.sa_handler = take_signal, .sa_flags = SA_RESTART};
    sigemptyset(&act.sa_mask);
    for (int i = 0; i < count; i++)
        if (sigaction(signals[i], &act, NULL) != 0) return status_fail(STATUS_IO, "cannot install signal handlers");
    return status_ok();
}

status stop_at_once(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGXCPU};
    return catch (signals, 3);
}

status stop_by_wish(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGXCPU, SIGUSR1, SIGUSR2};
    return catch (signals, 5);
}

void stop_polled(void)
{
    polled = true;
}

stop_wish stop_wished(void)
{
    return (stop_wish)wish;
}

void stop_forget(void)
{
    wish = STOP_NOT;
    interrupted = false;
}
