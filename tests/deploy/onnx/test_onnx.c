/* Files of ONNX, read back by a small parser. What they compute is tested by run.sh. */
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/op_cases.h"
#include "support/tiny.h"

/* ---- a reader of Protocol Buffers ---------------------------------------------------------------------- */

typedef struct bytes {
    const unsigned char *at;
    size_t size;
} bytes;

static uint64_t read_varint(bytes *from)
{
    uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(from->size > 0 && shift < 70);
        unsigned char byte = *from->at++;
        from->size--;
        number |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return number;
    }
}

/* The next field: its number; its value is a number, or bytes. 0 at the end. */
static int next_field(bytes *from, uint64_t *number, bytes *value)
{
    if (!from->size) return 0;
    uint64_t key = read_varint(from);
    *number = 0;
    *value = (bytes){ 0 };
    if ((key & 7) == 0) *number = read_varint(from);
    else {
        size_t size = (key & 7) == 5 ? 4 : 0;
        if (!size) {
            assert_int_equal(key & 7, 2);
            size = (size_t)read_varint(from);
        }
        assert_true(size <= from->size);
        *value = (bytes){ from->at, size };
        from->at += size;
        from->size -= size;
    }
    return (int)(key >> 3);
}

/* Field number `nth` (from 0) of that number; false if there are fewer. */
static bool field_of(bytes from, int field, int nth, uint64_t *number, bytes *value)
{
    for (int found; (found = next_field(&from, number, value));)
        if (found == field && !nth--) return true;
    return false;
}

static bytes part(bytes from, int field, int nth)
{
    uint64_t number;
    bytes value;
    if (!field_of(from, field, nth, &number, &value)) fail_msg("no field %d, %d", field, nth);
    return value;
}

static bool is_text(bytes value, const char *text)
{
    return value.size == strlen(text) && !memcmp(value.at, text, value.size);
}

/* The model's metadata of that key; no bytes without it. */
static bytes metadata(bytes model, const char *key)
{
    uint64_t number;
    bytes entry;
    for (int i = 0; field_of(model, 14, i, &number, &entry); i++)
        if (is_text(part(entry, 1, 0), key)) return part(entry, 2, 0);
    return (bytes){ 0 };
}

enum { GRAPH = 7, NODE = 1, INITIALIZER = 5, INPUT = 11, OUTPUT = 12 };

static char *file;

/* The file at path, until the next one. */
static bytes read_model(const char *path)
{
    size_t size;
    free(file);
    file = test_bytes(path, &size);
    return (bytes){ (const unsigned char *)file, size };
}

/* ---- operations ---------------------------------------------------------------------------------------- */

/* Operations without a form: losses, which are no part of a net in evaluation, and dropouts, which are gone
 * then. */
static const char *const refused[] = { "binary_cross_entropy", "ciou", "cross_entropy", "cross_entropy_soft",
    "dice", "diou", "dropout", "focal", "giou", "huber", "iou", "jaccard", "kl_div", "l1", "mse",
    "sigmoid_focal", "smooth_l1", "stochastic_depth" };

static bool is_refused(const char *name)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (!strcmp(refused[i], name)) return true;
    return false;
}

static const op_case *case_of(const char *name)
{
    const op_case *kind;
    for (int i = 0; (kind = op_case_at(i)); i++)
        if (!strcmp(op_case_name(kind), name)) return kind;
    return NULL;
}

static bool graph_has(const lathe_graph *graph, const char *name)
{
    for (int n = 0; n < graph->nodes; n++)
        if (!strcmp(graph->node[n].op->name, name)) return true;
    return false;
}

/* A new operation is either in support/op_cases.c, and has a form, or is named above. */
static void each_operation_has_a_form_or_is_refused(void **state)
{
    (void)state;
    const lathe_op *op;
    for (int i = 0; (op = lathe_op_at(i)); i++) {
        const op_case *kind = case_of(op->name);
        if (!kind != is_refused(op->name)) fail_msg("%s: neither a form nor refused, or both", op->name);
        if (!kind) continue;
        lathe_model *model;
        lathe_shape image;
        lathe_layer *net = op_case_net(kind, 0, &model, &image);
        lathe_graph *graph = lathe_graph_new(net, image, LATHE_GRAPH_PLAIN);
        assert_non_null(graph);
        if (!graph_has(graph, op->name)) fail_msg("the case of %s does not run it", op->name);
        lathe_graph_free(graph);
        if (lathe_export_net(net, image, "onnx", test_path("op.onnx"), NULL))
            fail_msg("%s: %s", op->name, lathe_error_message());
        lathe_model_free(model);
    }
}

/* A layer of x and itself: losses. */
static const lathe_op *applied;
static lathe_tensor *apply_forward(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_apply(applied, (lathe_tensor *[]){ x, x }, 2, NULL);
}
static const lathe_layer_type apply_type = { .name = "apply",
    .size = sizeof(lathe_layer),
    .forward = apply_forward };

static void an_operation_without_a_form_is_named(void **state)
{
    (void)state;
    static const char *const names[] = { "kl_div", "mse", "l1", "binary_cross_entropy", "huber" };
    int tried = 0;
    const lathe_op *op;
    for (int i = 0; (op = lathe_op_at(i)); i++)
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++) {
            if (strcmp(op->name, names[j]) != 0) continue;
            char message[128];
            applied = op;
            lathe_model *model = lathe_model_new();
            lathe_layer *net =
                lathe_nn_sequential(model, lathe_nn_relu(model), lathe_layer_new(model, &apply_type), NULL);
            lathe_nn_init(net, 1);
            const lathe_shape image = { 3, { 2, 3, 3 } };
            lathe_export_net(net, image, "onnx", test_path("loss.onnx"), NULL);
            snprintf(message, sizeof message, "onnx: lathe_%s has no ONNX form: layer '1'", op->name);
            assert_failed(LATHE_EARG, message);
            assert_false(lathe_file_exists(test_path("loss.onnx")));
            lathe_model_free(model);
            tried++;
        }
    assert_int_equal(tried, 5);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static lathe_layer *small_net(lathe_model *model)
{
    lathe_layer *net =
        lathe_nn_sequential(model, lathe_nn_conv2d(model, 3, 4, 3, NULL), lathe_nn_batch_norm(model, 4, NULL),
            lathe_nn_relu(model), lathe_nn_flatten(model), lathe_nn_linear(model, 4 * 4 * 4, 5, NULL), NULL);
    assert_int_equal(lathe_nn_init(net, 1), LATHE_OK);
    return net;
}

static const lathe_shape small = { 3, { 3, 6, 6 } };

static void a_file_has_the_graph_and_its_weights(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    const lathe_export_opts opts = { .name = "small" };
    assert_int_equal(lathe_export_net(net, small, "onnx", test_path("a.onnx"), &opts), LATHE_OK);
    bytes file_bytes = read_model(test_path("a.onnx")), graph = part(file_bytes, GRAPH, 0), value;
    uint64_t number;
    assert_true(field_of(file_bytes, 1, 0, &number, &value));
    assert_int_equal(number, 7); /* the IR version */
    assert_true(field_of(part(file_bytes, 8, 0), 2, 0, &number, &value));
    assert_int_equal(number, 13); /* the opset */
    assert_true(is_text(part(file_bytes, 2, 0), "lathe"));
    assert_true(is_text(part(graph, 2, 0), "small"));
    static const char *const types[] = { "Conv", "Relu", "Flatten", "Gemm" };
    static const char *const names[] = { "0/Conv", "2/Relu", "3/Flatten", "4/Gemm" };
    for (int i = 0; i < 4; i++) { /* the batch norm is in the weights */
        assert_true(is_text(part(part(graph, NODE, i), 4, 0), types[i]));
        assert_true(is_text(part(part(graph, NODE, i), 3, 0), names[i]));
    }
    assert_false(field_of(graph, NODE, 4, &number, &value));
    assert_true(is_text(part(part(graph, INPUT, 0), 1, 0), "input"));
    assert_true(is_text(part(part(graph, OUTPUT, 0), 1, 0), "output"));
    assert_true(is_text(part(part(graph, NODE, 3), 2, 0), "output"));

    /* The linear layer's weights are there as they are, in float with the lowest byte first. */
    const lathe_params *params = lathe_nn_params(net);
    bytes tensor = part(graph, INITIALIZER, 2), raw = part(tensor, 9, 0);
    assert_true(is_text(part(tensor, 8, 0), "4.weight"));
    const lathe_tensor *weight = NULL;
    for (int i = 0; i < params->count; i++)
        if (!strcmp(params->tensor[i]->name, "4.weight")) weight = params->tensor[i];
    assert_int_equal(raw.size, 4 * weight->stored);
    for (size_t i = 0; i < weight->stored; i++) {
        float want = (float)weight->data[i];
        uint32_t bits, got = 0;
        memcpy(&bits, &want, 4);
        for (int b = 0; b < 4; b++) got |= (uint32_t)raw.at[4 * i + (size_t)b] << 8 * b;
        assert_int_equal(got, bits);
    }
    lathe_model_free(model);
}

static void a_batch_of_any_size_is_a_parameter(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    const lathe_export_opts opts = { .dynamic_batch = true, .no_fold = true };
    assert_int_equal(lathe_export_net(net, small, "onnx", test_path("b.onnx"), &opts), LATHE_OK);
    bytes graph = part(read_model(test_path("b.onnx")), GRAPH, 0);
    for (int field = INPUT; field <= OUTPUT; field++) { /* value, type, tensor type, shape, dim, dim_param */
        bytes tensor = part(part(part(graph, field, 0), 2, 0), 1, 0);
        assert_true(is_text(part(part(part(tensor, 2, 0), 1, 0), 2, 0), "N"));
    }
    assert_true(is_text(part(part(graph, NODE, 1), 4, 0), "BatchNormalization"));
    lathe_model_free(model);
}

static void what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    const char *path = test_path("c.onnx");
    lathe_export_net(net, small, "onnx", path, &(lathe_export_opts){ .split_weights = true });
    assert_failed(LATHE_EARG, "onnx: split_weights is for c");
    lathe_export_net(net, small, "onnx", path, &(lathe_export_opts){ .preprocessing = true });
    assert_failed(LATHE_EARG, "onnx: preprocessing needs a trained model");
    lathe_model *other;
    lathe_shape image;
    lathe_layer *sum = op_case_net(case_of("sum"), 0, &other, &image);
    lathe_export_net(sum, image, "onnx", path, &(lathe_export_opts){ .dynamic_batch = true });
    assert_failed(LATHE_EARG, "onnx: lathe_sum joins the images of a batch; leave out dynamic_batch: layer");
    assert_false(lathe_file_exists(path));
    lathe_model_free(other);
    lathe_model_free(model);
}

/* Export the net, or the trained model, with one failing allocation after the other. */
static void fail_each_allocation(lathe_layer *net, const lathe_trained *trained, const char *path)
{
    const lathe_export_opts opts = { .preprocessing = true };
    size_t calls = 0;
    for (lathe_status status = LATHE_ENOMEM; status;) {
        assert_true(calls < 4000);
        lathe_alloc_fail_at(++calls, false);
        status = trained ? lathe_export_trained(trained, "onnx", path, &opts) :
                           lathe_export_net(net, small, "onnx", path, NULL);
        lathe_alloc_fail_at(0, false);
        if (!status) break;
        assert_int_equal(status, LATHE_ENOMEM);
        assert_false(lathe_file_exists(path));
        lathe_error_clear();
    }
    assert_true(calls > 10);
}

static void no_failure_leaves_a_file(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = small_net(model);
    const char *path = test_path("d.onnx");
    fail_each_allocation(net, NULL, path);
    remove(path);
    const lathe_fault fault = { .kind = LATHE_FAULT_ERROR, .error = 28 };
    lathe_file_fail_at(2, &fault);
    assert_int_equal(lathe_export_net(net, small, "onnx", path, NULL), LATHE_EIO);
    lathe_file_fail_at(0, NULL);
    assert_int_equal(test_folder_entries(), 3); /* of the tests before */
    lathe_model_free(model);
}

/* ---- trained models ------------------------------------------------------------------------------------ */

static lathe_trained *train(const char *out, const char *augment)
{
    const tiny_pair pairs[] = { { "augment", augment }, { "max_steps", "4" }, { NULL } };
    lathe_settings settings = tiny_settings(out, pairs);
    lathe_run_free(tiny_train(&settings));
    lathe_trained *trained = lathe_trained_open(test_path(out), NULL);
    if (!trained) fail_msg("%s", lathe_error_message());
    return trained;
}

static void assert_metadata(bytes model, const char *key, const char *want)
{
    bytes value = metadata(model, key);
    if (!value.at || !is_text(value, want))
        fail_msg("%s: '%.*s', not '%s'", key, (int)value.size, value.at ? (const char *)value.at : "", want);
}

static void a_file_tells_what_a_program_needs(void **state)
{
    (void)state;
    char want[64], number[32];
    lathe_trained *trained = train("run", "hflip");
    const char *path = test_path("run.onnx");
    assert_int_equal(lathe_export_trained(trained, "onnx", path, NULL), LATHE_OK);
    bytes model = read_model(path);
    assert_metadata(model, "class_names", "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]");
    assert_metadata(model, "task", "classify");
    assert_metadata(model, "model", "tiny");
    assert_metadata(model, "size", "[6,6]");
    assert_metadata(model, "channels", "grey");
    assert_metadata(model, "output", "a score for each class; softmax makes probabilities");
    assert_metadata(model, "preprocessing", "outside: (pixel / 255 - mean) / std, [N, C, H, W]");
    snprintf(want, sizeof want, "[%s]", lathe_double_text(trained->data.mean[0], number));
    assert_metadata(model, "mean", want);
    snprintf(want, sizeof want, "[%s]", lathe_double_text(trained->data.std[0], number));
    assert_metadata(model, "std", want);
    assert_metadata(model, "settings_checksum", trained->settings_hash);
    assert_metadata(model, "weights_checksum", trained->weights_hash);
    assert_metadata(model, "lathe_version", lathe_version());
    assert_null(metadata(model, "transforms").at); /* a flip is for training alone */
    assert_null(metadata(model, "heads").at);
    lathe_trained_free(trained);
}

static void preprocessing_is_part_of_the_graph(void **state)
{
    (void)state;
    const lathe_export_opts opts = { .preprocessing = true };
    lathe_trained *trained = lathe_trained_open(test_path("run"), NULL);
    const char *path = test_path("run.onnx");
    assert_int_equal(lathe_export_trained(trained, "onnx", path, &opts), LATHE_OK);
    bytes model = read_model(path), graph = part(model, GRAPH, 0), value;
    static const char *const types[] = { "Cast", "Transpose", "Mul", "Add", "Conv" };
    for (int i = 0; i < 5; i++) assert_true(is_text(part(part(graph, NODE, i), 4, 0), types[i]));
    uint64_t number;
    bytes tensor = part(part(part(graph, INPUT, 0), 2, 0), 1, 0);
    assert_true(field_of(tensor, 1, 0, &number, &value));
    assert_int_equal(number, 2); /* 8 bits without a sign */
    static const int dims[] = { 1, 6, 6, 1 };
    for (int i = 0; i < 4; i++) {
        assert_true(field_of(part(part(tensor, 2, 0), 1, i), 1, 0, &number, &value));
        assert_int_equal(number, dims[i]);
    }
    assert_metadata(model, "preprocessing", "inside: 8-bit pixels [N, H, W, C] of this size");
    fail_each_allocation(NULL, trained, test_path("failing.onnx"));
    lathe_trained_free(trained);
}

/* What is sure and not random is done to each picture when the model is used. */
static void transforms_that_stay_are_told_or_refused(void **state)
{
    (void)state;
    lathe_trained *trained = train("cropped", "equalize:p=1");
    const char *path = test_path("run.onnx");
    assert_int_equal(lathe_export_trained(trained, "onnx", path, NULL), LATHE_OK);
    assert_metadata(read_model(path), "transforms", "equalize:p=1");
    lathe_export_trained(trained, "onnx", path, &(lathe_export_opts){ .preprocessing = true });
    assert_failed(LATHE_EARG, "onnx: preprocessing cannot hold the run's own transforms, 'equalize:p=1'");
    lathe_trained_free(trained);
}

static int end(void **state)
{
    (void)state;
    free(file);
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_has_a_form_or_is_refused),
        cmocka_unit_test(an_operation_without_a_form_is_named),
        cmocka_unit_test(a_file_has_the_graph_and_its_weights),
        cmocka_unit_test(a_batch_of_any_size_is_a_parameter),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(no_failure_leaves_a_file),
        cmocka_unit_test(a_file_tells_what_a_program_needs),
        cmocka_unit_test(preprocessing_is_part_of_the_graph),
        cmocka_unit_test(transforms_that_stay_are_told_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
