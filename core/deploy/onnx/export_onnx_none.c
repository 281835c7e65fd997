/* In place of export_onnx.c in a build without the ONNX schema. */
#include "core/deploy/export_onnx.h"

static status refuse(export_folder *to, const export_inputs *in)
{
    (void)to;
    (void)in;
    return status_fail(STATUS_CONFIG,
                       "this build of bitfront cannot write onnx; install libonnx-dev, protobuf-c-compiler and "
                       "libprotobuf-c-dev, and build again");
}

const exporter exporter_onnx = {.name = "onnx", .help = "not in this build", .write = refuse};
