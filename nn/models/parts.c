#include "../layer_impl.h"
#include "build_impl.h"

int lathe_blocks_kept(lathe_model *model, const char *name, const lathe_model_spec *spec, int all)
{
    int blocks = ((const lathe_net_opts *)spec->opts)->blocks;
    if (blocks > all)
        lathe_model_fail(model, LATHE_EARG, "%s: blocks = %d is more than its %d", name, blocks, all);
    return blocks && blocks < all ? blocks : all;
}

void lathe_append_conv_norm(lathe_layer *net, int in, int out, const lathe_conv_norm_opts *opts)
{
    if (!net) return;
    lathe_model *model = net->model;
    lathe_conv_norm_opts o = *opts;
    if (!o.kernel) o.kernel = 1;
    if (!o.init.kind) o.init = lathe_init_fan_out(out, o.kernel);
    lathe_layer_add(net,
        lathe_nn_conv2d(model,
            in,
            out,
            o.kernel,
            &(lathe_nn_conv2d_opts){ .stride = o.stride,
                .padding = o.same ? 0 : (o.kernel - 1) / 2 - o.less_padding,
                .same = o.same,
                .groups = o.groups,
                .no_bias = true,
                .weight_init = o.init }),
        o.name[0]);
    lathe_layer *norm =
        lathe_nn_batch_norm(model, out, &(lathe_batch_norm_opts){ .eps = o.eps, .momentum = o.momentum });
    if (norm && o.zero_norm) lathe_named(norm->tensor[0])->init = (lathe_init){ LATHE_INIT_CONSTANT, 0 };
    lathe_layer_add(net, norm, o.name[1]);
    if (o.activation) lathe_layer_add(net, o.activation, o.name[2]);
}

lathe_layer *lathe_conv_norm(lathe_model *model, int in, int out, const lathe_conv_norm_opts *opts)
{
    lathe_layer *part = lathe_nn_sequential(model, NULL);
    lathe_append_conv_norm(part, in, out, opts);
    return part;
}

lathe_init lathe_init_fan_out(int out, int kernel)
{
    return (lathe_init){ LATHE_INIT_NORMAL, sqrt(2 / ((double)out * kernel * kernel)) };
}

lathe_layer *lathe_net_of(lathe_model *model, lathe_layer *features, lathe_layer *dropout, lathe_layer *head,
    const char *head_name)
{
    lathe_layer *net = lathe_nn_sequential(model, NULL), *pool = lathe_nn_global_avg_pool(model);
    if (lathe_model_status(model)) return NULL;
    lathe_layer_add(net, features, "features");
    lathe_layer_add(net, pool, "avgpool");
    if (dropout) lathe_layer_add(net, dropout, "dropout");
    lathe_layer_add(net, head, head_name);
    return lathe_model_status(model) ? NULL : net;
}

lathe_layer *lathe_linear_normal(lathe_model *model, int in, int out, double deviation)
{
    return lathe_nn_linear(model,
        in,
        out,
        &(lathe_nn_linear_opts){ .weight_init = { LATHE_INIT_NORMAL, deviation },
            .bias_init = { LATHE_INIT_CONSTANT, 0 } });
}

int lathe_channels(double wanted)
{
    int channels = (int)(wanted + 4) / 8 * 8;
    if (channels < 8) channels = 8;
    return channels < 0.9 * wanted ? channels + 8 : channels;
}
