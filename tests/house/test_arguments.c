/*
 * Every public function with each argument bad in turn, the others good: an error or a documented answer,
 * never a crash, nothing printed. The calls are generated from the headers (arguments/cases.awk), so that a
 * new function is covered by itself.
 */
#define _GNU_SOURCE
#include "arguments/bad.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool sanitized = true; /* and says on standard error which allocation it refuses */
#else
static const bool sanitized = false;
#endif

/* Sanitizers refuse what a real system would: allocations without end. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=1024:detect_leaks=0";
}

/* What a call gave back. */
typedef enum seen { SEEN_NOTHING, SEEN_NULL, SEEN_POINTER, SEEN_OK, SEEN_FAILED } seen;

static seen seen_pointer(const void *pointer) { return pointer ? SEEN_POINTER : SEEN_NULL; }
static seen seen_status(lathe_status status) { return status ? SEEN_FAILED : SEEN_OK; }

typedef struct function {
    const char *name;
    seen (*call)(int bad, int value);
    int parameters;
    struct {
        const char *name;
        bad_kind kind;
        const bad_field *fields; /* of options */
    } parameter[16];
} function;

#if defined __clang__ || defined __GNUC__
#pragma GCC diagnostic ignored "-Wformat-security"
#endif
#include "cases.inc"

/* ---- what is allowed ---- */

typedef struct exception {
    const char *place, *reason;
} exception;

/* NULL is fine, as the header says. */
static const exception optional[] = { { ".context", "the caller's own" }, { ".opts", "all defaults" },
    { ".hooks", "none" }, { ".bias", "none" }, { "batch_norm.weight", "1" },
    { "batch_norm_relu.weight", "1" }, { "_norm.weight", "1" }, { "_norm2d.weight", "1" },
    { "lathe_nn_residual.shortcut", "x itself" }, { "lathe_nn_residual_named.shortcut", "x itself" },
    { "lathe_nn_residual_named.name", "its number" }, { "lathe_model_build.spec", "its native one" },
    { "lathe_nn_state.count", "may be NULL" }, { "lathe_ensemble_score.loss", "its defaults" },
    { "lathe_nn_plan.count", "may be NULL" }, { "lathe_layer_add.name", "its number" },
    { "lathe_colour_parse.text", "no colour" }, { "lathe_tape_leaf.values", "zeros" },
    { "lathe_batch_leaf.values", "zeros" }, { "lathe_apply.attributes", "zeros" },
    { "lathe_optim_context.optim", "the default one" }, { "lathe_trace_close.result", "none" },
    { "lathe_gradcheck.worst", "may be NULL" }, { "lathe_curves_of.path", "may be NULL" },
    { "lathe_grow.block", "grows from nothing" },
    { "lathe_data_read.scratch", "a data set in memory needs none" },
    { "lathe_data_fashion_mnist.dir", "where Debian has it" }, { "lathe_image_resize.box", "all of it" },
    { "lathe_transforms_parse.spec", "no transforms" }, { ".transforms", "no transforms" },
    { "lathe_writer_close.writer", "fine" }, { "lathe_run_preview.rows", "the schedule is only checked" },
    { "_message.", "a text that says so" }, { "lathe_trained_open.weights", "the best, or the last" },
    { "lathe_line_scores.length", "may be NULL" }, { "lathe_weights_compare.fit", "may be NULL" },
    { "lathe_nn_channel_scale.name", "weight" }, { "lathe_line_barrier.at", "may be NULL" },
    { "lathe_run_evaluate.measure", "nothing beside" }, { "lathe_learner_new.sched", "the rates stay" },
    { "lathe_learner_evaluate.measure", "nothing beside" },
    { "lathe_notes_tensor.values", "the tensor's own" }, { ".baseline", "the first" },
    { ".now", "none goes on" }, { ".exchange", "alone" },
    { "lathe_exchange_tell.data", "alone: nothing is told" }, { "lathe_dist_init.", "no words" } };

/* Not looked at, in loops where a look would be most of the work; the headers say so. */
static const exception unchecked[] = { { "lathe_gemm.", "the product itself" },
    { "lathe_philox.", "the generator's core" }, { "lathe_rng_u32.", "a number of millions" },
    { "lathe_rng_uniform.", "the same" }, { "lathe_rng_normal.", "the same" },
    { "lathe_rng_below.", "the same" }, { ".format", "the compiler checks it against its arguments" } };

/* How many things an array of the caller holds: too many cannot be seen. */
static const exception counted[] = { { "lathe_fields_resolve.size", "" }, { "lathe_shard_gather.whole", "" },
    { "lathe_shard_gather.bytes", "" }, { "lathe_gradcheck.count", "" }, { "lathe_rng_shuffle.", "" },
    { "lathe_apply.count", "" }, { "lathe_tape_of.count", "" }, { "lathe_argmax.classes", "" },
    { "lathe_safetensors_fit.count", "" }, { "lathe_safetensors_load.count", "" }, { "lathe_weights_", "" },
    { "lathe_safetensors_write.", "" }, { "lathe_safetensors_writable.", "" },
    { "lathe_safetensors_bytes.", "" }, { "lathe_safetensors_of.size", "" },
    { "lathe_run_preview.steps", "" }, { "lathe_report_schedule.steps", "" },
    { "lathe_text_put_n.count", "" }, { "lathe_parallel.tasks", "" },
    { "lathe_sched_sequence.opts.count", "" }, { "lathe_sched_table.opts.rows", "" },
    { "lathe_sched_from_text.opts.options", "" }, { "lathe_data_memory.opts.count", "" },
    { "lathe_data_subset.count", "" }, { "_update.count", "" }, { "_update_many.count", "" },
    { "lathe_file_write.count", "" }, { "lathe_numbers_text.count", "" }, { "lathe_numbers_read.count", "" },
    { "lathe_notes_numbers.count", "" }, { "lathe_noted_numbers.count", "" }, { "lathe_spread_of.count", "" },
    { "lathe_paired_t_test.count", "" }, { "lathe_line_barrier.points", "" },
    { "lathe_line_scores.points", "" }, { "lathe_account_of.runs", "" }, { "lathe_holm.count", "" },
    { "lathe_crc32", "" }, { "lathe_compare_new.opts.varies", "" }, { "lathe_compare_new.opts.tests", "" },
    { "lathe_data_files.count", "" }, { "lathe_trained_files.count", "" },
    { "lathe_findings_rank.classes", "" }, { "lathe_exchange_each.bytes", "" } };

/* NULL that is refused with other words than "NAME is NULL". */
static const exception otherwise[] = { { ".opts", "an option that has no default" },
    { "lathe_shard_gather.context", "the default one shares nothing" },
    { ".w", "the operation's word is weight" }, { "lathe_focal.x", "input 0" }, { "lathe_dice.x", "input 0" },
    { "lathe_jaccard.x", "input 0" }, { "lathe_cross_entropy_iou.x", "input 0" },
    { "lathe_apply.in", "it counts 0 inputs" }, { "lathe_concat.xs", "it counts 0 inputs" },
    { "lathe_registry_add.object", "each kind's word is type" }, { "lathe_nn_init.net", "layer" },
    { "lathe_nn_plan.net", "layer" }, { "lathe_nn_trace.net", "layer" }, { "lathe_nn_summary.net", "layer" },
    { "lathe_data_cifar", "the system's folder, which is not there" }, { "lathe_data_mnist.dir", "the same" },
    { "lathe_data_csv.file", "dir" }, { "lathe_compare_begin.hooks", "the folder is locked" },
    { "lathe_trained_files.files", "that of lathe_data_files" } };

/* Options that this function's kind does not use. */
static const exception unused[] = { { "lathe_metric_precision.opts.beta", "of fbeta" },
    { "lathe_metric_recall.opts.beta", "of fbeta" }, { "lathe_metric_iou.opts.beta", "of fbeta" } };

/* Options whose message names something else. */
static const exception renamed[] = { { "lathe_measure_new.opts.metrics", "the metric itself" },
    { "lathe_compare_new.opts.runs_file", "the file itself" },
    { "lathe_keeper_new.opts.folder", "the lock in it" },
    { "lathe_learner_new.opts.ema", "the decay that it is" },
    { "lathe_compare_new.opts.seeds", "the runs that they are" } };

/* NULL, or a status, that is no failure of the call. */
static const exception quiet[] = { { "_at.", "NULL after the last" },
    { "lathe_names_alike.", "NULL: they look different" }, { "lathe_fail", "records the caller's failure" },
    { "lathe_tape_fail", "the same" }, { "lathe_model_fail", "the same" },
    { "lathe_registry_refuse", "the same" }, { "lathe_op_fail", "the same" },
    { "lathe_on_error.", "the former handler" }, { "lathe_tape_scope.", "the former scope" },
    { "lathe_tape_newest.", "NULL: nothing recorded" }, { "lathe_strdup.", "NULL for NULL" },
    { "lathe_fields_find.", "NULL: none of that name" }, { "lathe_setting_find.", "the same" },
    { "lathe_settings_option.", "the same" }, { "lathe_fields_find_of.", "the same" },
    { "lathe_section_by_order.", "NULL after the last" }, { "lathe_safetensors_find.", "the same" },
    { "lathe_safetensors_text.", "the same" }, { "lathe_nn_find.", "the same" },
    { "lathe_nn_find_layer.", "the same" }, { "lathe_optim_opts.", "NULL: no such group" },
    { "lathe_optim_made.", "the same" }, { "lathe_sched_opts.", "the same" },
    { "lathe_optim_slot.", "NULL: no such slot" }, { "lathe_optim_clock_of.", "NULL: no such tensor" },
    { "_type_of.", "NULL of NULL" }, { "lathe_optim_params.", "NULL of NULL" },
    { "lathe_metric_opts.", "NULL of NULL" }, { "lathe_confusion_counts.", "NULL of NULL" },
    { "lathe_sched_state.", "NULL: none" }, { "lathe_grad_target.", "NULL: none is needed" },
    { "lathe_nn_forward.x", "NULL in, NULL out" }, { "lathe_averaged_numbers.", "NULL of NULL" },
    { "lathe_averaged_updates.", "NULL of NULL" }, { "lathe_data_sample_file.", "NULL: it is in no file" },
    { "lathe_writer_lost.", "NULL: nothing is lost" },
    { "lathe_run_tested_epoch.", "NULL: there is none yet" }, { "lathe_run_end_name.", "NULL: none" },
    { "lathe_nn_concat.", "the call ends before its first layer" },
    { "lathe_context_exchange.", "NULL: alone" }, { "lathe_dist_exchange.", "the same" },
    { "lathe_exchange_settle", "gives back the caller's status" } };

static bool listed(const exception *list, size_t count, const char *place)
{
    for (size_t i = 0; i < count; i++)
        if (is(place, list[i].place)) return true;
    return false;
}

#define LISTED(list, place) listed(list, sizeof list / sizeof list[0], place)

/* ---- one case ---- */

/* What the child that runs cases tells the parent. */
static struct {
    volatile int at; /* the case that runs */
    volatile int ran, failed;
    size_t used;
    char text[1 << 20];
} * shared;

typedef struct one {
    const function *function;
    int bad, value;
} one;

static one *cases;
static int case_count;

/* "lathe_conv2d.opts.stride" and "INT_MIN"; returns the member of the options, if one is bad. */
static const bad_field *name_case(const one *c, char place[160], const char **value)
{
    const char *parameter = c->bad < 0 ? "" : c->function->parameter[c->bad].name;
    bad_kind kind = c->bad < 0 ? BAD_none : c->function->parameter[c->bad].kind;
    int number = c->value;
    const bad_field *field =
        kind == BAD_opts && number ? bad_member(c->function->parameter[c->bad].fields, &number) : NULL;
    snprintf(place, 160, "%s.%s%s%s", c->function->name, parameter, field ? "." : "",
        field ? field->name : "");
    *value = c->bad < 0            ? "all good" :
        kind == BAD_opts && !field ? "NULL" :
                                     bad_values[field ? field->kind : kind].name[number];
    return field;
}

static void add_case(const function *f, int bad, int value)
{
    one c = { f, bad, value };
    char place[160];
    const char *name;
    name_case(&c, place, &name);
    bool largest = !strcmp(name, "INT_MAX") || !strcmp(name, "SIZE_MAX / 2") || !strcmp(name, "UINT64_MAX");
    if (!LISTED(unchecked, place) && !(largest && LISTED(counted, place))) cases[case_count++] = c;
}

static void make_cases(void)
{
    cases = calloc((size_t)FUNCTIONS * 256, sizeof *cases);
    assert_non_null(cases);
    for (int f = 0; f < FUNCTIONS; f++) {
        add_case(&functions[f], -1, 0);
        for (int p = 0; p < functions[f].parameters; p++) {
            bad_kind kind = functions[f].parameter[p].kind;
            int count =
                kind == BAD_opts ? bad_members(functions[f].parameter[p].fields) : bad_values[kind].count;
            for (int v = 0; v < count; v++) add_case(&functions[f], p, v);
        }
    }
}

static void complain(const one *c, const char *what)
{
    char place[160];
    const char *value;
    name_case(c, place, &value);
    shared->failed++;
    size_t left = sizeof shared->text - shared->used;
    int length = snprintf(shared->text + shared->used, left, "%s = %s: %s\n", place, value, what);
    if (length > 0 && (size_t)length < left) shared->used += (size_t)length;
}

/* Functions that give back an argument themselves. */
static bool consumes(const char *name)
{
    return strstr(name, "_free") || strstr(name, "_give") || strstr(name, "_close") ||
        !strcmp(name, "lathe_grow");
}

/* A message about options names the one that is wrong. */
static const char *named_in_message(const char *name)
{
    static char complaint[LATHE_MESSAGE_SIZE + 40];
    if (lathe_error() == LATHE_ENOMEM || strstr(lathe_error_message(), name)) return NULL;
    snprintf(complaint, sizeof complaint, "not named: %s", lathe_error_message());
    return complaint;
}

/* NULL is refused in one way, by lathe_fail_null: "lathe_conv2d: x is NULL". */
static const char *not_the_idiom(void)
{
    static char complaint[LATHE_MESSAGE_SIZE + 40];
    snprintf(complaint, sizeof complaint, "not said by lathe_fail_null: %s", lathe_error_message());
    return complaint;
}

static const char *fault_of(const one *c, seen result)
{
    char place[160];
    const char *value;
    const bad_field *field = name_case(c, place, &value);
    bool failed = result == SEEN_NULL || result == SEEN_FAILED;
    if (c->bad < 0) return failed && !LISTED(quiet, place) ? lathe_error_message() : NULL;
    if (failed && !LISTED(quiet, place) && (lathe_error() == LATHE_OK || !*lathe_error_message()))
        return "fails without saying so";
    if (field)
        return failed ? LISTED(renamed, place) ? NULL : named_in_message(field->name) :
            !strcmp(value, "NaN") && !LISTED(unused, place) ? "NaN is taken" :
                                                              NULL;
    bad_kind kind = c->function->parameter[c->bad].kind;
    bool null = (kind == BAD_pointer || kind == BAD_tensor || kind == BAD_text) && c->value == 0;
    if (null && (result == SEEN_POINTER || result == SEEN_OK) && !LISTED(optional, place))
        return "NULL is taken";
    char idiom[80];
    snprintf(idiom, sizeof idiom, ": %s is NULL", c->function->parameter[c->bad].name);
    if (null && failed && !LISTED(quiet, place) && !LISTED(otherwise, place) &&
        !strstr(lathe_error_message(), idiom))
        return not_the_idiom();
    return NULL;
}

static void run_case(const one *c)
{
    lathe_error_clear();
    seen result = c->function->call(c->bad, c->value);
    lathe_alloc_fail_at(0, false);
    lathe_file_fail_at(0, NULL);
    const char *fault = fault_of(c, result);
    if (fault) complain(c, fault);
    lathe_on_error(NULL);
    lathe_error_hold(false);
    lathe_threads_set(NULL, 1);
    if (consumes(c->function->name)) memset(&world, 0, sizeof world);
    else undo();
}

/* ---- all of them, in children that a crash ends ---- */

/* Standard output and standard error of the child, so that whatever is printed is seen. */
static int capture(void)
{
    int file = memfd_create("printed", 0);
    fflush(NULL);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    return file;
}

/* What ends the process ends it, cmocka's handlers or not; memory has an end. */
static void prepare_child(void)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL };
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    if (!sanitized) setrlimit(RLIMIT_AS, &(struct rlimit){ 1u << 30, 1u << 30 });
}

static void run_from(int first)
{
    prepare_child();
    int printed = capture();
    off_t before = 0;
    for (int i = first; i < case_count; i++) {
        shared->at = i;
        alarm(20);
        run_case(&cases[i]);
        shared->ran++;
        fflush(NULL);
        off_t now = lseek(printed, 0, SEEK_END);
        if (now != before && !sanitized) complain(&cases[i], "prints");
        before = now;
    }
    _exit(0);
}

/* The files that good arguments name, in a folder of the test's own, which the cases run in. */
static void prepare_files(void)
{
    lathe_settings settings =
        tiny_settings("run", (const tiny_pair[]){ { "max_steps", "10" }, { NULL, NULL } });
    lathe_run_free(tiny_train(&settings));
    assert_int_equal(chdir(test_folder()), 0);
    lathe_saved saved = *good_lathe_saved_p("");
    lathe_metadata metadata = *good_lathe_metadata_p("");
    assert_int_equal(lathe_safetensors_write("weights", &saved, 1, &metadata, 1), LATHE_OK);
    assert_int_equal(lathe_file_write_text("there", "text"), LATHE_OK);
    static const char *const folders[] = { "classes/train/a", "classes/train/b", "cifar", "cifar100" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(lathe_file_make_folder(folders[i]), LATHE_OK);
    const lathe_bytes picture = { "P6 2 2 255\n............", 23 };
    static const char *const pictures[] = { "picture.ppm", "classes/train/a/1.ppm", "classes/train/a/2.ppm",
        "classes/train/b/1.ppm", "classes/train/b/2.ppm" };
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        assert_int_equal(lathe_file_write(pictures[i], &picture, 1), LATHE_OK);
    static const uint8_t record[3074];
    static const char *const records[] = { "cifar/data_batch_1.bin", "cifar/data_batch_2.bin",
        "cifar/data_batch_3.bin", "cifar/data_batch_4.bin", "cifar/data_batch_5.bin", "cifar100/train.bin" };
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(lathe_file_write(records[i], &(lathe_bytes){ record, i < 5 ? 3073 : 3074 }, 1),
            LATHE_OK);
    static const char table[] =
        "path,label,split\npicture.ppm,a,train\npicture.ppm,b,train\npicture.ppm,a,test\n";
    assert_int_equal(lathe_file_write_text("table.csv", table), LATHE_OK);
    static const char *const masked[] = { "masked/images/1.ppm", "masked/images/2.ppm", "masked/masks/1.pgm",
        "masked/masks/2.pgm" };
    assert_int_equal(lathe_file_make_folder("masked/images"), LATHE_OK);
    assert_int_equal(lathe_file_make_folder("masked/masks"), LATHE_OK);
    const lathe_bytes mask = { "P5 2 2 255\n\0\1\0\1", 15 };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(lathe_file_write(masked[i], i < 2 ? &picture : &mask, 1), LATHE_OK);
    assert_int_equal(lathe_compare_open(good_lathe_compare_p("")), LATHE_OK);
    assert_int_equal(lathe_export_register(good_lathe_export_type_p("")), LATHE_OK);
    undo();
}

static void no_argument_breaks_a_function(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    prepare_files();
    make_cases();
    for (int first = 0; first < case_count; first = shared->at + 1) {
        pid_t child = fork();
        if (!child) run_from(first);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && !WEXITSTATUS(status)) break;
        char what[40];
        snprintf(what, sizeof what,
            WIFSIGNALED(status) ? "crashes, signal %d" : "ends the process, exit code %d",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        complain(&cases[shared->at], what);
        shared->ran++;
    }
    fputs(shared->text, stdout);
    printf("%d functions and %d parameters of %d headers\n", FUNCTIONS, PARAMETERS, HEADERS);
    printf("argument cases: %d/%d\n", shared->ran - shared->failed, case_count);
    assert_int_equal(shared->failed, 0);
    assert_int_equal(shared->ran, case_count);
    assert_true(case_count >= 2000);
    test_folder_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(no_argument_breaks_a_function) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
