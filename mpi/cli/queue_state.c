#define _POSIX_C_SOURCE 200809L
#include "mpi/cli/queue_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* False: squeue is not there, or did not answer. *answer is empty when it does not know the job. */
static bool ask(char answer[96], const char *job)
{
    char command[128];
    answer[0] = '\0';
    snprintf(command, sizeof command, "timeout 2 squeue -h -j %s -o '%%T (%%r)' 2>&1", job);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) return false;
    if (fgets(answer, 96, pipe) == NULL) answer[0] = '\0';
    const int end = pclose(pipe);
    answer[strcspn(answer, "\n")] = '\0';
    if (strstr(answer, "Invalid job id") != NULL) {
        answer[0] = '\0';
        return true;
    }
    return WIFEXITED(end) && WEXITSTATUS(end) == 0;
}

queue_state queue_state_ask(run_look *look)
{
    queue_state q = {.count = 0};
    int kept = 0;
    for (int i = 0; i < look->queued_count; i++) {
        char answer[96], job[32];
        strcpy(job, look->queued[i]);
        const bool asked = ask(answer, job);
        if (asked && answer[0] == '\0') {
            snprintf(q.jobs[q.count++], sizeof q.jobs[0], "Slurm job %s has left the queue without having started", job);
            continue;
        }
        snprintf(q.jobs[q.count++], sizeof q.jobs[0], "Slurm job %s is in the queue again and continues by itself: %s",
                 job, asked ? answer : "squeue does not answer here, ask it there");
        strcpy(look->queued[kept++], job);
    }
    look->queued_count = kept;
    q.any = kept > 0;
    return q;
}

void queue_state_print(FILE *out, const queue_state *q)
{
    for (int i = 0; i < q->count; i++) fprintf(out, "queue    %s\n", q->jobs[i]);
}
