#include "core/deploy/kernels/int_table.h"

#include <stdlib.h>
#include <string.h>

extern const int_table int_table_portable;

#ifdef INT_TABLES_X86
extern const int_table int_table_avx2, int_table_vnni;

static bool runs_vnni(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

const int_table *int_table_choose(const char *name)
{
    const char *isa = getenv("BITFRONT_ISA");
    if (name == NULL && isa != NULL && strcmp(isa, "avx512") != 0 && isa[0] != '\0') name = isa;
#ifdef INT_TABLES_X86
    if ((name == NULL || strcmp(name, "vnni") == 0) && runs_vnni()) return &int_table_vnni;
    if ((name == NULL || strcmp(name, "avx2") == 0) && __builtin_cpu_supports("avx2")) return &int_table_avx2;
#endif
    return name == NULL || strcmp(name, "portable") == 0 ? &int_table_portable : NULL;
}
