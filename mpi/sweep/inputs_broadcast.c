#define _POSIX_C_SOURCE 200809L
#include "mpi/sweep/inputs_broadcast.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/libm.h"
#include "core/base/real.h"
#include "mpi/link/agree.h"
#include "mpi/link/wire.h"
#include "results/file/build_id.h"
#include "results/file/provenance.h"
#include "results/run/run.h"

status inputs_broadcast_same_build(const link_world *world)
{
    char build[AGREE_SAME_LENGTH];
    snprintf(build, sizeof build, "%.24s (build %.16s; %.48s; layout %zx-%zx-%zx-%zx-%zx-%zx-%zx-%zx)",
             provenance_revision(), build_id(), provenance_compiler(), sizeof(settings), sizeof(graph),
             sizeof(layer_spec), sizeof(run), sizeof(wire_order), sizeof(wire_report), sizeof(status), sizeof(real));
    TRY(agree_same(world, "the nodes run different builds of bitfront", build));
    return agree_same(world, "the mathematical functions of the nodes differ, and with them last bits", libm_name());
}

/* With the name of the node: the others are in order. */
static status complete(sweep_inputs *in, const char *kernels)
{
    char host[64] = "unknown";
    if (gethostname(host, sizeof host - 1) != 0) snprintf(host, sizeof host, "unknown");
    return status_in(inputs_complete(in, kernels), "node %s, which has to compute as rank 0 does", host);
}

status inputs_broadcast(sweep_inputs *in, const link_world *world)
{
    const bool reads = world_rank(world) == 0;
    if (!reads) inputs_clear(in);
    TRY(agree_bytes(world, 0, &in->settings, sizeof in->settings)); /* plain values: the same bytes everywhere */
    TRY(agree_text(world, &in->network_text));
    TRY(agree_bytes(world, 0, in->data_checksum, sizeof in->data_checksum));
    char kernels[32] = "";
    if (reads) snprintf(kernels, sizeof kernels, "%s", in->kernels->name);
    TRY(agree_bytes(world, 0, kernels, sizeof kernels));
    return agree(world, reads ? status_ok() : complete(in, kernels));
}

status inputs_broadcast_data(shared_data *owner, sweep_inputs *in, const link_world *world)
{
    if (world_size(world) == 1) return inputs_load_data(in);
    TRY(shared_data_load(owner, &in->data, world, in->settings.data));
    return agree(world, inputs_check_fit(in));
}
