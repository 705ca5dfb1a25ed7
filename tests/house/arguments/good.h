/*
 * Good arguments, a maker for each type: good_lathe_tape_p makes a `lathe_tape *`. `place` is
 * "function.parameter", for those that need something of their own. What is made is given back after the case
 * by undo(), in reverse order.
 */
#ifndef LATHE_TESTS_GOOD_H
#define LATHE_TESTS_GOOD_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/tiny.h"
#include "usual.h"

enum { ROOM = 1 << 14, UNDO = 64 };

/* What the arguments of one case share. */
static struct {
    lathe_tape *tape;
    lathe_model *model;
    lathe_layer *net;
    lathe_optim *optim;
    lathe_dataset *data;
    int undos;
    struct {
        void (*give_back)(void *thing);
        void *thing;
    } undo[UNDO];
} world;

static void *later(void (*give_back)(void *thing), const void *thing)
{
    if (thing && world.undos < UNDO) {
        world.undo[world.undos].give_back = give_back;
        world.undo[world.undos++].thing = (void *)thing;
    }
    return (void *)thing;
}

static void undo(void)
{
    while (world.undos > 0) {
        world.undos--;
        world.undo[world.undos].give_back(world.undo[world.undos].thing);
    }
    memset(&world, 0, sizeof world);
}

static bool is(const char *place, const char *pattern) { return strstr(place, pattern) != NULL; }

/* The row that says most about the place; 1 if there is none. */
static double number_for(const char *place)
{
    const number *best = NULL;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (is(place, numbers[i].place) && (!best || strlen(numbers[i].place) > strlen(best->place)))
            best = &numbers[i];
    return best ? best->value : 1;
}

static int good_int(const char *place) { return (int)number_for(place); }
static size_t good_size_t(const char *place) { return (size_t)number_for(place); }
static uint32_t good_uint32_t(const char *place) { return (uint32_t)number_for(place); }
static uint64_t good_uint64_t(const char *place) { return (uint64_t)number_for(place); }
static double good_double(const char *place) { return number_for(place); }
static lathe_real good_lathe_real(const char *place) { return (lathe_real)number_for(place); }
static bool good_bool(const char *place)
{
    (void)place;
    return false;
}

static const char *good_char_p(const char *place)
{
    if (is(place, "lathe_data_open.spec") || is(place, "lathe_data_open_val.spec"))
        return later(free, strdup("mnist:data"));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!strcmp(place, texts[i][0]) || (texts[i][0][0] == '.' && is(place, texts[i][0])))
            return texts[i][1];
    return "text";
}

/* ---- enums and small structs ---- */

static lathe_status good_lathe_status(const char *place)
{
    (void)place;
    return LATHE_EARG;
}
static lathe_swap good_lathe_swap(const char *place)
{
    (void)place;
    return (lathe_swap){ 0 };
}
static lathe_layout good_lathe_layout(const char *place)
{
    (void)place;
    return LATHE_BATCHED;
}
static lathe_conv_choice good_lathe_conv_choice(const char *place)
{
    (void)place;
    return LATHE_CONV_AUTO;
}
static lathe_graph_fold good_lathe_graph_fold(const char *place)
{
    (void)place;
    return LATHE_GRAPH_FOLDED;
}
static lathe_mode good_lathe_mode(const char *place)
{
    (void)place;
    return LATHE_TRAIN;
}
static lathe_split good_lathe_split(const char *place)
{
    (void)place;
    return LATHE_SPLIT_TRAIN;
}
static lathe_run_end good_lathe_run_end(const char *place)
{
    (void)place;
    return LATHE_RUN_COMPLETE;
}
static lathe_filter good_lathe_filter(const char *place)
{
    (void)place;
    return LATHE_BILINEAR;
}
static lathe_depth_mode good_lathe_depth_mode(const char *place)
{
    (void)place;
    return LATHE_DEPTH_ROW;
}

static lathe_reduction good_lathe_reduction(const char *place)
{
    (void)place;
    return (lathe_reduction)0;
}
static lathe_init good_lathe_init(const char *place)
{
    (void)place;
    return (lathe_init){ LATHE_INIT_DEFAULT, 0 };
}

static lathe_shape good_lathe_shape(const char *place)
{
    if (is(place, "lathe_reshape")) return (lathe_shape){ 2, { 2, 192 } };
    if (is(place, "lathe_nn_reshape") || is(place, "lathe_nn_summary") || is(place, "lathe_nn_trace") ||
        is(place, "lathe_graph_new") || is(place, "lathe_export_net"))
        return (lathe_shape){ 3, { 3, 8, 8 } };
    return (lathe_shape){ 4, { 2, 3, 8, 8 } };
}

static lathe_shape *good_lathe_shape_p(const char *place)
{
    static lathe_shape shape;
    shape = good_lathe_shape(place);
    return &shape;
}

/* ---- room for results, arrays ---- */

static void *room(void) { return later(free, calloc(1, ROOM)); }

static char *good_buffer(const char *place)
{
    (void)place;
    return room();
}
static bool *good_bool_p(const char *place)
{
    (void)place;
    return room();
}
static int64_t *good_int64_t_p(const char *place)
{
    (void)place;
    return room();
}
static size_t *good_size_t_p(const char *place)
{
    (void)place;
    return room();
}
static uint8_t *good_uint8_t_p(const char *place)
{
    (void)place;
    return room();
}
static uint32_t *good_uint32_t_p(const char *place)
{
    (void)place;
    return room();
}
static uint64_t *good_uint64_t_p(const char *place)
{
    (void)place;
    return room();
}
static double *good_double_p(const char *place)
{
    (void)place;
    return room();
}
static int *good_int_p(const char *place)
{
    int *numbers = room();
    if (is(place, "lathe_transforms_size")) *numbers = 8;
    return numbers;
}

static lathe_real *good_lathe_real_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_calibration_bin *good_lathe_calibration_bin_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_confused *good_lathe_confused_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_pr_point *good_lathe_pr_point_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_batch *good_lathe_batch_p(const char *place);
static lathe_history_ends *good_lathe_history_ends_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_save_every *good_lathe_save_every_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_sample *good_lathe_sample_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_score *good_lathe_score_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_picture *good_lathe_picture_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_history *good_lathe_history_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_step_row *good_lathe_step_row_p(const char *place)
{
    (void)place;
    return room();
}
static const double **good_double_p_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_history *good_lathe_history_p(const char *place);
static lathe_named_history *good_lathe_named_history_p(const char *place)
{
    lathe_named_history *named = room();
    *named = (lathe_named_history){ "first", good_lathe_history_p(place) };
    return named;
}
static lathe_eval_row *good_lathe_eval_row_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_epoch_row *good_lathe_epoch_row_p(const char *place)
{
    (void)place;
    return room();
}
static const lathe_history *const *good_lathe_history_p_p(const char *place)
{
    static const lathe_history *list[1];
    list[0] = good_lathe_history_p(place);
    return list;
}
static lathe_dataset **good_lathe_dataset_p_p(const char *place)
{
    (void)place;
    return room();
}
static const lathe_loss_type **good_lathe_loss_type_p_p(const char *place)
{
    (void)place;
    return room();
}
static const lathe_sched_type **good_lathe_sched_type_p_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_average *good_lathe_average_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_rng *good_lathe_rng_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_text *good_lathe_text_p(const char *place)
{
    (void)place;
    return room();
}

static lathe_fault *good_lathe_fault_p(const char *place)
{
    (void)place;
    return room();
}

static lathe_cosine_opts *good_lathe_cosine_opts_p(const char *place);

static void share_nothing(void *unused)
{
    (void)unused;
    lathe_context_set_exchange(NULL, NULL);
}

/* One process: what it gives is what it gets. */
static lathe_status give_back(void *self, const void *mine, void *all, const size_t *bytes)
{
    (void)self;
    memcpy(all, mine, bytes[0]);
    return LATHE_OK;
}

static const lathe_exchange *good_lathe_exchange_p(const char *place)
{
    static const lathe_exchange one = { .size = 1, .gather = give_back };
    (void)place;
    return later(share_nothing, &one);
}

static const lathe_shard *good_lathe_shard_p(const char *place)
{
    (void)place;
    static const lathe_shard all = { .count = 4 };
    return &all;
}
static lathe_context *good_lathe_context_p(const char *place)
{
    if (is(place, "lathe_shard_gather")) lathe_context_set_exchange(NULL, good_lathe_exchange_p(place));
    return lathe_context_default();
}

/* An object of a registry: begins with its name, which is what good_char_p gives. */
static const char *const registered[] = { "text" };

static void *good_void_p(const char *place)
{
    if (is(place, "lathe_registry_")) return (void *)registered;
    if (is(place, "lathe_free.") || is(place, "lathe_grow.")) return lathe_alloc(1, 64);
    if (is(place, "lathe_picture_decode.bytes") || is(place, "lathe_trained_picture.bytes"))
        return "P6 2 2 255\n............";
    if (is(place, "lathe_safetensors_of.bytes")) return "\10\0\0\0\0\0\0\0{}      ";
    if (is(place, "lathe_sched_")) return good_lathe_cosine_opts_p(place);
    return room();
}

/* ---- types ---- */

static const lathe_field *good_lathe_field_p(const char *place)
{
    (void)place;
    return lathe_optim_find("adamw")->fields;
}
static const lathe_layer_type *good_lathe_layer_type_p(const char *place)
{
    (void)place;
    return lathe_layer_at(0);
}
static const lathe_model_type *good_lathe_model_type_p(const char *place)
{
    (void)place;
    return &tiny_model;
}
static const lathe_task_type *good_lathe_task_type_p(const char *place)
{
    (void)place;
    return &lathe_classify_task;
}
static const lathe_logger_type *good_lathe_logger_type_p(const char *place)
{
    (void)place;
    return lathe_logger_at(0);
}
static const lathe_probe_type *good_lathe_probe_type_p(const char *place)
{
    (void)place;
    return lathe_probe_at(0);
}
static lathe_status write_nothing(const lathe_exported *exported, const char *path)
{
    (void)exported;
    (void)path;
    return LATHE_OK;
}
static const lathe_export_type *good_lathe_export_type_p(const char *place)
{
    static const lathe_export_type mine = { .name = "mine",
        .summary = "writes nothing",
        .suffix = ".mine",
        .write = write_nothing };
    (void)place;
    return &mine;
}
static const lathe_loss_type *good_lathe_loss_type_p(const char *place)
{
    (void)place;
    return lathe_loss_find("cross_entropy");
}
static const lathe_transform_type *good_lathe_transform_type_p(const char *place)
{
    (void)place;
    return lathe_transform_find("hflip");
}
static const lathe_data_source *good_lathe_data_source_p(const char *place)
{
    (void)place;
    return lathe_data_source_find("mnist");
}

/* Of one object. */
static lathe_names *good_lathe_names_p(const char *place)
{
    (void)place;
    static char text[64];
    static lathe_names names;
    names = lathe_names_in(text, sizeof text);
    return &names;
}

static lathe_registry *good_lathe_registry_p(const char *place)
{
    (void)place;
    static const void *const table[] = { registered, NULL };
    static lathe_registry registry;
    registry = (lathe_registry){ .kind = "thing", .prefix = "lathe_thing", .table = table };
    return &registry;
}
static const lathe_metric_type *good_lathe_metric_type_p(const char *place)
{
    (void)place;
    return lathe_metric_find("accuracy");
}
static const lathe_optim_type *good_lathe_optim_type_p(const char *place)
{
    (void)place;
    return lathe_optim_find("adamw");
}
static const lathe_sched_type *good_lathe_sched_type_p(const char *place)
{
    (void)place;
    return lathe_sched_find("cosine");
}
static const lathe_setting *good_lathe_setting_p(const char *place)
{
    (void)place;
    return lathe_setting_find("epochs");
}
static const lathe_op *good_lathe_op_p(const char *place)
{
    (void)place;
    const lathe_op *op = lathe_op_at(0);
    for (int i = 1; strcmp(op->name, "relu"); i++) op = lathe_op_at(i);
    return op;
}
static void free_trace(void *trace) { lathe_trace_free(trace); }

static lathe_trace *good_lathe_trace_p(const char *place)
{
    lathe_trace *trace = lathe_trace_new();
    return is(place, "lathe_trace_free.") ? trace : later(free_trace, trace);
}

static void error_handler(lathe_status status, const char *message) { (void)status, (void)message; }
static void task(void *context, int number) { (void)context, (void)number; }
static void node_hook(void *context, const lathe_node *node) { (void)context, (void)node; }
static const char *name_of(const void *context, int index)
{
    (void)context;
    return index ? NULL : "name";
}
static lathe_tensor *whole(void *context, lathe_tensor *const *leaves, int count)
{
    (void)context, (void)count;
    return lathe_relu(leaves[0]);
}
static void forward_hook(void *context, lathe_layer *layer, const lathe_tensor *x, const lathe_tensor *y)
{
    (void)context, (void)layer, (void)x, (void)y;
}

static lathe_error_fn *good_lathe_error_fn_p(const char *place)
{
    (void)place;
    return error_handler;
}
static lathe_task_fn *good_lathe_task_fn_p(const char *place)
{
    (void)place;
    return task;
}
static lathe_status take_line(void *context, const lathe_ini_line *line)
{
    (void)context, (void)line;
    return LATHE_OK;
}
static lathe_ini_take *good_lathe_ini_take_p(const char *place)
{
    (void)place;
    return take_line;
}
static lathe_node_hook *good_lathe_node_hook_p(const char *place)
{
    (void)place;
    return node_hook;
}
static lathe_forward_hook *good_lathe_forward_hook_p(const char *place)
{
    (void)place;
    return forward_hook;
}
static lathe_function *good_lathe_function_p(const char *place)
{
    (void)place;
    return whole;
}
static const char *(*good_name_of(const char *place))(const void *context, int index)
{
    (void)place;
    return name_of;
}

/* ---- things on the tape ---- */

static void free_tape(void *tape) { lathe_tape_free(tape); }

static lathe_tape *good_lathe_tape_p(const char *place)
{
    (void)place;
    if (world.tape) return world.tape;
    world.tape = later(free_tape, lathe_tape_new(NULL));
    lathe_tape_begin(world.tape, LATHE_TRAIN);
    return world.tape;
}

typedef struct tensor_row {
    const char *place;
    lathe_layout layout;
    lathe_shape shape;
} tensor_row;

static const tensor_row tensors[] = { { "lathe_linear.x", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_linear.w", LATHE_PLAIN, { 2, { 5, 4 } } }, { "lathe_linear.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_linear_relu.x", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_linear_relu.w", LATHE_PLAIN, { 2, { 5, 4 } } },
    { "lathe_linear_relu.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_prelu.weight", LATHE_PLAIN, { 1, { 3 } } },
    { "lathe_conv2d.w", LATHE_PLAIN, { 4, { 5, 3, 3, 3 } } },
    { "lathe_conv2d.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_conv2d_relu.w", LATHE_PLAIN, { 4, { 5, 3, 3, 3 } } },
    { "lathe_conv2d_relu.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_conv2d_relu6.w", LATHE_PLAIN, { 4, { 5, 3, 3, 3 } } },
    { "lathe_conv2d_relu6.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_conv2d_add.w", LATHE_PLAIN, { 4, { 5, 3, 3, 3 } } },
    { "lathe_conv2d_add.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_conv2d_add.base", LATHE_BATCHED, { 4, { 2, 5, 6, 6 } } },
    { "lathe_conv2d_add_relu.w", LATHE_PLAIN, { 4, { 5, 3, 3, 3 } } },
    { "lathe_conv2d_add_relu.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_conv2d_add_relu.base", LATHE_BATCHED, { 4, { 2, 5, 6, 6 } } },
    { "lathe_conv_transpose2d.w", LATHE_PLAIN, { 4, { 3, 5, 3, 3 } } },
    { "lathe_conv_transpose2d.bias", LATHE_PLAIN, { 1, { 5 } } },
    { "lathe_batch_norm.", LATHE_PLAIN, { 1, { 3 } } },
    { "lathe_batch_norm.x", LATHE_BATCHED, { 4, { 2, 3, 8, 8 } } },
    { "lathe_batch_norm_relu.", LATHE_PLAIN, { 1, { 3 } } },
    { "lathe_batch_norm_relu.x", LATHE_BATCHED, { 4, { 2, 3, 8, 8 } } },
    { "lathe_group_norm.", LATHE_PLAIN, { 1, { 3 } } },
    { "lathe_group_norm.x", LATHE_BATCHED, { 4, { 2, 3, 8, 8 } } },
    { "lathe_instance_norm.", LATHE_PLAIN, { 1, { 3 } } },
    { "lathe_instance_norm.x", LATHE_BATCHED, { 4, { 2, 3, 8, 8 } } },
    { "lathe_layer_norm.", LATHE_PLAIN, { 3, { 3, 8, 8 } } },
    { "lathe_layer_norm.x", LATHE_BATCHED, { 4, { 2, 3, 8, 8 } } },
    { "lathe_layer_norm2d.", LATHE_PLAIN, { 1, { 3 } } },
    { "lathe_layer_norm2d.x", LATHE_BATCHED, { 4, { 2, 3, 8, 8 } } },
    { "lathe_cross_entropy", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_task_", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_binary_cross_entropy", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_kl_div", LATHE_BATCHED, { 2, { 2, 4 } } }, { "focal", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "_soft.", LATHE_BATCHED, { 2, { 2, 4 } } }, { "lathe_dice.", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_jaccard.", LATHE_BATCHED, { 2, { 2, 4 } } }, { "iou.", LATHE_BATCHED, { 2, { 2, 4 } } },
    { "lathe_backward.loss", LATHE_PLAIN, { 0, { 0 } } }, { "lathe_item.", LATHE_PLAIN, { 0, { 0 } } },
    { "softmax", LATHE_BATCHED, { 2, { 2, 4 } } } };

static lathe_tensor *leaf(lathe_layout layout, lathe_shape shape)
{
    lathe_tensor *tensor = lathe_tape_leaf(good_lathe_tape_p(""), layout, shape, NULL);
    if (tensor) tensor->needs_grad = true;
    return tensor;
}

static lathe_tensor *good_lathe_tensor_p(const char *place)
{
    if (is(place, "lathe_backward.loss"))
        return lathe_mean(leaf(LATHE_BATCHED, (lathe_shape){ 2, { 2, 4 } }));
    if (is(place, "lathe_backward_from.y"))
        return lathe_relu(leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 8, 8 } }));
    const tensor_row *best = NULL;
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++)
        if (is(place, tensors[i].place) && (!best || strlen(tensors[i].place) > strlen(best->place)))
            best = &tensors[i];
    return best ? leaf(best->layout, best->shape) : leaf(LATHE_BATCHED, (lathe_shape){ 4, { 2, 3, 8, 8 } });
}

static const lathe_node *good_lathe_node_p(const char *place)
{
    lathe_tensor *x = good_lathe_tensor_p(place);
    x->needs_grad = true;
    lathe_relu(x);
    return lathe_tape_newest(x->tape);
}

static lathe_layer *net(void);

static lathe_tensor **good_lathe_tensor_p_p(const char *place)
{
    lathe_tensor **list = room();
    if (is(place, "lathe_optim_add_group") || is(place, "lathe_optim_scale_lr"))
        list[0] = lathe_nn_params(net())->tensor[0];
    else if (is(place, "lathe_safetensors_load") || is(place, "lathe_safetensors_fit") ||
        is(place, "lathe_weights_")) {
        list[0] = leaf(LATHE_PLAIN, (lathe_shape){ 1, { 4 } });
        if (list[0]) list[0]->name = "w";
    } else list[0] = good_lathe_tensor_p(place);
    return list;
}

static lathe_published *good_lathe_published_p(const char *place)
{
    lathe_published *from = room();
    (void)place;
    *from = (lathe_published){ .model = "tiny",
        .weights = "run/last.safetensors",
        .size = 6,
        .channels = 1,
        .normals = 1,
        .mean = { 0.5 },
        .std = { 0.5 } };
    return from;
}

static lathe_weights_fit *good_lathe_weights_fit_p(const char *place)
{
    (void)place;
    return room();
}

static lathe_leaf *good_lathe_leaf_p(const char *place)
{
    lathe_leaf *one = room();
    (void)place;
    one->layout = LATHE_BATCHED;
    one->shape = (lathe_shape){ 2, { 2, 4 } };
    return one;
}

/* ---- models ---- */

static void free_model(void *model) { lathe_model_free(model); }
static void free_arena(void *arena) { lathe_arena_free(arena); }
static void free_summary(void *summary) { lathe_summary_free(summary); }

static lathe_arena *good_lathe_arena_p(const char *place)
{
    (void)place;
    return later(free_arena, lathe_arena_new());
}
static lathe_arena_mark good_lathe_arena_mark(const char *place)
{
    (void)place;
    return (lathe_arena_mark){ 0 };
}

static lathe_model *good_lathe_model_p(const char *place)
{
    (void)place;
    if (!world.model) world.model = later(free_model, lathe_model_new());
    return world.model;
}

static lathe_layer *net(void)
{
    if (world.net) return world.net;
    lathe_model *model = good_lathe_model_p("");
    world.net =
        lathe_nn_sequential(model, lathe_nn_conv2d(model, 3, 4, 3, NULL), lathe_nn_batch_norm(model, 4, NULL),
            lathe_nn_relu(model), lathe_nn_flatten(model), lathe_nn_linear(model, 144, 4, NULL), NULL);
    lathe_nn_init(world.net, 1);
    return world.net;
}

static lathe_layer *good_lathe_layer_p(const char *place)
{
    lathe_model *model = good_lathe_model_p("");
    if (is(place, "lathe_nn_append.sequential")) return lathe_nn_sequential(model, NULL);
    if (is(place, "lathe_nn_append") || is(place, "lathe_nn_residual") || is(place, "lathe_layer_"))
        return lathe_nn_relu(model);
    return net();
}

static void free_graph(void *graph) { lathe_graph_free(graph); }

static lathe_graph *good_lathe_graph_p(const char *place)
{
    lathe_graph *graph =
        lathe_graph_new(good_lathe_layer_p(place), (lathe_shape){ 3, { 3, 8, 8 } }, LATHE_GRAPH_PLAIN);
    return is(place, "lathe_graph_free.") ? graph : later(free_graph, graph);
}

static void free_memory(void *memory) { lathe_memory_free(memory); }

static lathe_memory *good_lathe_memory_p(const char *place)
{
    lathe_memory *memory = lathe_memory_new(good_lathe_graph_p(place));
    return is(place, "lathe_memory_free.") ? memory : later(free_memory, memory);
}

static lathe_graph_node *good_lathe_graph_node_p(const char *place)
{
    return good_lathe_graph_p(place)->node;
}

static void free_plan(void *plan) { lathe_plan_free(plan); }

static lathe_plan *good_lathe_plan_p(const char *place)
{
    lathe_plan *plan = lathe_plan_new(good_lathe_layer_p(place));
    return is(place, "lathe_plan_free.") ? plan : later(free_plan, plan);
}

static lathe_model_spec *good_lathe_model_spec_p(const char *place)
{
    lathe_model_spec *spec = room();
    (void)place;
    *spec = (lathe_model_spec){ .channels = 1, .height = 6, .width = 6, .classes = 10 };
    return spec;
}

static lathe_params *good_lathe_params_p(const char *place)
{
    (void)place;
    return (lathe_params *)lathe_nn_params(net());
}
static lathe_summary *good_lathe_summary_p(const char *place)
{
    (void)place;
    return later(free_summary, lathe_nn_summary(net(), (lathe_shape){ 3, { 3, 8, 8 } }));
}

/* ---- optimizers, schedulers, metrics ---- */

static void free_optim(void *optim) { lathe_optim_free(optim); }
static void free_sched(void *sched) { lathe_sched_free(sched); }
static void free_metric(void *metric) { lathe_metric_free(metric); }
static void free_confusion(void *confusion) { lathe_confusion_free(confusion); }

static lathe_optim *good_lathe_optim_p(const char *place)
{
    if (world.optim) return world.optim;
    world.optim = later(free_optim,
        is(place, "asgd") ? lathe_optim_asgd(lathe_nn_params(net()), NULL) :
                            lathe_optim_adamw(lathe_nn_params(net()), NULL));
    if (is(place, "lathe_optim_step.") || is(place, "clip")) {
        lathe_params *params = good_lathe_params_p("");
        for (int i = 0; i < params->count; i++) params->tensor[i]->has_grad = true;
    }
    return world.optim;
}

static lathe_sched *good_lathe_sched_p(const char *place)
{
    lathe_optim *optim = good_lathe_optim_p("");
    if (is(place, "observe") || is(place, "state") || is(place, "wants"))
        return later(free_sched, lathe_sched_plateau(optim, NULL));
    return later(free_sched, lathe_sched_cosine(optim, &(lathe_cosine_opts){ .t_max = 10 }));
}

static lathe_metric *good_lathe_metric_p(const char *place)
{
    lathe_real scores[] = { 1, 0, 0, 0, 0, 1, 0, 0 };
    int labels[] = { 0, 1 };
    lathe_metric *metric;
    if (is(place, "pr_curve")) metric = lathe_metric_average_precision(4, NULL);
    else if (is(place, "calibration")) metric = lathe_metric_calibration_error(4, NULL);
    else if (is(place, "update_many")) return later(free_metric, lathe_metric_hamming_score(4, NULL));
    else metric = lathe_metric_precision(4, NULL);
    lathe_metric_update(metric, scores, labels, 2);
    return later(free_metric, metric);
}

static lathe_confusion *good_lathe_confusion_p(const char *place)
{
    (void)place;
    return later(free_confusion, lathe_confusion_new(4));
}

/* Options that need something; awk makes empty ones of the other types. */
static lathe_cosine_opts *good_lathe_cosine_opts_p(const char *place)
{
    lathe_cosine_opts *opts = room();
    (void)place;
    opts->t_max = 10;
    return opts;
}

static lathe_step_opts *good_lathe_step_opts_p(const char *place)
{
    (void)place;
    lathe_step_opts *o = room();
    o->step_size = 3;
    return o;
}
static lathe_wsd_opts *good_lathe_wsd_opts_p(const char *place)
{
    (void)place;
    lathe_wsd_opts *o = room();
    o->total_steps = 30;
    return o;
}
static lathe_warm_restarts_opts *good_lathe_warm_restarts_opts_p(const char *place)
{
    (void)place;
    lathe_warm_restarts_opts *o = room();
    o->t_0 = 3;
    return o;
}
static lathe_multi_step_opts *good_lathe_multi_step_opts_p(const char *place)
{
    (void)place;
    lathe_multi_step_opts *o = room();
    o->milestones[0] = 3;
    return o;
}
static lathe_exponential_opts *good_lathe_exponential_opts_p(const char *place)
{
    (void)place;
    lathe_exponential_opts *o = room();
    o->gamma = 0.5;
    return o;
}

static lathe_pool_opts *good_lathe_pool_opts_p(const char *place)
{
    (void)place;
    lathe_pool_opts *o = room();
    o->kernel = 2;
    return o;
}

static lathe_group_norm_opts *good_lathe_group_norm_opts_p(const char *place)
{
    (void)place;
    lathe_group_norm_opts *o = room();
    o->groups = 3;
    return o;
}

static lathe_cyclic_opts *good_lathe_cyclic_opts_p(const char *place)
{
    lathe_cyclic_opts *opts = room();
    (void)place;
    opts->base_lr = 0.1, opts->max_lr = 0.2;
    return opts;
}

static lathe_one_cycle_opts *good_lathe_one_cycle_opts_p(const char *place)
{
    lathe_one_cycle_opts *opts = room();
    (void)place;
    opts->max_lr = 0.2, opts->total_steps = 30;
    return opts;
}

static lathe_sequence_opts *good_lathe_sequence_opts_p(const char *place)
{
    static const lathe_cosine_opts cosine = { .t_max = 10 };
    static lathe_segment segment;
    lathe_sequence_opts *opts = room();
    (void)place;
    segment.type = lathe_sched_find("cosine");
    segment.opts = &cosine;
    opts->segment = &segment, opts->count = 1;
    return opts;
}

static lathe_table_opts *good_lathe_table_opts_p(const char *place)
{
    static const lathe_table_row row = { .step = 0, .lr = 0.1 };
    lathe_table_opts *opts = room();
    (void)place;
    opts->row = &row, opts->rows = 1;
    return opts;
}

/* ---- data ---- */

static void free_data(void *data) { lathe_data_free(data); }
static void free_loader(void *loader) { lathe_loader_free(loader); }
static void free_transforms(void *transforms) { lathe_transforms_free(transforms); }

static lathe_memory_opts *good_lathe_memory_opts_p(const char *place)
{
    lathe_memory_opts *opts = room();
    (void)place;
    *opts = (lathe_memory_opts){ .count = 8, .channels = 3, .height = 8, .width = 8, .classes = 4 };
    return opts;
}

static lathe_dataset *good_lathe_dataset_p(const char *place)
{
    static uint8_t pixels[8 * 3 * 64];
    static const int labels[8] = { 0, 1, 2, 3, 0, 1, 2, 3 };
    const bool as_tiny = is(place, "lathe_run_") || is(place, "lathe_feed_") || is(place, "lathe_trained_") ||
        is(place, "lathe_line_");
    if (!as_tiny && world.data) return world.data;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 37);
    lathe_memory_opts opts = { .count = 8, .channels = 3, .height = 8, .width = 8, .classes = 4 };
    if (as_tiny) opts.channels = 1, opts.height = opts.width = 6, opts.classes = 10;
    world.data = later(free_data, lathe_data_memory(pixels, labels, &opts));
    return world.data;
}

static lathe_run *good_lathe_run_p(const char *place);
static lathe_loader *good_lathe_loader_p(const char *place)
{
    if (is(place, "lathe_learner_")) {
        const lathe_feed *feed = good_lathe_run_p(place)->feed;
        return later(free_loader, lathe_feed_loader(feed, feed->test, false));
    }
    return later(free_loader,
        lathe_loader_new(good_lathe_dataset_p(""), &(lathe_loader_opts){ .batch_size = 2 }));
}

static lathe_batch *good_lathe_batch_p(const char *place)
{
    lathe_batch *batch = room();
    if (is(place, "lathe_learner_")) {
        lathe_feed_next(good_lathe_run_p(place)->feed, batch);
        return batch;
    }
    *batch = (lathe_batch){ .size = 2,
        .channels = 1,
        .height = 4,
        .width = 4,
        .images = room(),
        .labels = room() };
    return batch;
}

static lathe_transforms *good_lathe_transforms_p(const char *place)
{
    (void)place;
    return later(free_transforms, lathe_transforms_parse("hflip"));
}

static lathe_image *good_lathe_image_p(const char *place)
{
    lathe_image *image = room();
    (void)place;
    *image = (lathe_image){ .pixels = room(), .channels = 3, .height = 8, .width = 8 };
    return image;
}

static lathe_object_list *good_lathe_object_list_p(const char *place)
{
    lathe_object_list *list = room();
    (void)place;
    *list = (lathe_object_list){ .count = 1, .object = room(), .visible = room() };
    list->object[0] = (lathe_object){ .x1 = 4, .y1 = 4 };
    list->visible[0] = 1;
    return list;
}

static lathe_box *good_lathe_box_p(const char *place)
{
    lathe_box *box = room();
    (void)place;
    *box = (lathe_box){ 0, 0, 4, 4 };
    return box;
}

/* ---- files ---- */

static void free_safetensors(void *file) { lathe_safetensors_free(file); }
static void give_lock(void *lock) { lathe_lock_give(lock); }
static void close_writer(void *writer) { (void)!lathe_writer_close(writer); }

static lathe_bytes *good_lathe_bytes_p(const char *place)
{
    lathe_bytes *bytes = room();
    (void)place;
    *bytes = (lathe_bytes){ "text", 4 };
    return bytes;
}

static lathe_writer *good_lathe_writer_p(const char *place)
{
    (void)place;
    return later(close_writer, lathe_writer_open("writer", 0));
}
static lathe_lock *good_lathe_lock_p(const char *place)
{
    (void)place;
    return later(give_lock, lathe_lock_take("a-lock"));
}
static lathe_safetensors *good_lathe_safetensors_p(const char *place)
{
    return later(free_safetensors,
        lathe_safetensors_read(is(place, "lathe_noted_") ? "run/last.safetensors" : "weights"));
}
static lathe_safetensor *good_lathe_safetensor_p(const char *place)
{
    return &good_lathe_safetensors_p(place)->tensor[0];
}

static lathe_saved *good_lathe_saved_p(const char *place)
{
    static const lathe_real values[4] = { 1, 2, 3, 4 };
    lathe_saved *saved = room();
    (void)place;
    *saved = (lathe_saved){ .name = "w", .shape = { 1, { 4 } }, .values = values };
    return saved;
}

static lathe_metadata *good_lathe_metadata_p(const char *place)
{
    lathe_metadata *metadata = room();
    (void)place;
    *metadata = (lathe_metadata){ "key", "text" };
    return metadata;
}

/* ---- runs ---- */

static void free_run(void *run) { lathe_run_free(run); }

static lathe_settings *good_lathe_settings_p(const char *place)
{
    lathe_settings *settings = later(free, malloc(sizeof *settings));
    *settings = tiny_settings(NULL, (const tiny_pair[]){ { "max_steps", "2" }, { NULL, NULL } });
    if (is(place, "lathe_compare_new")) lathe_settings_set(settings, "out", "planned");
    return settings;
}

static lathe_run_hooks *good_lathe_run_hooks_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_run *good_lathe_run_p(const char *place)
{
    return later(free_run, lathe_run_new(good_lathe_settings_p(place), NULL));
}

static void free_notes(void *notes) { lathe_notes_free(notes); }
static lathe_notes *good_lathe_notes_p(const char *place)
{
    (void)place;
    return later(free_notes, room());
}
static void save_nothing(void *object, lathe_notes *notes, bool whole)
{
    (void)object, (void)notes, (void)whole;
}
static lathe_state good_lathe_state(const char *place)
{
    (void)place;
    return (lathe_state){ .name = "nothing", .save = save_nothing };
}
static lathe_ending *good_lathe_ending_p(const char *place)
{
    (void)place;
    lathe_ending *ending = room();
    ending->how = "complete";
    return ending;
}
static void free_keeper(void *keeper) { lathe_keeper_free(keeper); }
static lathe_keeper *good_lathe_keeper_p(const char *place)
{
    lathe_keeper *keeper = later(free_keeper, lathe_keeper_new(NULL));
    if (is(place, "lathe_keeper_swap_best")) lathe_keeper_best(keeper, 1, 0);
    if (is(place, "lathe_keeper_probe")) lathe_history_set_probes(&keeper->history, "step,grad_norm");
    return keeper;
}
static lathe_learner *good_lathe_learner_p(const char *place)
{
    lathe_learner *learner = good_lathe_run_p(place)->learner;
    if (!is(place, "lathe_learner_finish")) return learner;
    lathe_learner_begin(learner, 4);
    lathe_learner_add(learner, good_lathe_batch_p(place));
    return learner;
}
static void free_ensemble(void *ensemble) { lathe_ensemble_free(ensemble); }
static lathe_task *good_lathe_task_p(const char *place);
static lathe_ensemble *good_lathe_ensemble_p(const char *place)
{
    lathe_ensemble *ensemble = later(free_ensemble, lathe_ensemble_new(good_lathe_task_p(place), 8));
    ensemble->members = is(place, "lathe_ensemble_score");
    return ensemble;
}
static void free_probes(void *probes) { lathe_probes_free(probes); }
static lathe_probes *good_lathe_probes_p(const char *place)
{
    return later(free_probes,
        lathe_probes_new("grad_norm", good_lathe_learner_p(place), good_lathe_run_p(place)->feed, 1));
}
static lathe_task_metric *good_lathe_task_metric_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_chart *good_lathe_chart_p(const char *place)
{
    static const double x[2] = { 0, 1 };
    static const lathe_series series = { .name = "line", .x = x, .y = x, .count = 2 };
    lathe_chart *chart = room();
    (void)place;
    *chart = (lathe_chart){ .title = "title", .series = &series, .count = 1 };
    return chart;
}

static lathe_chart_page *good_lathe_chart_page_p(const char *place)
{
    lathe_chart_page *page = room();
    *page = (lathe_chart_page){ .title = "title", .chart = good_lathe_chart_p(place), .charts = 1 };
    return page;
}

/* ---- range tests ---- */

/* A loss that falls and rises again. */
static lathe_lr_sweeps *good_lathe_lr_sweeps_p(const char *place)
{
    static double lr[100], loss[100], accuracy[100];
    lathe_lr_sweeps *sweeps = room();
    (void)place;
    for (int i = 0; i < 100; i++) {
        lr[i] = 1e-3 * (i + 1);
        loss[i] = 1 + (i - 50) * (i - 50) / 2500.0;
        accuracy[i] = 0.5;
    }
    *sweeps = (lathe_lr_sweeps){ .lr = lr, .loss = loss, .accuracy = accuracy, .steps = 100, .sweeps = 1 };
    return sweeps;
}

static lathe_lr_found *good_lathe_lr_found_p(const char *place)
{
    return lathe_lr_read(good_lathe_lr_sweeps_p(place), 0.5);
}
static lathe_lr_rule good_lathe_lr_rule(const char *place)
{
    (void)place;
    return LATHE_LR_QUARTER;
}

static lathe_lr_pair *good_lathe_lr_pair_p(const char *place)
{
    lathe_lr_pair *pair = room();
    (void)place;
    *pair = (lathe_lr_pair){ .base_lr = 0.001, .max_lr = 0.01 };
    return pair;
}

static lathe_lr_find_opts *good_lathe_lr_find_opts_p(const char *place)
{
    lathe_lr_find_opts *opts = room();
    (void)place;
    *opts = (lathe_lr_find_opts){ .from = 1e-3, .to = 100, .steps = 60, .sweeps = 1 };
    return opts;
}

/* ---- averages, files, comparisons ---- */

static void free_averaged(void *averaged) { lathe_averaged_free(averaged); }
static lathe_averaged *good_lathe_averaged_p(const char *place)
{
    lathe_averaged *averaged = later(free_averaged, lathe_averaged_new(lathe_nn_params(net()), NULL));
    if (is(place, "swap")) lathe_averaged_update(averaged);
    return averaged;
}

static lathe_duplicate *good_lathe_duplicate_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_file_names *good_lathe_file_names_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_account *good_lathe_account_p(const char *place)
{
    (void)place;
    return room();
}
static lathe_swa *good_lathe_swa_p(const char *place)
{
    (void)place;
    return room();
}

static void *good_char_p_p_p(const char *place)
{
    (void)place;
    return room();
}
static const char **good_char_p_p(const char *place)
{
    static const char *names[1024] = { "picture.ppm" }; /* as long as room() could be, for the compiler */
    if (is(place, "lathe_setting_names.")) return room();
    return names;
}

static void free_feed(void *feed) { lathe_feed_free(feed); }
static lathe_feed_opts *good_lathe_feed_opts_p(const char *place)
{
    (void)place;
    lathe_feed_opts *opts = room();
    *opts = (lathe_feed_opts){ .data = "mnist:data", .batch_size = 4, .val_split = 0.2 };
    return opts;
}
static lathe_feed *good_lathe_feed_p(const char *place)
{
    return later(free_feed, lathe_feed_new(good_lathe_feed_opts_p(place)));
}

static lathe_task_column *good_lathe_task_column_p(const char *place)
{
    (void)place;
    return room();
}

static lathe_finding *good_lathe_finding_p(const char *place)
{
    (void)place;
    return room();
}

static void free_task(void *task) { lathe_task_free(task); }
static lathe_task *good_lathe_task_p(const char *place)
{
    (void)place;
    return later(free_task,
        lathe_task_new(&(
            lathe_task_opts){ .data = good_lathe_dataset_p(""), .loss = lathe_loss_find("cross_entropy") }));
}

static lathe_task_opts *good_lathe_task_opts_p(const char *place)
{
    lathe_task_opts *opts = room();
    opts->data = good_lathe_dataset_p(place);
    return opts;
}

static void free_measure(void *measure) { lathe_measure_free(measure); }
static lathe_measure *good_lathe_measure_p(const char *place)
{
    return later(free_measure,
        lathe_measure_new(is(place, "lathe_learner_") ? good_lathe_run_p(place)->learner->task :
                                                        good_lathe_task_p(place),
            NULL));
}

static lathe_pass *good_lathe_pass_p(const char *place)
{
    lathe_pass *pass = room();
    pass->batch = good_lathe_batch_p(place);
    pass->scores = room();
    return pass;
}

static lathe_status pass_nothing(void *context, lathe_task *task, const lathe_pass *pass)
{
    (void)context, (void)task, (void)pass;
    return LATHE_OK;
}
static lathe_pass_fn *good_lathe_pass_fn_p(const char *place)
{
    (void)place;
    return pass_nothing;
}

static void free_trained(void *trained) { lathe_trained_free(trained); }
static lathe_trained *good_lathe_trained_p(const char *place)
{
    (void)place;
    return later(free_trained, lathe_trained_open("run", NULL));
}

static void free_compare(void *compare) { lathe_compare_free(compare); }
static lathe_compare *good_lathe_compare_p(const char *place)
{
    lathe_settings *settings = good_lathe_settings_p(place);
    lathe_settings_set(settings, "out", "compared");
    lathe_compare *compare = later(free_compare, lathe_compare_new(settings, NULL));
    if (is(place, "begin") || is(place, "end")) lathe_compare_open(compare);
    return compare;
}

static lathe_variant *good_lathe_variant_p(const char *place)
{
    int count;
    return later(lathe_free, lathe_variants_of(good_lathe_compare_p(place), NULL, &count));
}

static lathe_curve *good_lathe_curve_p(const char *place)
{
    return later(lathe_free, lathe_curves_of(good_lathe_compare_p(place), "val_accuracy", NULL));
}

static lathe_hypothesis *good_lathe_hypothesis_p(const char *place)
{
    int count;
    lathe_compare *compare = good_lathe_compare_p(place);
    return later(lathe_free, lathe_hypotheses_of(compare, &count));
}

#endif
