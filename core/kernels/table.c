/* The table of one instruction set (see isa.h). */
#include "core/kernels/isa.h"

#define TEXT(name) TEXT_OF(name)
#define TEXT_OF(name) #name

const kernel_table ISA(kernels) = {
    .name = TEXT(KERNEL_ISA),
    .conv_forward = ISA(conv_forward),
    .conv_backward_data = ISA(conv_backward_data),
    .conv_backward_weight = ISA(conv_backward_weight),
    .depthwise_forward = ISA(depthwise_forward),
    .depthwise_backward_data = ISA(depthwise_backward_data),
    .depthwise_backward_weight = ISA(depthwise_backward_weight),
    .batchnorm_sum = ISA(batchnorm_sum),
    .batchnorm_statistics = ISA(batchnorm_statistics),
    .batchnorm_forward = ISA(batchnorm_forward),
    .batchnorm_backward_sum = ISA(batchnorm_backward_sum),
    .batchnorm_backward = ISA(batchnorm_backward),
    .batchnorm_pact_forward = ISA(batchnorm_pact_forward),
    .batchnorm_pact_backward_sum = ISA(batchnorm_pact_backward_sum),
    .batchnorm_pact_backward = ISA(batchnorm_pact_backward),
    .add_forward = ISA(add_forward),
    .relu_backward = ISA(relu_backward),
    .pact_forward = ISA(pact_forward),
    .pact_backward = ISA(pact_backward),
    .dropout = ISA(dropout),
    .pact_add_forward = ISA(pact_add_forward),
    .pact_add_backward = ISA(pact_add_backward),
    .average_pool_forward = ISA(average_pool_forward),
    .average_pool_backward = ISA(average_pool_backward),
    .max_pool_forward = ISA(max_pool_forward),
    .max_pool_backward = ISA(max_pool_backward),
    .softmax_cross_entropy = ISA(softmax_cross_entropy),
};
