#include "support/program.h"
#include "support/support.h"

#include <string.h>

#include <cjson/cJSON.h>

static const char *model_at(int i) { return lathe_model_at(i) ? lathe_model_at(i)->name : NULL; }

static const char *layer_at(int i) { return lathe_layer_at(i) ? lathe_layer_at(i)->name : NULL; }

static const char *optimizer_at(int i) { return lathe_optim_at(i) ? lathe_optim_at(i)->name : NULL; }

static const char *scheduler_at(int i) { return lathe_sched_at(i) ? lathe_sched_at(i)->name : NULL; }

/* The losses for --loss, and those between boxes: each loss is in a list where it can be used. */
static const char *loss_of(bool boxes, int i)
{
    const lathe_loss_type *type;
    for (int k = 0; (type = lathe_loss_at(k)); k++)
        if ((type->boxes != NULL) == boxes && !i--) return type->name;
    return NULL;
}

static const char *loss_at(int i) { return loss_of(false, i); }

static const char *box_loss_at(int i) { return loss_of(true, i); }

static const char *task_at(int i) { return lathe_task_at(i) ? lathe_task_at(i)->name : NULL; }

static const char *metric_at(int i) { return lathe_metric_at(i) ? lathe_metric_at(i)->name : NULL; }

static const char *transform_at(int i) { return lathe_transform_at(i) ? lathe_transform_at(i)->name : NULL; }

static const char *dataset_at(int i)
{
    return lathe_data_source_at(i) ? lathe_data_source_at(i)->name : NULL;
}

static const char *probe_at(int i) { return lathe_probe_at(i) ? lathe_probe_at(i)->name : NULL; }

static const char *recipe_at(int i) { return lathe_recipe_at(i) ? lathe_recipe_at(i)->name : NULL; }

static const char *export_at(int i) { return lathe_export_at(i) ? lathe_export_at(i)->name : NULL; }

static const struct {
    const char *kind;
    const char *(*at)(int index);
} kinds[] = {
    { "models", model_at },
    { "layers", layer_at },
    { "optimizers", optimizer_at },
    { "schedulers", scheduler_at },
    { "losses", loss_at },
    { "box-losses", box_loss_at },
    { "tasks", task_at },
    { "metrics", metric_at },
    { "transforms", transform_at },
    { "datasets", dataset_at },
    { "probes", probe_at },
    { "recipes", recipe_at },
    { "exports", export_at },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void every_registered_thing_is_listed(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        char arguments[64];
        program text, json;
        snprintf(arguments, sizeof arguments, "list %s", kinds[k].kind);
        program_run(&text, LATHE_PROGRAM, arguments);
        snprintf(arguments, sizeof arguments, "list %s --json", kinds[k].kind);
        program_run(&json, LATHE_PROGRAM, arguments);
        assert_int_equal(text.code, 0);
        assert_int_equal(json.code, 0);
        cJSON *object = cJSON_Parse(json.out), *array = cJSON_GetObjectItem(object, kinds[k].kind);
        int count = 0;
        for (; kinds[k].at(count); count++) {
            const char *name = kinds[k].at(count);
            if (!strstr(text.out, name)) fail_msg("%s: %s is not listed", kinds[k].kind, name);
            assert_string_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(array, count), "name")->valuestring,
                name);
        }
        assert_true(count > 0);
        assert_int_equal(cJSON_GetArraySize(array), count);
        cJSON_Delete(object);
        program_free(&text);
        program_free(&json);
    }
}

static void options_come_with_default_and_range(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "list optimizers adamw");
    assert_int_equal(p.code, 0);
    const char *betas = strstr(p.out, "--betas ");
    assert_non_null(betas);
    assert_non_null(strstr(betas, "0.9,0.999"));
    assert_null(strstr(p.out, "sgd:"));
    for (const lathe_field *f = lathe_optim_find("adamw")->fields; f->name; f++) {
        char range[LATHE_FIELD_TEXT];
        assert_non_null(strstr(p.out, lathe_field_range(f, range)));
    }
    program_free(&p);
}

static void kinds_are_listed_and_wrong_names_refused(void **state)
{
    (void)state;
    program p;
    program_run(&p, LATHE_PROGRAM, "list");
    assert_int_equal(p.code, 0);
    for (int k = 0; k < KINDS; k++) assert_non_null(strstr(p.out, kinds[k].kind));
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "list optimisers");
    assert_refused(&p, 2, "unknown kind 'optimisers'; did you mean optimizers? known: ");
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "list losses giou");
    assert_refused(&p, 2, "unknown loss 'giou'; ");
    program_free(&p);
    program_run(&p, LATHE_PROGRAM, "list optimizers adamv");
    assert_refused(&p, 2, "unknown optimizer 'adamv'; did you mean adam? known: ");
    program_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_registered_thing_is_listed),
        cmocka_unit_test(options_come_with_default_and_range),
        cmocka_unit_test(kinds_are_listed_and_wrong_names_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
