#include "support/folder.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lathe_settings defaults_with(const char *const (*pairs)[2])
{
    lathe_settings settings = lathe_settings_default();
    for (; (*pairs)[0]; pairs++)
        if (lathe_settings_set(&settings, (*pairs)[0], (*pairs)[1])) fail_msg("%s", lathe_error_message());
    return settings;
}

static void defaults_are_legal(void **state)
{
    (void)state;
    lathe_settings settings = lathe_settings_default();
    assert_int_equal(lathe_settings_check(&settings), LATHE_OK);
    assert_string_equal(settings.data, "fashion-mnist");
    assert_true(
        settings.batch_size == 64 && settings.epochs == 5 && settings.seed == 1 && settings.val_split == 0.1);
    assert_true(settings.keep == 3 && settings.min_delta == 1e-4 && !*settings.out && !settings.options);
    for (int i = 0; lathe_setting_at(i); i++) {
        char text[LATHE_SETTING_LONG];
        const lathe_setting *setting = lathe_setting_at(i);
        lathe_settings again = settings;
        assert_true(setting == lathe_setting_find(setting->field.name));
        assert_int_equal(lathe_settings_set(&again, setting->field.name,
                             lathe_setting_text(setting, &settings, text)),
            LATHE_OK);
        assert_memory_equal(&again, &settings, sizeof settings);
    }
}

static void every_key_can_be_set(void **state)
{
    (void)state;
    lathe_settings settings = defaults_with((const char *const[][2]){ { "data", "mnist:/a b" },
        { "val-split", "0" }, { "model", "mlp" }, { "label-smoothing", "0.1" }, { "optim", "sgd" },
        { "momentum", "0.9" }, { "sched", "cyclic" }, { "base-lr", "1e-4" }, { "max-lr", "3e-3" },
        { "step-size-up", "2.5ep" }, { "epochs", "2.5" }, { "max_steps", "100" }, { "batch_size", "32" },
        { "seed", "0" }, { "threads", "3" }, { "clip-norm", "1" }, { "early-stop", "val-loss" },
        { "patience", "2" }, { "min-delta", "0" }, { "save-every", "0.5ep" }, { "keep", "1" },
        { "on-nan", "skip" }, { "decay-weights-only", "on" }, { "out", "runs/1" }, { NULL, NULL } });
    assert_int_equal(lathe_settings_check(&settings), LATHE_OK);
    assert_true(
        settings.val_split == 0 && settings.seed == 0 && settings.min_delta == 0 && settings.epochs == 2.5);
    assert_string_equal(settings.early_stop, "val_loss");
    assert_int_equal(settings.on_nan, LATHE_NAN_SKIP);
    assert_true(settings.decay_weights_only);
    assert_int_equal(settings.options, 5);
    assert_string_equal(settings.option[4].key, "sched.step_size_up");
}

static void what_is_not_legal_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text;
        lathe_status status;
        const char *message;
    } cases[] = {
        { "bach_size", "1", LATHE_ENAME,
            "unknown setting 'bach_size'; did you mean batch_size? known: data, val_split" },
        { "max_lrr", "1", LATHE_ENAME, "did you mean max_lr?" },
        { "optim.max_lr", "1", LATHE_ENAME, "unknown setting 'optim.max_lr'" },
        { "sched.betas", "1", LATHE_ENAME, "unknown setting 'sched.betas'" },
        { "batch_size", "0", LATHE_EARG, "settings: batch_size = 0 is not legal: [1, 65536]" },
        { "batch_size", "1.5", LATHE_EARG, "batch_size = '1.5' is not a whole number" },
        { "val_split", "1", LATHE_EARG, "settings: val_split = 1 is not legal: [0, 1)" },
        { "epochs", "0", LATHE_EARG, "epochs = 0 is not legal" },
        { "epochs", "nan", LATHE_EARG, "epochs = 'nan'" },
        { "seed", "-1", LATHE_EARG, "seed" },
        { "optim.gamma_", "1", LATHE_ENAME, "unknown setting 'optim.gamma_'" },
        { "loss.betas", "0.9,0.99", LATHE_ENAME, "unknown setting 'loss.betas'" },
        { "data", "a\nb", LATHE_EARG, "data has a control character" },
        { "patience", "0", LATHE_EARG,
            "patience = 0 is not legal: [1, 1000000]; --sched.patience is another option" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = lathe_settings_default(), before = settings;
        assert_int_equal(lathe_settings_set(&settings, cases[i].key, cases[i].text), cases[i].status);
        assert_failed(cases[i].status, cases[i].message);
        assert_memory_equal(&settings, &before, sizeof before);
    }
    char longest[2000];
    memset(longest, 'x', sizeof longest);
    longest[1999] = '\0';
    lathe_settings settings = lathe_settings_default();
    assert_int_equal(lathe_settings_set(&settings, "data", longest), LATHE_EARG);
    assert_failed(LATHE_EARG, "data has 1999 characters, at most 1023");
    assert_int_equal(lathe_settings_set(&settings, "gamma", longest), LATHE_EARG);
    assert_failed(LATHE_EARG, "the value of gamma is longer");
}

static void checks_look_at_the_whole(void **state)
{
    (void)state;
    static const struct {
        const char *const pairs[4][2];
        lathe_status status;
        const char *message;
    } cases[] = {
        { { { "model", "lenet6" }, { NULL, NULL } }, LATHE_ENAME, "did you mean lenet5?" },
        { { { "optim", "adamv" }, { NULL, NULL } }, LATHE_ENAME, "did you mean adam?" },
        { { { "sched", "cyclical" }, { NULL, NULL } }, LATHE_ENAME, "did you mean cyclic?" },
        { { { "nesterov", "on" }, { NULL, NULL } }, LATHE_ENAME, "settings: adamw has no option nesterov" },
        { { { "optim.nesterov", "on" }, { NULL, NULL } }, LATHE_ENAME, "adamw has no option nesterov" },
        { { { "sched.gamma", "1" }, { NULL, NULL } }, LATHE_ENAME, "constant has no option gamma" },
        { { { "sched", "warmup:5,constant" }, { "warm_restarts.t_0", "1" }, { NULL, NULL } }, LATHE_ENAME,
            "warmup:5,constant has no option warm_restarts.t_0" },
        { { { "loss", "focall" }, { NULL, NULL } }, LATHE_ENAME,
            "unknown loss 'focall'; did you mean focal?" },
        { { { "loss", "giou" }, { NULL, NULL } }, LATHE_EARG, "loss giou is between boxes" },
        { { { "loss", "focal" }, { "label_smoothing", "0.1" }, { NULL, NULL } }, LATHE_ENAME,
            "focal has no option label_smoothing" },
        { { { "loss.gamma", "1" }, { NULL, NULL } }, LATHE_ENAME, "cross_entropy has no option gamma" },
        { { { "label-smoothing", "1.5" }, { NULL, NULL } }, LATHE_EARG,
            "cross_entropy: label_smoothing = 1.5 is not legal: [0, 1]" },
        { { { "reduction", "none" }, { NULL, NULL } }, LATHE_EARG,
            "cross_entropy: reduction = none: a step lowers one number" },
        { { { "sched", "warmup:5,cyclc" }, { NULL, NULL } }, LATHE_ENAME, "did you mean cyclic?" },
        { { { "save_every", "often" }, { NULL, NULL } }, LATHE_EARG, "save_every = 'often' is not a length" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = defaults_with(cases[i].pairs);
        assert_int_equal(lathe_settings_check(&settings), cases[i].status);
        assert_failed(cases[i].status, cases[i].message);
    }
    lathe_settings settings = lathe_settings_default();
    settings.batch_size = -1;
    assert_int_equal(lathe_settings_check(&settings), LATHE_EARG);
    assert_failed(LATHE_EARG, "batch_size = -1");
}

static void a_later_option_replaces_an_earlier_one(void **state)
{
    (void)state;
    lathe_settings settings =
        defaults_with((const char *const[][2]){ { "lr", "1" }, { "optim.lr", "2" }, { NULL, NULL } });
    assert_int_equal(settings.options, 1);
    assert_string_equal(settings.option[0].key, "optim.lr");
    assert_int_equal(lathe_settings_set(&settings, "lr", "3"), LATHE_OK);
    assert_int_equal(lathe_settings_check(&settings), LATHE_OK); /* constant has an lr as well */
    assert_int_equal(settings.options, 1);
    assert_string_equal(settings.option[0].text, "3");
}

/* The settings with two options, in this order. */
static lathe_settings with_two(const lathe_settings *settings, const char *const option[2][2])
{
    lathe_settings changed = *settings;
    for (int i = 0; i < 2; i++)
        if (lathe_settings_set(&changed, option[i][0], option[i][1])) fail_msg("%s", lathe_error_message());
    return changed;
}

static void assert_both(const lathe_settings *settings, const char *const key[2])
{
    assert_int_equal(lathe_settings_check(settings), LATHE_OK);
    assert_string_equal(lathe_settings_option(settings, key[0]), "0.25");
    assert_string_equal(lathe_settings_option(settings, key[1]), "0.75");
}

/* An option name that chosen types of two sections have: prefixed it is each one's in any order, also after a
 * file; plain it is refused with both full names. */
static void check_shared_name(const lathe_settings *settings, const char *name, const char *const section[2])
{
    char full[2][LATHE_SETTING_SHORT], message[3 * LATHE_SETTING_SHORT];
    const char *const key[2] = { full[0], full[1] };
    for (int i = 0; i < 2; i++) snprintf(full[i], sizeof full[i], "%s.%s", section[i], name);
    snprintf(message, sizeof message, "--%s: both --%s and --%s take it; say which", name, key[0], key[1]);
    for (int first = 0; first < 2; first++) {
        lathe_settings both = with_two(settings,
            (const char *const[2][2]){ { key[first], first ? "0.75" : "0.25" },
                { key[!first], first ? "0.25" : "0.75" } });
        assert_both(&both, key);
        char *text = lathe_settings_text(&both);
        lathe_settings back = lathe_settings_default();
        assert_int_equal(lathe_settings_parse(&back, text, "text"), LATHE_OK);
        lathe_free(text);
        assert_both(&back, key);
        for (int one = 0; one < 2; one++) {
            const char *const words[2][2] = { { first ? name : key[one], "0.25" },
                { first ? key[one] : name, "0.25" } };
            lathe_settings plain = with_two(settings, words);
            if (!strcmp(name, "lr")) { /* the optimizer's; a constant schedule without its own takes that */
                assert_int_equal(lathe_settings_check(&plain), LATHE_OK);
                assert_string_equal(lathe_settings_option(&plain, "optim.lr"), "0.25");
                continue;
            }
            assert_int_equal(lathe_settings_check(&plain), LATHE_EARG);
            assert_failed(LATHE_EARG, message);
        }
    }
}

static int check_names(const lathe_settings *settings, const char *const section[2], const lathe_field *a,
    const lathe_field *b)
{
    int shared = 0;
    for (; a->name; a++)
        if (lathe_fields_find(b, a->name)) {
            check_shared_name(settings, a->name, section);
            shared++;
        }
    return shared;
}

/* Every optimizer with every schedule and loss, and every schedule with every loss. */
static void a_name_that_two_share_is_each_ones(void **state)
{
    (void)state;
    static const char *const loss_optim[] = { "loss", "optim" }, *const loss_sched[] = { "loss", "sched" },
                             *const optim_sched[] = { "optim", "sched" };
    const lathe_optim_type *optim;
    const lathe_sched_type *sched;
    const lathe_loss_type *loss;
    int shared[3] = { 0 };
    lathe_settings none = lathe_settings_default();
    for (int l = 0; (loss = lathe_loss_at(l)); l++) {
        if (!loss->classify) continue;
        lathe_settings settings = none;
        snprintf(settings.loss, sizeof settings.loss, "%s", loss->name);
        for (int o = 0; (optim = lathe_optim_at(o)); o++) {
            snprintf(settings.optim, sizeof settings.optim, "%s", optim->name);
            shared[0] += check_names(&settings, loss_optim, loss->fields, optim->fields);
        }
        strcpy(settings.optim, "sgd");
        for (int s = 0; (sched = lathe_sched_at(s)); s++) {
            snprintf(settings.sched, sizeof settings.sched, "%s", sched->name);
            shared[1] += check_names(&settings, loss_sched, loss->fields, sched->fields);
        }
    }
    for (int o = 0; (optim = lathe_optim_at(o)); o++)
        for (int s = 0; (sched = lathe_sched_at(s)); s++) {
            lathe_settings settings = none;
            snprintf(settings.optim, sizeof settings.optim, "%s", optim->name);
            snprintf(settings.sched, sizeof settings.sched, "%s", sched->name);
            shared[2] += check_names(&settings, optim_sched, optim->fields, sched->fields);
        }
    assert_true(shared[0] >= 2 && shared[1] >= 4 && shared[2] >= 22); /* alpha; gamma; eps and lr */
}

static void assert_same_after_file(const lathe_settings *settings)
{
    const char *path = test_path("settings.ini");
    assert_int_equal(lathe_settings_write(settings, path), LATHE_OK);
    lathe_settings back = lathe_settings_default();
    if (lathe_settings_read(&back, path)) fail_msg("%s", lathe_error_message());
    assert_int_equal(lathe_settings_check(&back), LATHE_OK);
    char *first = lathe_settings_text(settings), *second = lathe_settings_text(&back);
    assert_string_equal(first, second);
    lathe_free(first);
    lathe_free(second);
    assert_string_equal(back.data, settings->data);
}

/* What lathe_settings_loss makes of the options, for training and for evaluation. */
static void the_loss_gets_its_options(void **state)
{
    (void)state;
    const lathe_loss_type *type;
    lathe_settings settings = defaults_with(
        (const char *const[][2]){ { "label_smoothing", "0.2" }, { "reduction", "sum" }, { NULL, NULL } });
    lathe_cross_entropy_opts *train = lathe_settings_loss(&settings, false, &type),
                             *plain = lathe_settings_loss(&settings, true, &type);
    assert_string_equal(type->name, "cross_entropy");
    assert_true(train->label_smoothing == 0.2 && train->reduction == LATHE_REDUCE_SUM);
    assert_true(plain->label_smoothing == 0 && plain->reduction == LATHE_REDUCE_MEAN);
    lathe_free(train);
    lathe_free(plain);
    settings = defaults_with((const char *const[][2]){ { "loss", "focal" }, { "sched", "exponential" },
        { "sched.gamma", "0.5" }, { NULL, NULL } });
    lathe_focal_opts *focal = lathe_settings_loss(&settings, false, &type);
    assert_true(focal->gamma == 0);
    lathe_free(focal);
    assert_int_equal(lathe_settings_set(&settings, "loss.gamma", "0"), LATHE_OK);
    focal = lathe_settings_loss(&settings, false, &type);
    assert_true(focal->gamma == LATHE_ZERO);
    lathe_free(focal);
}

static void a_file_gives_the_same_back(void **state)
{
    (void)state;
    lathe_settings settings = lathe_settings_default();
    assert_same_after_file(&settings);
    static const char *const paths[] = { "mnist:/a b", "mnist:/a # b ; c = d", " mnist", "mnist ",
        "\"mnist\"", "[mnist]", "", "\"", "a\"b" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(lathe_settings_set(&settings, "data", paths[i]), LATHE_OK);
        assert_same_after_file(&settings);
    }
    settings = defaults_with((const char *const[][2]){ { "optim", "sgd" }, { "momentum", "0.9" },
        { "nesterov", "true" }, { "sched", "cyclic:exp_range" }, { "base_lr", "0" }, { "max_lr", "0.1" },
        { "gamma", "0.999" }, { "step_size_up", "2.5ep" }, { "epochs", "0.1" }, { "min_delta", "0" },
        { "early_stop", "train_loss" }, { NULL, NULL } });
    assert_same_after_file(&settings);
    lathe_settings focal = defaults_with((const char *const[][2]){ { "loss", "focal" }, { "loss.gamma", "0" },
        { "sched", "exponential" }, { "sched.gamma", "0.9" }, { NULL, NULL } });
    assert_same_after_file(&focal);
    char *focal_text = lathe_settings_text(&focal);
    assert_non_null(strstr(focal_text,
        "\n[loss]\nloss = focal\nclass_weights = \ngamma = 0\n# ignore_index = -100\n# reduction = mean\n"));
    assert_non_null(strstr(focal_text, "\ngamma = 0.9\n"));
    lathe_free(focal_text);
    lathe_settings sequence = defaults_with(
        (const char *const[][2]){ { "sched", "warmup:20it,cyclic:4ep,cyclic:2ep" }, { "max_lr", "0.1" },
            { "cyclic.base-lr", "0.01" }, { "sched.warmup.start_factor", "0.1" }, { NULL, NULL } });
    assert_same_after_file(&sequence);
    char *text = lathe_settings_text(&sequence);
    assert_non_null(strstr(text,
        "\nmax_lr = 0.1\ncyclic.base_lr = 0.01\nwarmup.start_factor = 0.1\n# warmup.total_iters = 5\n"));
    const char *gamma = strstr(text, "# cyclic.gamma = 1\n");
    assert_non_null(gamma);
    assert_null(strstr(gamma + 1, "# cyclic.gamma")); /* named twice, told once */
    lathe_free(text);
    text = lathe_settings_text(&settings);
    assert_non_null(
        strstr(text, "\n[sched]\nsched = cyclic:exp_range\nby = batch\nno_warnings = false\nbase_lr = 0\n"));
    assert_non_null(strstr(text, "\n# scale_mode = cycle\n"));
    assert_non_null(strstr(text, "\nmomentum = 0.9\n"));
    assert_non_null(strstr(text, "\n# dampening = 0\n"));
    assert_null(strstr(text, "# momentum"));
    assert_null(strstr(text, "\nout ="));
    lathe_free(text);
}

static void bad_files_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "[train]\nbatch_size = 32\nbatch-size = 64\n", ":3: batch-size is given twice" },
        { "batch_size = 32\n", ":1: batch_size is before the first [section]" },
        { "[data]\n\nbatch_size = 32\n", ":3: batch_size belongs to section [train]" },
        { "[optim]\nbatch_size = 32\n", ":2: batch_size belongs to section [train]" },
        { "[optim]\nmax_lr = 32\n", ":2: unknown setting 'optim.max_lr'" },
        { "[trian]\n",
            ":1: unknown section 'trian'; did you mean train? known: data, model, loss, optim, sched, "
            "train" },
        { "[train\n", ":1: '[train' has no closing bracket" },
        { "[train]\nbatch_size\n", ":2: 'batch_size' is neither" },
        { "[train]\nbatch_size =\n", ":2: settings: batch_size = '' is not a whole number" },
        { "[train]\nepochs = 5 # five\n", ":2: settings: epochs = '5 # five'" },
        { "[train]\n# fine\n; fine\n  batchsize = 3",
            ":4: unknown setting 'batchsize'; did you mean batch_size?" },
        { "[train]\n= 3", ":2: unknown setting ''" },
        { "[sched]\nsched = cyclic\noptim.lr = 3", ":3: unknown setting 'sched.optim.lr'" },
        { "[train]\nlr = 3", ":2: lr belongs to section [optim]" },
        { "[train]\nmax-lr = 3", ":2: max-lr belongs to section [sched]" },
    };
    const char *path = test_path("bad.ini");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lathe_settings settings = lathe_settings_default(), before = settings;
        assert_int_equal(lathe_file_write_text(path, cases[i].text), LATHE_OK);
        if (!lathe_settings_read(&settings, path)) fail_msg("taken: %s", cases[i].text);
        assert_non_null(strstr(lathe_error_message(), "bad.ini:"));
        assert_failed(lathe_error(), cases[i].message);
        assert_memory_equal(&settings, &before, sizeof before);
    }
    lathe_settings settings = lathe_settings_default();
    assert_int_equal(lathe_file_write(path, &(lathe_bytes){ "[train]\n\0", 9 }, 1), LATHE_OK);
    assert_int_equal(lathe_settings_read(&settings, path), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "zero byte");
    assert_int_equal(lathe_settings_read(&settings, test_path("none.ini")), LATHE_EIO);
    assert_failed(LATHE_EIO, "none.ini");
}

static int failures;

static void count_failure(lathe_status status, const char *message)
{
    (void)status, (void)message;
    failures++;
}

static void the_handler_hears_of_a_bad_line_once(void **state)
{
    (void)state;
    assert_int_equal(lathe_file_write_text(test_path("once.ini"), "[train]\nepochs = x\n"), LATHE_OK);
    lathe_settings settings = lathe_settings_default();
    failures = 0;
    lathe_on_error(count_failure);
    lathe_settings_read(&settings, test_path("once.ini"));
    lathe_on_error(NULL);
    assert_int_equal(failures, 1);
    lathe_error_clear();
}

static void optimizer_and_scheduler_get_their_options(void **state)
{
    (void)state;
    lathe_real data[16] = { 0 }, grad[16] = { 0 };
    lathe_tensor weight = { .shape = { 1, { 16 } },
        .stored = 16,
        .data = data,
        .grad = grad,
        .needs_grad = true,
        .name = "w" };
    lathe_tensor *tensors[] = { &weight };
    const lathe_params params = { .tensor = tensors, .count = 1, .data = data, .grad = grad, .size = 16 };
    lathe_settings settings = defaults_with((const char *const[][2]){ { "betas", "0.8,0.99" },
        { "lr", "0.5" }, { "sched", "cyclic" }, { "base_lr", "1e-4" }, { "max_lr", "3e-3" },
        { "step_size_up", "2.5ep" }, { "cycle_momentum", "off" }, { NULL, NULL } });
    lathe_optim *optim = lathe_settings_optim(&settings, &params, 844);
    assert_non_null(optim);
    assert_true(lathe_optim_lr(optim, 0) == 0.5 && lathe_optim_momentum(optim, 0) == 0.8);
    lathe_sched *sched = lathe_settings_sched(&settings, optim, 844, 0);
    assert_non_null(sched);
    assert_true(lathe_optim_lr(optim, 0) == 1e-4);
    assert_true(lathe_sched_rates_at(sched, 0, 2110).lr == 3e-3);
    lathe_sched_free(sched);
    assert_null(lathe_settings_sched(&settings, optim, 0, 0));
    assert_failed(LATHE_EARG,
        "cyclic: step_size_up = '2.5ep': how many steps an epoch has is not known here");
    assert_int_equal(lathe_settings_set(&settings, "max_lr", "1e-5"), LATHE_OK);
    assert_null(lathe_settings_sched(&settings, optim, 844, 0));
    assert_failed(LATHE_EARG, "base_lr = 0.0001 is above max_lr = 1e-05");
    lathe_optim_free(optim);
    assert_int_equal(lathe_settings_set(&settings, "betas", "0.8"), LATHE_OK);
    assert_null(lathe_settings_optim(&settings, &params, 844));
    assert_failed(LATHE_EARG, "adamw: betas");
}

static void lengths_are_steps_or_epochs(void **state)
{
    (void)state;
    uint64_t steps = 0;
    assert_int_equal(lathe_settings_length("save_every", "20", 0, &steps), LATHE_OK);
    assert_int_equal(steps, 20);
    assert_int_equal(lathe_settings_length("save_every", "0.5ep", 845, &steps), LATHE_OK);
    assert_int_equal(steps, 423);
    assert_int_equal(lathe_settings_length("save_every", "2ep", 0, &steps), LATHE_EARG);
    assert_failed(LATHE_EARG, "not known here");
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_legal),
        cmocka_unit_test(every_key_can_be_set),
        cmocka_unit_test(what_is_not_legal_is_named),
        cmocka_unit_test(checks_look_at_the_whole),
        cmocka_unit_test(a_later_option_replaces_an_earlier_one),
        cmocka_unit_test(a_name_that_two_share_is_each_ones),
        cmocka_unit_test(the_loss_gets_its_options),
        cmocka_unit_test(a_file_gives_the_same_back),
        cmocka_unit_test(bad_files_are_refused_by_line),
        cmocka_unit_test(the_handler_hears_of_a_bad_line_once),
        cmocka_unit_test(optimizer_and_scheduler_get_their_options),
        cmocka_unit_test(lengths_are_steps_or_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
