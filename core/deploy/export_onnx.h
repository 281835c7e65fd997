/* export_onnx: an integer network as DIR/network.onnx, with the operators QuantizeLinear and DequantizeLinear. In a
 * build without the ONNX schema the format is there, and says what is missing. */
#ifndef CORE_DEPLOY_EXPORT_ONNX_H
#define CORE_DEPLOY_EXPORT_ONNX_H

#include "core/deploy/exporter.h"

extern const exporter exporter_onnx;

#endif
