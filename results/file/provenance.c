#define _POSIX_C_SOURCE 200809L
#include "results/file/provenance.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/libm.h"
#include "results/file/build_id.h"

#ifndef BITFRONT_REVISION
#define BITFRONT_REVISION "unknown"
#endif
#ifndef BITFRONT_COMPILER
#define BITFRONT_COMPILER "unknown"
#endif

enum { FORMAT = 1, LINE_BYTES = 512 };

const char *provenance_revision(void)
{
    return BITFRONT_REVISION;
}

const char *provenance_compiler(void)
{
    return BITFRONT_COMPILER;
}

const char *provenance_source(void)
{
    static char text[64];
    const char *revision = BITFRONT_REVISION, *ending = strrchr(revision, '-');
    const bool known = strcmp(revision, "unknown") != 0 && (ending == NULL || strcmp(ending, "-dirty") != 0);
    snprintf(text, sizeof text, "%.40s%s%.16s", revision, known ? "" : " ", known ? "" : build_id());
    return text;
}

/* "model name : Intel(R) Xeon(R) ..." of the first processor; other systems than Linux have no such file. */
static void read_cpu(char *out, size_t room)
{
    snprintf(out, room, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[LINE_BYTES];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "model name", 10) != 0) continue;
        const char *value = strchr(line, ':');
        line[strcspn(line, "\n")] = 0;
        if (value != NULL) snprintf(out, room, "%s", value + 1 + strspn(value + 1, " \t"));
        break;
    }
    if (file != NULL) fclose(file);
}

/* Read once: the kernel takes its time to write that file. */
static const char *find_cpu(void)
{
    static char cpu[LINE_BYTES];
    if (cpu[0] == '\0') read_cpu(cpu, sizeof cpu);
    return cpu;
}

static status write_facts(h5_id group, const char *kernels, const char *blas, const char *mpi)
{
    char host[256] = "unknown", now[24];
    if (gethostname(host, sizeof host - 1) != 0) snprintf(host, sizeof host, "unknown");
    clock_utc(now);
    const char *job = getenv("SLURM_JOB_ID");
    const struct {
        const char *name, *value;
    } facts[] = {
        {"description", "where this comes from: the build, the libraries and the machine that wrote the file"},
        {"revision", provenance_revision()},
        {"build", build_id()},
        {"compiler", provenance_compiler()},
        {"hdf5", h5_library_version()},
        {"blas", blas},
        {"mpi", mpi},
        {"kernels", kernels},
        {"c_library", libm_name()},
        {"random_numbers", "Philox 4x32-10"},
        {"host", host},
        {"cpu", find_cpu()},
        {"slurm_job", job != NULL ? job : ""},
        {"written_utc", now},
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        TRY(h5_set_text(group, ".", facts[i].name, facts[i].value));
    return h5_set_integer(group, ".", "format", FORMAT);
}

status provenance_write(h5_id parent, const char *kernels, const char *blas, const char *mpi)
{
    h5_id group;
    TRY(h5_group(&group, parent, "provenance"));
    status result = write_facts(group, kernels, blas, mpi);
    h5_group_close(group);
    return result;
}
