/* Lengths and rates that fit a run, for schedules that were not given theirs. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../sched/text.h"
#include "compare_impl.h"

enum { MOST_STEPS = 1 << 22 };

/* The settings that are fitted. */
typedef struct fitting {
    lathe_settings *settings;
    const lathe_sched_type *type;
    double epochs; /* of the run */
    uint64_t steps;
    lathe_fit *result;
    lathe_status status;
} fitting;

/* The schedule's option as given; NULL if it was not given. */
static const char *given(const fitting *f, const char *name)
{
    char key[LATHE_SETTING_SHORT];
    snprintf(key, sizeof key, "sched.%s", name);
    return lathe_settings_option(f->settings, key);
}

static void add_note(lathe_fit *fit, const char *name, const char *text)
{
    const size_t used = strlen(fit->note);
    snprintf(fit->note + used, sizeof fit->note - used, "%s%s = %s", used ? ", " : "", name, text);
}

static void set(fitting *f, const char *name, const char *text)
{
    char key[LATHE_SETTING_SHORT];
    if (given(f, name) || !lathe_fields_find(f->type->fields, name) || f->status) return;
    snprintf(key, sizeof key, "sched.%s", name);
    f->status = lathe_settings_set(f->settings, key, text);
    add_note(f->result, name, text);
}

static void set_number(fitting *f, const char *name, double number)
{
    char text[32];
    set(f, name, lathe_double_digits(number, 6, text));
}

static void set_steps(fitting *f, const char *name, double part)
{
    char text[32];
    uint64_t steps = (uint64_t)fmax(1, floor((double)f->steps * part + 0.5));
    snprintf(text, sizeof text, "%" PRIu64, steps);
    set(f, name, text);
}

/* A schedule's number as given, else `other`. */
static double number_of(const fitting *f, const char *name, double other)
{
    const char *text = given(f, name);
    double number;
    return text && lathe_parse_double(text, &number) ? number : other;
}

/* The optimizer's learning rate. */
static double optim_lr(const fitting *f)
{
    const char *text = lathe_settings_option(f->settings, "optim.lr");
    const lathe_optim_type *type = lathe_optim_find(f->settings->optim);
    double lr = type ? lathe_fields_find(type->fields, "lr")->preset[0] : 0;
    if (text) lathe_parse_double(text, &lr);
    return lr;
}

/* The peak of a cycle is the optimizer's lr, where schedules without cycles begin. */
static void fit_peak(fitting *f)
{
    if (given(f, "max_lr")) return;
    f->result->peak = "lr";
    set_number(f, "max_lr", optim_lr(f));
}

/* One cycle for each 6 epochs (Smith: a way up or down takes 2 to 10), at least two; the last ends with the
 * run. */
static void fit_cyclic(fitting *f, const char *mode)
{
    char text[32];
    uint64_t cycles = (uint64_t)fmax(2, floor(f->epochs / 6 + 0.5)),
             length = (f->steps + cycles - 1) / cycles;
    if (length < 2) length = 2;
    fit_peak(f);
    set_number(f, "base_lr", number_of(f, "max_lr", optim_lr(f)) / 4);
    if (!given(f, "step_size_up")) {
        snprintf(text, sizeof text, "%" PRIu64, (length + 1) / 2);
        set(f, "step_size_up", text);
        snprintf(text, sizeof text, "%" PRIu64, length / 2);
        if (length % 2) set(f, "step_size_down", text);
    }
    if (!strcmp(mode, "exp_range")) set_number(f, "gamma", pow(0.1, 1 / (double)f->steps));
}

/* PyTorch's defaults rise from lr / 3 in 5 steps. A line over the whole run falls to 0, as polynomial. */
static void fit_linear(fitting *f)
{
    if (!given(f, "start_factor")) set(f, "end_factor", "0");
    set(f, "start_factor", "1");
    set_steps(f, "total_iters", 1);
}

static void fit(fitting *f, const char *mode)
{
    const char *name = f->type->name;
    char text[64];
    if (!strcmp(name, "cyclic")) fit_cyclic(f, mode);
    if (!strcmp(name, "one_cycle")) fit_peak(f);
    if (!strcmp(name, "step")) set_steps(f, "step_size", 1.0 / 3);
    if (!strcmp(name, "exponential")) set_number(f, "gamma", pow(0.01, 1 / (double)f->steps));
    if (!strcmp(name, "warm_restarts")) set_steps(f, "t_0", 0.5);
    if (!strcmp(name, "linear")) fit_linear(f);
    if (!strcmp(name, "polynomial")) set_steps(f, "total_iters", 1);
    if (!strcmp(name, "multi_step") && f->steps > 3) {
        snprintf(text, sizeof text, "%" PRIu64 ",%" PRIu64, f->steps / 2, f->steps * 3 / 4);
        set(f, "milestones", text);
    }
}

lathe_status lathe_compare_fit_lr(lathe_settings *settings, lathe_fit *fit)
{
    char text[LATHE_SETTING_SHORT] = "";
    for (int i = 0; i < settings->options; i++)
        if (!strcmp(settings->option[i].key, "sched.max_lr"))
            snprintf(text, sizeof text, "%s", settings->option[i].text);
    const bool taken = lathe_settings_takes(settings, "sched.max_lr");
    const bool own =
        lathe_settings_option(settings, "optim.lr") || lathe_settings_option(settings, "sched.lr");
    lathe_status status = lathe_settings_keep_options(settings);
    if (status || !*text || taken || own) return status;
    fit->peak = "max_lr";
    add_note(fit, "lr", text);
    return lathe_settings_set(settings, "optim.lr", text);
}

/* The lowest and the highest rate of the run; of a very long run they are not looked for. */
static lathe_status find_rate(const fitting *f, double steps_per_epoch, uint64_t steps)
{
    const char *peak = f->result->peak;
    char low[32], high[32];
    double least = HUGE_VAL, most = 0;
    if (steps > MOST_STEPS) return lathe_run_preview(f->settings, steps_per_epoch, steps, NULL, NULL);
    lathe_step_row *row = lathe_alloc((size_t)steps, sizeof *row);
    lathe_status status =
        row ? lathe_run_preview(f->settings, steps_per_epoch, steps, NULL, row) : lathe_error();
    for (uint64_t i = 0; i < steps && !status; i++) {
        least = fmin(least, row[i].lr);
        most = fmax(most, row[i].lr);
    }
    lathe_free(row);
    lathe_double_digits(least, 3, low);
    lathe_double_digits(most, 3, high);
    const bool same = !strcmp(low, high);
    snprintf(f->result->rate, sizeof f->result->rate, "%s%s%s%s%s%s", same ? "" : low, same ? "" : " to ",
        high, peak ? " (peak = " : "", peak ? peak : "", peak ? ")" : "");
    return status;
}

lathe_status lathe_compare_fit(lathe_settings *settings, lathe_fit *result)
{
    const lathe_sched_type *type[LATHE_SCHED_SEGMENTS];
    int count;
    double steps_per_epoch;
    fitting f = { .settings = settings, .result = result };
    lathe_status status = lathe_sched_text_types(settings->sched, type, &count);
    if (!status) status = lathe_run_length(settings, &steps_per_epoch, &f.steps);
    if (status) return status;
    const uint64_t steps = f.steps;
    f.type = type[0];
    f.epochs = (double)f.steps / steps_per_epoch;
    if (settings->by == LATHE_BY_EPOCH) f.steps = (uint64_t)fmax(1, ceil(f.epochs));
    const char *colon = strchr(settings->sched, ':'), *mode = given(&f, "mode");
    if (count == 1) fit(&f, colon ? colon + 1 : mode ? mode : ""); /* segments have lengths of their own */
    return f.status ? f.status : find_rate(&f, steps_per_epoch, steps);
}
