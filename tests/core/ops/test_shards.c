/*
 * Every operation on a batch that processes share: the same bits of results, gradients and running statistics
 * as in one process, or a refusal that is listed here.
 */
#include <stdlib.h>
#include <string.h>

#include "support/op_cases.h"
#include "support/ranks.h"

enum { MOST_RANKS = 5 };

static const int sizes[] = { 2, 3, 5 }, batches[] = { 1, 16, 17, 40, 100 };
enum { SIZES = sizeof sizes / sizeof sizes[0], BATCHES = sizeof batches / sizeof batches[0] };

/* What an operation says that cannot work on a part of a batch. */
static const char refusal[] = ", and this process has ";

/* What is refused for a part of a batch. */
static const char *const refused[] = { "mean_dims of the batch", "max_dims of the batch",
    "a program's operation", NULL };

/* ---- a step of one process ----------------------------------------------------------------------------- */

/* What is tried: a net of one operation, or a function of pictures. */
typedef struct subject {
    char name[80];
    lathe_shape shape; /* [B, C, H, W] of the whole batch */
    lathe_real *images;
    bool plain; /* as lathe_batch has it */
    lathe_mode mode;
    int turn; /* many variants take the numbers of processes in turn: 1 + its index; 0: all numbers */
    lathe_layer *net[MOST_RANKS];
    lathe_tensor *(*function)(const struct subject *subject, lathe_tensor *x, const lathe_batch *batch);
    const void *opts;            /* of the function */
    const lathe_loss_type *loss; /* of the function */
    const int *labels;           /* [B] */
} subject;

/* What a process has after the step. */
typedef struct outcome {
    char message[LATHE_MESSAGE_SIZE]; /* "": it went well */
    lathe_shard shard;
    bool each;              /* the result is one of each picture, not of the whole batch */
    size_t result, picture; /* numbers of the result and of x's gradient */
    lathe_real *y, *gx, *data, *grad;
    size_t params;
} outcome;

typedef struct step_job {
    const subject *subject;
    int size;
    outcome out[MOST_RANKS];
} step_job;

static lathe_real *copy_of(const lathe_real *numbers, size_t count)
{
    lathe_real *copy = malloc((count ? count : 1) * sizeof *copy);
    return count ? memcpy(copy, numbers, count * sizeof *copy) : copy;
}

/* The gradient of a result, which depends on the place in the whole batch alone. */
static lathe_real *gradient_of(const outcome *out, int whole)
{
    const size_t per = out->each ? out->result / (size_t)out->shard.count : out->result,
                 all = out->each ? per * (size_t)whole : per;
    lathe_real *numbers = malloc(all * sizeof *numbers);
    fill_normal(numbers, all, 77);
    if (!out->each) return numbers;
    lathe_real *mine = copy_of(numbers + per * (size_t)out->shard.first, out->result);
    free(numbers);
    return mine;
}

static lathe_tensor *result_of(const subject *s, int rank, lathe_tensor *x, const lathe_batch *batch)
{
    return s->net[rank] ? lathe_nn_forward(s->net[rank], x) : s->function(s, x, batch);
}

static bool backward(const subject *s, outcome *out, lathe_tensor *x, lathe_tensor *y, lathe_context *context)
{
    out->each = y->shape.rank > 0 && y->shape.dim[0] == out->shard.count && y->layout != LATHE_PLAIN;
    out->result = lathe_shape_count(&y->shape);
    out->y = malloc(out->result * sizeof *out->y);
    if (lathe_tensor_read(y, out->y, out->result)) return false;
    if (s->mode == LATHE_EVAL) return true;
    lathe_real *gy = gradient_of(out, s->shape.dim[0]);
    lathe_status status = lathe_backward_from(y, gy, out->result);
    free(gy);
    if (status || lathe_context_reduce(context)) return false;
    out->picture = lathe_shape_count(&x->shape);
    out->gx = malloc(out->picture * sizeof *out->gx);
    return !lathe_tensor_read_grad(x, out->gx, out->picture);
}

static void step(int rank, lathe_context *context, void *job)
{
    step_job *j = job;
    const subject *s = j->subject;
    outcome *out = &j->out[rank];
    out->shard = lathe_shard_of(s->shape.dim[0], rank, j->size);
    const lathe_batch whole = { .size = s->shape.dim[0],
        .channels = s->shape.dim[1],
        .height = s->shape.dim[2],
        .width = s->shape.dim[3],
        .images = s->images,
        .plain = s->plain };
    const lathe_batch batch = ranks_batch(&whole, rank, j->size);
    lathe_tape *tape = lathe_tape_new(context);
    lathe_tape_seed(tape, 7, 3);
    lathe_tape_begin(tape, s->mode);
    lathe_tensor *x = lathe_input(tape, &batch);
    if (x) x->needs_grad = s->mode == LATHE_TRAIN;
    lathe_tensor *y = result_of(s, rank, x, &batch);
    if (!y || !backward(s, out, x, y, context)) {
        snprintf(out->message, sizeof out->message, "%s", lathe_error_message());
        if (!out->message[0]) strcpy(out->message, "an unnamed failure");
        lathe_error_clear();
    }
    const lathe_params *params = s->net[rank] ? lathe_nn_params(s->net[rank]) : NULL;
    if (params) {
        out->params = params->size;
        out->data = copy_of(params->data, params->size);
        out->grad = copy_of(params->grad, params->size);
    }
    lathe_tape_free(tape);
}

static void free_outcomes(step_job *job)
{
    for (int r = 0; r < job->size; r++)
        free(job->out[r].y), free(job->out[r].gx), free(job->out[r].data), free(job->out[r].grad);
}

/* ---- comparisons --------------------------------------------------------------------------------------- */

/* All that differs is told before the test fails. */
static int wrong;

static bool is_same(const char *what, const lathe_real *got, const lathe_real *want, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!memcmp(&got[i], &want[i], sizeof *got)) continue;
        print_error("%s: number %zu of %zu is %.9g, in one process %.9g\n", what, i, count, (double)got[i],
            (double)want[i]);
        return wrong++, false;
    }
    return true;
}

static bool is_step_the_same(const subject *s, const step_job *job, int rank, const outcome *one)
{
    const outcome *out = &job->out[rank];
    char what[LATHE_MESSAGE_SIZE];
    const size_t before = (size_t)out->shard.first, images = (size_t)s->shape.dim[0];
    const int used = snprintf(what, sizeof what, "%s, %s, batch %d, rank %d of %d: ", s->name,
        s->plain ? "plain" : "batched", s->shape.dim[0], rank, job->size);
    char *part = what + used;
    strcpy(part, "result");
    size_t at = out->each ? one->result / images * before : 0;
    if (!is_same(what, out->y, one->y + at, out->result) || s->mode == LATHE_EVAL) return false;
    strcpy(part, "gradient of x");
    if (!is_same(what, out->gx, one->gx + one->picture / images * before, out->picture)) return false;
    strcpy(part, "parameters and statistics");
    if (!is_same(what, out->data, one->data, one->params)) return false;
    strcpy(part, "gradients of parameters");
    return is_same(what, out->grad, one->grad, one->params);
}

static bool is_refused(const char *name)
{
    for (int i = 0; refused[i]; i++)
        if (!strcmp(refused[i], name)) return true;
    return false;
}

/* Whether the processes have failed; all of them may refuse, or fail as one process does. */
static bool have_failed(const subject *s, const char *op, const step_job *job, const outcome *one)
{
    int failed = 0, refusals = 0;
    const char *message = one->message;
    for (int r = 0; r < job->size; r++) {
        failed += job->out[r].message[0] != '\0';
        refusals += strstr(job->out[r].message, refusal) != NULL;
        if (job->out[r].message[0]) message = job->out[r].message;
    }
    if (!failed && !one->message[0] && !is_refused(op)) return false;
    if (failed == job->size && (one->message[0] || (refusals == failed && is_refused(op)))) return true;
    print_error("%s, batch %d: %d of %d processes fail: %s\n", s->name, s->shape.dim[0], failed, job->size,
        message);
    return wrong++, true;
}

/* Compares a step of 2, 3 and 5 processes, or of the subject's turn, with one's. `prepare` makes a net. */
static void try_subject(subject *s, const char *op, lathe_model *(*prepare)(subject *, int, void *),
    void *how)
{
    lathe_tensor images = { .shape = s->shape, .layout = s->plain ? LATHE_PLAIN : LATHE_BATCHED };
    images.stored = lathe_shape_stored(&images.shape, images.layout);
    const size_t count = lathe_shape_count(&s->shape);
    lathe_real *pictures = malloc(count * sizeof *pictures);
    fill_normal(pictures, count, 5);
    s->images = images.data = lathe_alloc_raw(images.stored, sizeof *images.data);
    assert_int_equal(lathe_tensor_write(&images, pictures, count), LATHE_OK);
    free(pictures);
    step_job one = { .subject = s, .size = 1 };
    lathe_model *model[MOST_RANKS] = { NULL };
    if (prepare) model[0] = prepare(s, 0, how);
    ranks_run(1, step, &one);
    lathe_model_free(model[0]);
    for (int n = 0; n < SIZES; n++) {
        if (s->turn && s->turn != n + 1) continue;
        step_job job = { .subject = s, .size = sizes[n] };
        for (int r = 0; prepare && r < job.size; r++) model[r] = prepare(s, r, how);
        ranks_run(job.size, step, &job);
        if (!have_failed(s, op, &job, &one.out[0]))
            for (int r = 0; r < job.size && is_step_the_same(s, &job, r, &one.out[0]); r++) continue;
        free_outcomes(&job);
        for (int r = 0; prepare && r < job.size; r++) lathe_model_free(model[r]);
    }
    free_outcomes(&one);
    lathe_free(s->images);
}

/* ---- operations of nets -------------------------------------------------------------------------------- */

typedef struct variant {
    const op_case *kind;
    int number;
} variant;

static lathe_model *make_case(subject *s, int rank, void *how)
{
    const variant *v = how;
    lathe_model *model;
    lathe_shape image;
    s->net[rank] = op_case_net(v->kind, v->number, &model, &image);
    return model;
}

/* Operations without a backward, which nets run in evaluation alone. */
static bool only_in_evaluation(const char *name)
{
    for (int i = 0; lathe_op_at(i); i++)
        if (!strcmp(lathe_op_at(i)->name, name)) return !lathe_op_at(i)->backward;
    return false;
}

static void operations_of_nets(void **state)
{
    (void)state;
    wrong = 0;
    int number = 0;
    for (int k = 0; op_case_at(k); k++)
        for (int i = 0; i < op_case_variants(op_case_at(k)); i++, number++)
            for (int plain = 0; plain < 2; plain++) {
                variant v = { op_case_at(k), i };
                lathe_model *model;
                lathe_shape image;
                op_case_net(v.kind, i, &model, &image);
                lathe_model_free(model);
                const char *name = op_case_name(v.kind);
                subject s = { .plain = plain,
                    .mode = only_in_evaluation(name) ? LATHE_EVAL : LATHE_TRAIN,
                    .turn = op_case_variants(v.kind) < SIZES ? 0 : 1 + (2 * number + plain) % SIZES,
                    .shape = { 4,
                        { batches[(number + plain) % BATCHES], image.dim[0], image.dim[1], image.dim[2] } } };
                snprintf(s.name, sizeof s.name, "%s, variant %d", name, i);
                try_subject(&s, name, make_case, &v);
            }
    assert_int_equal(wrong, 0);
}

/* ---- losses and what else nets have in training -------------------------------------------------------- */

static lathe_tensor *dropout(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_dropout(x, 0.4);
}

static lathe_tensor *dropout_of_rows(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_dropout(lathe_flatten(x), 0.4);
}

static lathe_tensor *depth_of_rows(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_stochastic_depth(x, 0.4, LATHE_DEPTH_ROW);
}

static lathe_tensor *depth_of_batches(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_stochastic_depth(x, 0.4, LATHE_DEPTH_BATCH);
}

static lathe_tensor *sum(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_scale(lathe_mean(lathe_tanh(x)), 100);
}

static lathe_tensor *of_a_mean(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_mul(lathe_relu(x), lathe_add(lathe_mean(lathe_tanh(x)), lathe_mean(x)));
}

static lathe_tensor *mean_of_batch(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_mean_dims(x, (int[]){ 0 }, 1, false);
}

static lathe_tensor *max_of_batch(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return lathe_max_dims(x, (int[]){ 2, 0 }, 2, true);
}

static void twice_forward(lathe_node *node)
{
    for (size_t i = 0; i < node->out->stored; i++) node->out->data[i] = 2 * node->in[0]->data[i];
}

static void twice_backward(lathe_node *node)
{
    bool add;
    lathe_real *gx = lathe_grad_target(node->tape, node->in[0], &add);
    for (size_t i = 0; gx && i < node->out->stored; i++) gx[i] = 2 * node->out->grad[i] + (add ? gx[i] : 0);
}

static lathe_tensor *twice(lathe_tensor *x, bool shares)
{
    static const lathe_op op = { .name = "twice",
        .in = { { .name = "x" } },
        .forward = twice_forward,
        .backward = twice_backward },
                          sharing = { .name = "twice",
                              .in = { { .name = "x" } },
                              .shares = true,
                              .forward = twice_forward,
                              .backward = twice_backward };
    return lathe_apply(shares ? &sharing : &op, &x, 1, NULL);
}

static lathe_tensor *of_program(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return twice(x, false);
}

static lathe_tensor *of_program_that_shares(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    (void)s, (void)batch;
    return twice(x, true);
}

static void operations_of_training(void **state)
{
    (void)state;
    wrong = 0;
    static const struct {
        const char *name;
        lathe_tensor *(*function)(const subject *, lathe_tensor *, const lathe_batch *);
    } functions[] = { { "dropout", dropout }, { "dropout", dropout_of_rows },
        { "stochastic_depth", depth_of_rows }, { "stochastic_depth", depth_of_batches }, { "sum", sum },
        { "sum", of_a_mean }, { "mean_dims of the batch", mean_of_batch },
        { "max_dims of the batch", max_of_batch }, { "a program's operation", of_program },
        { "a program's operation that shares", of_program_that_shares } };
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++)
        for (int b = 0; b < BATCHES; b++)
            for (int plain = 0; plain < 2; plain++) {
                subject s = { .plain = plain,
                    .mode = LATHE_TRAIN,
                    .function = functions[f].function,
                    .shape = { 4, { batches[b], 5 + 15 * (b % 2), 6, 7 } } };
                snprintf(s.name, sizeof s.name, "%s, function %zu", functions[f].name, f);
                try_subject(&s, functions[f].name, NULL, NULL);
            }
    assert_int_equal(wrong, 0);
}

/* The use of a loss that is tried. */
typedef enum loss_use { CLASSIFY, PIXELS, MANY, MIXED, BOXES, USES } loss_use;

static const char *const use_names[] = { "a class a picture", "a class a pixel", "any classes", "mixed",
    "boxes" };

enum { CLASSES = 4 }; /* as many as a box has coordinates */

static lathe_tensor *of_targets(const subject *s, lathe_tensor *x, const lathe_batch *batch, bool boxes)
{
    const size_t count = lathe_shape_count(&x->shape), per = count / (size_t)batch->size;
    lathe_real *all = malloc(per * (size_t)s->shape.dim[0] * sizeof *all);
    fill_normal(all, per * (size_t)s->shape.dim[0], 9);
    lathe_real *mine = all + per * (size_t)batch->first;
    for (size_t i = 0; !boxes && i < count; i++) mine[i] = (lathe_real)(0.25 * (double)(mine[i] * mine[i]));
    lathe_tensor *target = lathe_tape_leaf(x->tape, LATHE_BATCHED, x->shape, mine);
    free(all);
    return (boxes ? s->loss->boxes : s->loss->mixed)(x, target, s->opts);
}

static lathe_tensor *loss(const subject *s, lathe_tensor *x, const lathe_batch *batch)
{
    const int use = s->labels[0]; /* behind it are the labels */
    const bool flat = use == CLASSIFY || use == MANY || use == MIXED;
    if (flat) x = lathe_mean_dims(x, (int[]){ 2, 3 }, 2, false);
    if (!x) return NULL;
    size_t each = use == MANY ? CLASSES : flat ? 1 : (size_t)s->shape.dim[2] * (size_t)s->shape.dim[3];
    const int *labels = s->labels + 1 + each * (size_t)batch->first;
    if (use == MANY) return s->loss->many(x, labels, s->opts);
    if (use == MIXED || use == BOXES) return of_targets(s, x, batch, use == BOXES);
    return s->loss->classify(x, labels, s->opts);
}

static bool has_use(const lathe_loss_type *type, int use)
{
    return use == MANY ? type->many != NULL :
        use == MIXED   ? type->mixed != NULL :
        use == BOXES   ? type->boxes != NULL :
                         type->classify != NULL;
}

/* Options with this reduction, and class weights and an ignored label where the loss has them. */
static void *loss_options(const lathe_loss_type *type, int reduction)
{
    static const lathe_real weights[CLASSES] = { (lathe_real)0.3, 2, (lathe_real)1.7, (lathe_real)0.9 };
    char *opts = calloc(1, type->opts_size);
    const lathe_field *field = lathe_fields_find(type->fields, "reduction"),
                      *ignored = lathe_fields_find(type->fields, "ignore_index");
    lathe_error_clear();
    *(int *)(opts + field->offset) = reduction;
    if (ignored) *(int *)(opts + ignored->offset) = 2;
    if (type->class_weights) *type->class_weights(opts) = weights;
    return opts;
}

static void try_loss(const lathe_loss_type *type, int use, int reduction)
{
    enum { HEIGHT = 5, WIDTH = 3, MOST = 100 };
    int labels[1 + MOST * HEIGHT * WIDTH * CLASSES];
    labels[0] = use;
    for (size_t i = 1; i < sizeof labels / sizeof labels[0]; i++)
        labels[i] = random_int(11, i, 0, use == MANY ? 1 : CLASSES - 1);
    void *opts = loss_options(type, reduction);
    for (int b = 0; b < BATCHES; b++) {
        subject s = { .plain = b % 2,
            .mode = LATHE_TRAIN,
            .function = loss,
            .loss = type,
            .opts = opts,
            .labels = labels,
            .shape = { 4, { batches[b], CLASSES, HEIGHT, WIDTH } } };
        snprintf(s.name, sizeof s.name, "loss %s of %s, reduction %d", type->name, use_names[use], reduction);
        try_subject(&s, type->name, NULL, NULL);
    }
    free(opts);
}

static void losses(void **state)
{
    (void)state;
    wrong = 0;
    for (int i = 0; lathe_loss_at(i); i++)
        for (int use = 0; use < USES; use++)
            for (int reduction = 0; reduction < 3; reduction++)
                if (has_use(lathe_loss_at(i), use)) try_loss(lathe_loss_at(i), use, reduction);
    assert_int_equal(wrong, 0);
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static void every_operation_is_tried(void **state)
{
    (void)state;
    static const char *const here[] = { "dropout", "stochastic_depth", "cross_entropy_soft", "relayout" };
    for (int i = 0; lathe_op_at(i); i++) {
        const char *name = lathe_op_at(i)->name;
        bool tried = false;
        for (int k = 0; op_case_at(k); k++) tried |= !strcmp(op_case_name(op_case_at(k)), name);
        for (int k = 0; lathe_loss_at(k); k++) tried |= !strcmp(lathe_loss_at(k)->name, name);
        for (size_t k = 0; k < sizeof here / sizeof here[0]; k++) tried |= !strcmp(here[k], name);
        if (!tried) fail_msg("lathe_%s is tried on no shared batch", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_of_nets),
        cmocka_unit_test(operations_of_training),
        cmocka_unit_test(losses),
        cmocka_unit_test(every_operation_is_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
