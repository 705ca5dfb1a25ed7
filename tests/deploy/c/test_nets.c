/*
 * Nets of the zoo as C files: the same outputs as lathe's. LATHE_NET in the environment names one of
 * them, for tools/check-export; otherwise they are a few small ones.
 */
#include <stdlib.h>
#include <string.h>

#include "support/c_files.h"
#include "support/program.h"

enum { SIZE = 64 };

typedef struct net_case {
    const char *name;
    lathe_model_spec spec; /* zeros: the native one */
} net_case;

static const net_case few[] = {
    { "lenet5", { 0 } },
    { "resnet20", { 0 } },
    { "unet", { 3, 32, 32, 5, NULL } },
    { "mobilenet-tiny", { 0 } },
};

static lathe_layer *build(lathe_model *model, const char *name, lathe_model_spec *spec)
{
    lathe_layer *net = lathe_model_build(model, name, spec);
    if (!net) fail_msg("%s: %s", name, lathe_error_message());
    init_odd(net, 3);
    return net;
}

/* Compare one net, compiled for this machine. */
static void try_net(const char *name, const lathe_model_spec *wanted, bool plain)
{
    lathe_model_spec spec = wanted->channels ? *wanted : lathe_model_find(name)->native;
    if (spec.height > SIZE) spec.height = spec.width = SIZE;
    lathe_model *model = lathe_model_new();
    c_case c = { name, build(model, name, &spec), { 3, { spec.channels, spec.height, spec.width } },
        .plain = plain, .binary = getenv("LATHE_NET") != NULL };
    if (c.binary) fit_norms(c.net, c.image, 1);
    make_folder(NULL);
    c_files_write(folder, &c, 1);
    double worst = c_files_try(folder, &c, 1,
        "cc -O2 " C_FILES_NATIVE "-Wall -Wextra -Wpedantic -Wconversion -Werror", "", 1e-5);
    lathe_graph *graph = lathe_graph_new(c.net, c.image, plain ? LATHE_GRAPH_PLAIN : LATHE_GRAPH_FUSED);
    lathe_memory *memory = lathe_memory_new(graph);
    print_message("%-24s %s %8.1e of the spread, %9zu bytes of weights, %8zu of scratch\n", name,
        plain ? "plain " : "folded", worst, memory->weights, memory->scratch);
    lathe_memory_free(memory);
    lathe_graph_free(graph);
    remove_folder(NULL);
    lathe_model_free(model);
}

static void test_nets(void **state)
{
    (void)state;
    const char *name = getenv("LATHE_NET");
    for (size_t i = 0; !name && i < sizeof few / sizeof few[0]; i++)
        try_net(few[i].name, &few[i].spec, i == 1);
    for (int plain = 0; name && plain < 2; plain++) try_net(name, &(lathe_model_spec){ 0 }, plain);
}

/* Values that live at the same time do not overlap, and the table's sums are those of its rows. */
static void test_memory(void **state)
{
    (void)state;
    lathe_model *model = lathe_model_new();
    lathe_model_spec spec = lathe_model_find("resnet20")->native;
    lathe_layer *net = build(model, "resnet20", &spec);
    lathe_graph *graph = lathe_graph_new(net, (lathe_shape){ 3, { 3, 32, 32 } }, LATHE_GRAPH_FUSED);
    lathe_memory *memory = lathe_memory_new(graph);
    assert_non_null(memory);
    assert_in_range(memory->rows, graph->nodes - 2, graph->nodes); /* without flatten */
    size_t weights = 0, most = 0, largest = 0;
    double multiply_adds = 0;
    for (int i = 0; i < memory->rows; i++) {
        const lathe_memory_row *row = &memory->row[i];
        weights += row->weights;
        multiply_adds += row->multiply_adds;
        if (row->offset + row->size > most) most = row->offset + row->size;
        if (row->size > largest) largest = row->size;
    }
    assert_int_equal(weights, memory->weights);
    assert_true(multiply_adds == memory->multiply_adds && multiply_adds > 40e6 && multiply_adds < 42e6);
    assert_true(most <= memory->scratch);
    assert_true(memory->scratch < 3 * largest); /* two results, and some lines */
    lathe_memory_free(memory);
    lathe_graph_free(graph);
    lathe_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nets),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
