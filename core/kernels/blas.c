#define _DEFAULT_SOURCE /* mmap without a file */
#include "core/kernels/blas.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "core/kernels/kernels.h"

/* The name with the version of the interface is there without the development package. */
static const char *const library_names[] = {"libopenblas.so.0", "libopenblas.so"};
static const char *const core_variable = "OPENBLAS_CORETYPE", *const threads_variable = "OPENBLAS_NUM_THREADS";

/* The library and the buffer it takes at the first product: it retries for ever where that is not given. */
enum { ADDRESS_SPACE = 200 << 20 };
enum { CORE_LENGTH = 24 };

static struct {
    void *handle; /* NULL: not loaded */
    blas_functions functions;
    const char *(*config)(void), *(*core)(void);
    char core_by_itself[CORE_LENGTH]; /* "" when it was left alone */
    bool core_by_user;
} library;

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcasecmp(name, *list) == 0) return true;
    return false;
}

const char *blas_faster_core(const char *loaded, bool avx512, bool avx2)
{
    static const char *const with_avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};
    static const char *const with_avx2[] = {"Haswell", "Zen", "Excavator", NULL};
    if (is_one_of(loaded, with_avx512)) return NULL;
    if (avx512) return "SKYLAKEX";
    return avx2 && !is_one_of(loaded, with_avx2) ? "HASWELL" : NULL;
}

/* For this processor and the library as it is loaded. A library built for one core cannot be told. */
static const char *find_faster_core(void)
{
    if (strstr(library.config(), "DYNAMIC_ARCH") == NULL) return NULL;
    return blas_faster_core(library.core(), kernels_choose("avx512") != NULL, kernels_choose("avx2") != NULL);
}

static status check_address_space(void)
{
    void *place = mmap(NULL, ADDRESS_SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        return status_fail(STATUS_MEMORY, "no room for OpenBLAS, which takes %d MB of address space (ulimit -v): %s",
                           ADDRESS_SPACE >> 20, strerror(errno));
    munmap(place, ADDRESS_SPACE);
    return status_ok();
}

/* *target := the function `name`. */
static bool find(void *handle, void *target, const char *name)
{
    void *symbol = dlsym(handle, name);
    memcpy(target, &symbol, sizeof symbol); /* C has no conversion from objects to functions; POSIX promises this one */
    return symbol != NULL;
}

static status open_library(void)
{
    char reason[256] = "";
    for (size_t i = 0; i < sizeof library_names / sizeof *library_names && library.handle == NULL; i++) {
        library.handle = dlopen(library_names[i], RTLD_LAZY | RTLD_LOCAL);
        if (library.handle == NULL && reason[0] == '\0') snprintf(reason, sizeof reason, "%.200s", dlerror());
    }
    if (library.handle == NULL)
        return status_fail(STATUS_IO,
                           "OpenBLAS cannot be loaded (%s); install the package libopenblas0, or let LD_LIBRARY_PATH "
                           "name the folder of libopenblas.so.0",
                           reason);
    void *h = library.handle;
    blas_functions *f = &library.functions;
    if (find(h, &f->sgemm, "cblas_sgemm") && find(h, &f->dgemm, "cblas_dgemm") && find(h, &f->dsyev, "dsyev_") &&
        find(h, &library.config, "openblas_get_config") && find(h, &library.core, "openblas_get_corename"))
        return status_ok();
    dlclose(library.handle);
    library.handle = NULL;
    return status_fail(STATUS_IO, "the OpenBLAS library of this machine lacks functions of CBLAS or LAPACK; install "
                                  "the package libopenblas0");
}

/* The core is chosen once, by the library's constructor. */
static status load_again(const char *core)
{
    snprintf(library.core_by_itself, sizeof library.core_by_itself, "%s", library.core());
    if (setenv(core_variable, core, 0) != 0) return status_fail(STATUS_MEMORY, "no memory for an environment variable");
    dlclose(library.handle);
    library.handle = NULL;
    return open_library();
}

status blas_load(void)
{
    if (library.handle != NULL) return status_ok();
    TRY(check_address_space());
    library.core_by_user = getenv(core_variable) != NULL;
    if (setenv(threads_variable, "1", 1) != 0)
        return status_fail(STATUS_MEMORY, "no memory for an environment variable");
    TRY(open_library());
    const char *core = library.core_by_user ? NULL : find_faster_core();
    return core != NULL ? load_again(core) : status_ok();
}

const blas_functions *blas_use(void)
{
    return library.handle != NULL ? &library.functions : NULL;
}

void blas_name(char name[BLAS_NAME_LENGTH])
{
    snprintf(name, BLAS_NAME_LENGTH, "not used");
    if (library.handle == NULL) return;

    /* The configuration reads "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the first two words name the library. */
    const char *config = library.config(), *by_itself = library.core_by_itself;
    size_t length = strcspn(config, " ");
    if (config[length] == ' ') length += 1 + strcspn(config + length + 1, " ");
    snprintf(name, BLAS_NAME_LENGTH, "%.*s (%.20s%s%.20s)", (int)(length < 40 ? length : 40), config, library.core(),
             by_itself[0] != '\0' ? " instead of " : "", by_itself);
}

void blas_warning(char text[BLAS_WARNING_LENGTH])
{
    text[0] = '\0';
    const char *core = library.handle != NULL ? find_faster_core() : NULL;
    if (core == NULL) return;
    int used =
        snprintf(text, BLAS_WARNING_LENGTH,
                 "OpenBLAS computes with its kernels for %.20s, slower than this processor allows: ", library.core());
    const char *forced = getenv(core_variable);
    if (library.core_by_user && forced != NULL)
        snprintf(text + used, BLAS_WARNING_LENGTH - (size_t)used, "%s is set to %.20s; unset it", core_variable,
                 forced);
    else
        snprintf(text + used, BLAS_WARNING_LENGTH - (size_t)used, "set %s=%s", core_variable, core);
}
