/* Every operation has a form in C, or is one of those that are refused. Each is compared with lathe's own. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../deploy/c/plan_impl.h"
#include "support/c_files.h"
#include "support/op_cases.h"
#include "support/program.h"

enum { MOST = 400 };

static lathe_model *models[MOST];
static c_case cases[MOST], few[MOST]; /* few: the first variants, for more compilers */
static int count, fewer;
static char few_folder[96];

static int make_cases(void **state)
{
    make_folder(state);
    for (int k = 0; op_case_at(k); k++)
        for (int variant = 0; variant < op_case_variants(op_case_at(k)); variant++) {
            c_case *c = &cases[count];
            assert_true(count < MOST);
            c->name = op_case_name(op_case_at(k));
            c->net = op_case_net(op_case_at(k), variant, &models[count], &c->image);
            c->split = count++ % 16 == 0;
            if (variant < 2) few[fewer++] = *c;
        }
    c_files_write(folder, cases, count);
    snprintf(few_folder, sizeof few_folder, "%s/few", folder);
    assert_int_equal(mkdir(few_folder, 0700), 0);
    c_files_write(few_folder, few, fewer);
    return 0;
}

static int free_cases(void **state)
{
    for (int i = 0; i < count; i++) lathe_model_free(models[i]);
    return remove_folder(state);
}

static void test_every_operation_has_a_form_or_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = { "binary_cross_entropy", "ciou", "cross_entropy",
        "cross_entropy_soft", "dice", "diou", "focal", "giou", "huber", "iou", "jaccard", "kl_div", "l1",
        "mse", "sigmoid_focal", "smooth_l1" };
    static const char *const nothing[] = { "dropout", "stochastic_depth" }; /* in evaluation */
    int losses = 0;
    for (int i = 0; lathe_op_at(i); i++) {
        const char *name = lathe_op_at(i)->name;
        bool is_refused = false, is_tried = !strcmp(name, nothing[0]) || !strcmp(name, nothing[1]);
        for (size_t r = 0; r < sizeof refused / sizeof refused[0]; r++)
            is_refused |= !strcmp(refused[r], name);
        for (int c = 0; c < count; c++) is_tried |= !strcmp(cases[c].name, name);
        losses += is_refused;
        if ((lathe_c_form_of(lathe_op_at(i)) != NULL) == is_refused || is_tried == is_refused)
            fail_msg("lathe_%s has a form in C and a case, or is refused", name);
    }
    assert_int_equal(losses, sizeof refused / sizeof refused[0]);
}

/* ---- refusals ------------------------------------------------------------------------------------------ */

static lathe_tensor *forward_loss(lathe_layer *layer, lathe_tensor *x)
{
    (void)layer;
    return lathe_mse(x, lathe_scale(x, 0.5), LATHE_REDUCE_MEAN);
}

static void test_what_is_refused_is_named(void **state)
{
    (void)state;
    static const lathe_layer_type type = { .name = "loss",
        .size = sizeof(lathe_layer),
        .forward = forward_loss };
    const lathe_shape image = { 3, { 1, 3, 3 } };
    lathe_model *model = lathe_model_new();
    lathe_layer *net = lathe_layer_new(model, &type);
    lathe_nn_init(net, 1);
    assert_int_equal(lathe_export_net(net, image, "c", "x.c", NULL), LATHE_EARG);
    assert_failed(LATHE_EARG, "c: lathe_mse has no C form");
    assert_int_equal(lathe_export_net(net, image, "c", "x.c", &(lathe_export_opts){ .dynamic_batch = true }),
        LATHE_EARG);
    assert_failed(LATHE_EARG, "c: dynamic_batch is for onnx");
    assert_int_equal(lathe_export_net(net, image, "c", "x.c", &(lathe_export_opts){ .preprocessing = true }),
        LATHE_EARG);
    assert_failed(LATHE_EARG, "c: preprocessing is for onnx");
    assert_int_equal(lathe_export_net(net, image, "c", "x", &(lathe_export_opts){ .split_weights = true }),
        LATHE_EARG);
    assert_failed(LATHE_EARG, "wants a file that ends in .c, not 'x'");
    lathe_model_free(model);
}

/* ---- compilers ----------------------------------------------------------------------------------------- */

#define STRICT "-Wall -Wextra -Wpedantic -Wconversion -Werror "

static void test_operations_in_c99(void **state)
{
    (void)state;
    double worst = c_files_try(folder, cases, count, "cc -std=c99 -O1 " STRICT, "", 1e-5);
    print_message("%d operations: largest difference %.2g of the spread\n", count, worst);
}

static void test_operations_with_other_compilers(void **state)
{
    (void)state;
    static const char *const compilers[][3] = {
        { "clang", "clang -std=c99 -O0 " C_FILES_NATIVE STRICT, "" },
        { "g++", "g++ -x c++ -O0 " STRICT, "" },
        { "arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-gcc -std=c99 -O0 -static " STRICT, "qemu-arm" },
        { "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-gcc -std=c99 -O0 -static " STRICT, "qemu-aarch64" },
    };
    for (size_t i = 0; i < sizeof compilers / sizeof compilers[0]; i++) {
        const char *const *c = compilers[i];
        if (c_files_have(c[0]) && (!*c[2] || c_files_have(c[2])))
            c_files_try(few_folder, few, fewer, c[1], c[2], 1e-5);
        else print_message("SKIPPED: no %s here\n", c_files_have(c[0]) ? c[2] : c[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation_has_a_form_or_is_refused),
        cmocka_unit_test(test_what_is_refused_is_named),
        cmocka_unit_test(test_operations_in_c99),
        cmocka_unit_test(test_operations_with_other_compilers),
    };
    return cmocka_run_group_tests(tests, make_cases, free_cases);
}
