#include "support/loss_test.h"

#include <math.h>
#include <string.h>

static const lathe_loss_type *type_of(const char *name)
{
    const lathe_loss_type *type = lathe_loss_find(name);
    if (!type) fail_msg("no loss %s: %s", name, lathe_error_message());
    return type;
}

static void all_are_found_by_name(void **state)
{
    (void)state;
    static const char *const names[] = { "binary_cross_entropy", "ciou", "cross_entropy", "cross_entropy_iou",
        "dice", "diou", "focal", "giou", "huber", "iou", "jaccard", "kl_div", "l1", "mse", "sigmoid_focal",
        "smooth_l1" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(type_of(names[i])->name, names[i]);
    assert_ptr_equal(lathe_loss_find("cross-entropy"), lathe_loss_find("cross_entropy"));
    for (int i = 0; lathe_loss_at(i); i++) {
        const lathe_loss_type *type = lathe_loss_at(i);
        assert_ptr_equal(lathe_loss_find(type->name), type);
        assert_true(type->summary && strlen(type->summary) > 0);
        const lathe_field *reduction = lathe_fields_find(type->fields, "reduction");
        assert_non_null(reduction);
        assert_string_equal(reduction->choices[LATHE_REDUCE_NONE], "none");
    }
    assert_null(lathe_loss_at(-1));
}

static void an_unknown_name_lists_the_known(void **state)
{
    (void)state;
    assert_null(lathe_loss_find("focall"));
    assert_failed(LATHE_ENAME, "unknown loss 'focall'; did you mean focal? known: binary_cross_entropy");
    assert_null(lathe_loss_find(NULL));
    assert_failed(LATHE_EARG, "name is NULL");
}

typedef struct classify_case {
    const lathe_loss_type *type;
    const int *labels;
} classify_case;

static lathe_tensor *classify(void *context, lathe_tensor *const *leaves, int count)
{
    const classify_case *c = context;
    (void)count;
    return c->type->classify(leaves[0], c->labels, NULL);
}

/* Scores 1, 3 and 1, 0 with labels 1 and 0: against 0, 1 and 1, 0 the distances are 1, 2, 0, 0. */
static void scores_are_compared_with_one_at_the_label(void **state)
{
    (void)state;
    const lathe_real x[] = { 1, 3, 1, 0 };
    const int labels[] = { 1, 0 }, bad[] = { 1, 2 };
    const lathe_leaf leaf = { .layout = LATHE_BATCHED, .shape = { 2, { 2, 2 } }, .values = x };
    static const struct {
        const char *name;
        double want;
    } rows[] = { { "mse", 5.0 / 4 }, { "l1", 3.0 / 4 }, { "smooth_l1", 2.0 / 4 }, { "huber", 2.0 / 4 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        classify_case c = { type_of(rows[i].name), labels };
        assert_result(rows[i].name, classify, &c, &leaf, 1, LATHE_TRAIN, &rows[i].want, 1, 1e-6, 0);
        c.labels = bad;
        assert_op_fails(classify, &c, &leaf, 1, LATHE_EARG, "label 2 of sample 1 is outside 0 to 1");
    }
    const double yes[] = { log(1 + exp(-3)) + log(1 + exp(1)), log(1 + exp(-1)) + log(2) };
    const double binary = (yes[0] + yes[1]) / 4;
    classify_case c = { type_of("binary_cross_entropy"), labels };
    /* The divergence from the label alone is its cross-entropy, and the mean is over numbers. */
    const double divergence = (log(1 + exp(-2)) + log(1 + exp(-1))) / 4;
    classify_case kl = { type_of("kl_div"), labels };
    assert_result("kl_div", classify, &kl, &leaf, 1, LATHE_TRAIN, &divergence, 1, 1e-6, 0);
    assert_result("binary", classify, &c, &leaf, 1, LATHE_TRAIN, &binary, 1, 1e-6, 0);
}

/* What a loss can be used for. */
typedef enum use { LABELS, TAGS, MIXED, BOXES, USES } use;

enum { BATCH = 20, CLASSES = 4, COUNT = BATCH * CLASSES };

/*
 * The loss of x in one of its uses: classes 0 ... 3, tags, parts of classes, boxes of side 2. NULL: not for
 * it.
 */
static lathe_tensor *loss_in_use(const lathe_loss_type *type, use how, lathe_tensor *x)
{
    int labels[BATCH], tags[COUNT];
    lathe_real target[COUNT];
    for (int i = 0; i < COUNT; i++) {
        labels[i / CLASSES] = random_int(5, (uint64_t)(i / CLASSES), 0, CLASSES - 1);
        tags[i] = labels[i / CLASSES] == i % CLASSES;
        target[i] = how == BOXES ? (lathe_real)(i % CLASSES < 2 ? -1 : 1) : (lathe_real)tags[i];
    }
    if (how == LABELS) return type->classify(x, labels, NULL);
    if (how == TAGS) return type->many(x, tags, NULL);
    lathe_tensor *leaf = lathe_tape_leaf(x->tape, LATHE_BATCHED, x->shape, target);
    return how == MIXED ? type->mixed(x, leaf, NULL) : type->boxes(x, leaf, NULL);
}

/* Steps along the gradient lower each loss in each of its uses: it can be trained with, by its name alone. */
static void each_loss_falls_in_each_of_its_uses(void **state)
{
    (void)state;
    lathe_real x[COUNT], g[COUNT];
    int used[USES] = { 0 }, usable = 0;
    lathe_tape *tape = lathe_tape_new(NULL);
    for (int i = 0; lathe_loss_at(i); i++) {
        const lathe_loss_type *type = lathe_loss_find(lathe_loss_at(i)->name);
        const bool has[USES] = { type->classify, type->many, type->mixed, type->boxes };
        usable += has[LABELS] || has[TAGS] || has[BOXES];
        for (use how = LABELS; how < USES; how++) {
            double first = 0, last = 0;
            if (!has[how]) continue;
            used[how]++;
            fill_normal(x, COUNT, 7);
            for (int n = 0; n < COUNT && how == BOXES; n++)
                x[n] = (lathe_real)(0.1 * (double)x[n] + (n % CLASSES < 2 ? -1.5 : 1.5));
            for (int step = 0; step < 60; step++) {
                lathe_tape_begin(tape, LATHE_TRAIN);
                lathe_tensor *leaf =
                    lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { BATCH, CLASSES } }, x);
                leaf->needs_grad = true;
                lathe_tensor *loss = loss_in_use(type, how, leaf);
                if (!loss || lathe_backward(loss)) fail_msg("%s: %s", type->name, lathe_error_message());
                last = lathe_item(loss);
                if (!step) first = last;
                lathe_tensor_read_grad(leaf, g, COUNT);
                for (int n = 0; n < COUNT; n++) x[n] -= (how == BOXES ? (lathe_real)0.5 : 4) * g[n];
            }
            if (!(last < 0.9 * first))
                fail_msg("%s, use %d: %g at first, %g after 60 steps", type->name, how, first, last);
        }
        assert_true(usable == i + 1);
    }
    lathe_tape_free(tape);
    assert_int_equal(used[LABELS], 12);
    assert_int_equal(used[BOXES], 4);
    assert_true(used[TAGS] > 0 && used[MIXED] > 0);
}

/* The loss of scores 1 to 6 of three samples, as a number. */
static double loss_of(lathe_tape *tape, const lathe_loss_type *type, const int *labels, const void *opts)
{
    static const lathe_real scores[] = { 1, 2, 3, 5, 4, 6 };
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, (lathe_shape){ 2, { 3, 2 } }, scores);
    return lathe_item(type->classify(x, labels, opts));
}

/*
 * 0 means -100 in the struct. As text 0 is label 0: what has that label takes no part, as what has -100 by
 * default.
 */
static void label_0_can_be_ignored(void **state)
{
    (void)state;
    static const int labels[] = { 1, 0, 1 }, others[] = { 1, -100, 1 };
    lathe_tape *tape = lathe_tape_new(NULL);
    int tried = 0;
    for (int i = 0; lathe_loss_at(i); i++) {
        const lathe_loss_type *type = lathe_loss_at(i);
        static _Alignas(16) char opts[1024], resolved[1024];
        const lathe_field *field = lathe_fields_find(type->fields, "ignore_index");
        if (!field || !type->classify) continue;
        memset(opts, 0, sizeof opts);
        assert_true(type->opts_size <= sizeof opts);
        assert_int_equal(lathe_fields_set(type->name, type->fields, opts, "ignore_index", "0", 0), LATHE_OK);
        assert_int_equal(lathe_fields_resolve(type->name, type->fields, opts, resolved, type->opts_size),
            LATHE_OK);
        char text[LATHE_FIELD_TEXT];
        assert_string_equal(lathe_field_text(field, resolved, text), "0");
        double without = loss_of(tape, type, others, NULL);
        assert_true(isfinite(without));
        assert_true(loss_of(tape, type, labels, opts) == without);
        assert_true(loss_of(tape, type, labels, NULL) != without);
        if (type->mean_weight) assert_true(type->mean_weight(opts, labels, 3) == 2);
        tried++;
    }
    assert_true(tried >= 5);
    lathe_tape_free(tape);
}

/* A whole number or a length whose range has 0 takes it as text, in each loss and each optimizer. */
static void zero_can_be_asked_for(void **state)
{
    (void)state;
    for (int i = 0; lathe_loss_at(i) || lathe_optim_at(i); i++)
        for (int k = 0; k < 2; k++) {
            static _Alignas(16) char room[4096];
            const char *name = k ? "optimizer" : "loss";
            const lathe_field *field = NULL, *fields;
            if (!k && lathe_loss_at(i)) field = lathe_loss_at(i)->fields;
            if (k && lathe_optim_at(i)) field = lathe_optim_at(i)->fields;
            for (fields = field; field && field->name; field++) {
                lathe_error_clear();
                if (field->kind != LATHE_FIELD_INT && field->kind != LATHE_FIELD_STEPS) continue;
                if (lathe_fields_set(name, fields, room, field->name, "0", 0))
                    assert_failed(LATHE_EARG, "is not legal: ");
            }
        }
    lathe_error_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_found_by_name),
        cmocka_unit_test(an_unknown_name_lists_the_known),
        cmocka_unit_test(scores_are_compared_with_one_at_the_label),
        cmocka_unit_test(each_loss_falls_in_each_of_its_uses),
        cmocka_unit_test(label_0_can_be_ignored),
        cmocka_unit_test(zero_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
