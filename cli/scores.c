#include "scores.h"

#include "text.h"

/* The table under construction. */
typedef struct table {
    lathe_text text;
    const lathe_dataset *data;
} table;

static lathe_status add_rows(void *context, lathe_task *task, const lathe_pass *pass)
{
    table *t = context;
    const lathe_dataset *data = t->data;
    (void)task;
    for (int b = 0; b < pass->batch->size; b++) {
        char name[LATHE_SAMPLE_NAME], digits[32];
        const lathe_real *score = pass->scores + (size_t)b * (size_t)data->classes;
        cli_put_cell(&t->text, lathe_data_sample_name(data, pass->first + (size_t)b, name));
        lathe_text_put(&t->text, ",");
        cli_put_cell(&t->text, data->class_names[pass->batch->labels[b]]);
        for (int k = 0; k < data->classes; k++)
            lathe_text_add(&t->text, ",%s", lathe_double_digits((double)score[k], 9, digits));
        lathe_text_put(&t->text, "\n");
    }
    return LATHE_OK;
}

static lathe_status infer(lathe_run *run, table *t)
{
    lathe_loader *loader = lathe_feed_loader(run->feed, t->data, false);
    lathe_plan *plan = loader ? lathe_plan_new(run->learner->net) : NULL;
    lathe_tape *tape = plan ? lathe_tape_new(NULL) : NULL;
    lathe_status status =
        tape ? lathe_infer(run->learner->task, plan, tape, loader, false, add_rows, t) : lathe_error();
    lathe_tape_free(tape);
    lathe_plan_free(plan);
    lathe_loader_free(loader);
    return status;
}

lathe_status cli_scores_write(const char *path, lathe_run *run, const lathe_dataset *data)
{
    table t = { .data = data };
    if (!lathe_data_labels_only(data))
        return lathe_fail(LATHE_EARG, "--scores is for one class a picture; %s has others", data->name);
    lathe_text_put(&t.text, "picture,class");
    for (int k = 0; k < data->classes; k++) {
        lathe_text_put(&t.text, ",");
        cli_put_cell(&t.text, data->class_names[k]);
    }
    lathe_text_put(&t.text, "\n");
    lathe_status status = infer(run, &t);
    char *text = lathe_text_take(&t.text);
    if (!status && !text) status = lathe_error();
    if (!status) status = lathe_file_write_text(path, text);
    lathe_free(text);
    return status;
}
