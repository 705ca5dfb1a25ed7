#include "kernels.h"
#include "lanes.h"

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

extern const lathe_channels_kernels KERNEL(lathe_channels_kernels);
extern const lathe_channels_kernels KERNEL(lathe_channels_winograd_kernels);
extern const lathe_conv_kernels KERNEL(lathe_conv_kernels);
extern const lathe_channels_kernels KERNEL(lathe_depthwise_kernels);
extern const lathe_dropout_kernels KERNEL(lathe_dropout_kernels);
extern const lathe_element_kernels KERNEL(lathe_element_kernels);
extern const lathe_layer_norm_kernels KERNEL(lathe_layer_norm_kernels);
extern const lathe_loss_kernels KERNEL(lathe_loss_kernels);
extern const lathe_norm_kernels KERNEL(lathe_norm_kernels);
extern const lathe_norm_kernels KERNEL(lathe_channel_norm_kernels);
extern const lathe_pool_kernels KERNEL(lathe_pool_kernels);
extern const lathe_peak_kernels KERNEL(lathe_peak_kernels);
extern const lathe_product_kernels KERNEL(lathe_product_kernels);
extern const lathe_resample_kernels KERNEL(lathe_resample_kernels);
extern const lathe_response_kernels KERNEL(lathe_response_kernels);
extern const lathe_softmax_kernels KERNEL(lathe_softmax_kernels);
extern const lathe_update_kernels KERNEL(lathe_update_kernels);
extern const lathe_upsample_kernels KERNEL(lathe_upsample_kernels);
extern const lathe_conv_kernels KERNEL(lathe_winograd_kernels_3x3), KERNEL(lathe_winograd_kernels_5x5);

extern const lathe_kernels KERNEL(lathe_kernels);
const lathe_kernels KERNEL(lathe_kernels) = {
    .isa = TEXT(LATHE_ISA_NAME),
    .channels = &KERNEL(lathe_channels_kernels),
    .conv = &KERNEL(lathe_conv_kernels),
    .depthwise = &KERNEL(lathe_depthwise_kernels),
    .dropout = &KERNEL(lathe_dropout_kernels),
    .element = &KERNEL(lathe_element_kernels),
    .layer_norm = &KERNEL(lathe_layer_norm_kernels),
    .loss = &KERNEL(lathe_loss_kernels),
    .norm = &KERNEL(lathe_norm_kernels),
    .channel_norm = &KERNEL(lathe_channel_norm_kernels),
    .pool = &KERNEL(lathe_pool_kernels),
    .peak = &KERNEL(lathe_peak_kernels),
    .product = &KERNEL(lathe_product_kernels),
    .resample = &KERNEL(lathe_resample_kernels),
    .response = &KERNEL(lathe_response_kernels),
    .softmax = &KERNEL(lathe_softmax_kernels),
    .update = &KERNEL(lathe_update_kernels),
    .upsample = &KERNEL(lathe_upsample_kernels),
    .winograd_3x3 = &KERNEL(lathe_winograd_kernels_3x3),
    .winograd_5x5 = &KERNEL(lathe_winograd_kernels_5x5),
    .channels_winograd = &KERNEL(lathe_channels_winograd_kernels),
};
