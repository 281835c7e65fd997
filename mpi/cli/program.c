#include "mpi/cli/program.h"

const char cli_purpose[] =
    "bitfront finds the Pareto front of accuracy against hardware cost that a network reaches when every output\n"
    "channel learns its own weight precision (8, 4, 2 or 0 bit).\n";

const char cli_environment[] =
    "  BITFRONT_ISA          kernels of another instruction set: avx512, avx2 or portable (other last bits)\n"
    "  BITFRONT_SUMS         messages: ranks of one node sum gradients without shared memory (same bits)\n"
    "  BITFRONT_DATA_MEMORY  megabytes above which samples stay in the file (default: half of the memory)\n"
    "  BITFRONT_START_LIMIT  seconds after which a start that misses ranks is given up (default 600)\n"
    "  NO_COLOR              no colours on terminals\n"
    "  OPENBLAS_CORETYPE     kernels of OpenBLAS, chosen by bitfront if not set (bench)\n";

const char cli_exit_codes[] =
    "   0  done\n"
    "   1  done, but some tasks failed\n"
    "   2  wrong usage, configuration or input file\n"
    "   3  the machine failed (file system, memory, messages, output that cannot be written)\n"
    "  75  stopped before the end; run the same command again to continue\n";
