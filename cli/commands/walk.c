#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "../drawing/chart.h"
#include "../command.h"
#include "../json.h"
#include "../settings.h"
#include "../drawing/walk_draw.h"

/* Two numbers as a model's parameters: a matrix of one row, and one more that never moves, for Muon leaves
 * the last matrix out. */
typedef struct pair {
    lathe_real data[2 * LATHE_LANES], grad[2 * LATHE_LANES];
    lathe_tensor x, last, *tensor[2];
    lathe_params params;
} pair;

static void open_pair(pair *p, const double start[2])
{
    *p = (pair){ .data = { (lathe_real)start[0], (lathe_real)start[1] } };
    p->x = (lathe_tensor){ .shape = { 2, { 1, 2 } },
        .stored = 2,
        .data = p->data,
        .grad = p->grad,
        .needs_grad = true,
        .name = "x" };
    p->last = (lathe_tensor){ .shape = { 2, { 1, 1 } },
        .stored = 1,
        .data = p->data + LATHE_LANES,
        .grad = p->grad + LATHE_LANES,
        .needs_grad = true,
        .name = "last" };
    p->tensor[0] = &p->x;
    p->tensor[1] = &p->last;
    p->params = (lathe_params){ .tensor = p->tensor,
        .count = 2,
        .data = p->data,
        .grad = p->grad,
        .size = 2 * LATHE_LANES };
}

/* The parts of a walk. */
typedef struct walker {
    const lathe_settings *settings;
    const cli_surface *surface;
    double noise;
    pair pair;
    lathe_optim *optim;
    lathe_sched *sched;
    lathe_swa swa;
    lathe_averaged *averaged;
} walker;

static lathe_status open_walker(walker *w, uint64_t steps)
{
    open_pair(&w->pair, w->surface->start);
    const lathe_settings *s = w->settings;
    if (*s->groups)
        return lathe_fail(LATHE_EARG, "walk: groups = '%.200s': there are two numbers only", s->groups);
    lathe_status status = lathe_settings_swa(s, 1, &w->swa); /* its default, an epoch, is each step here */
    w->optim = status ? NULL : lathe_settings_optim(s, &w->pair.params, 0);
    w->sched = w->optim ? lathe_settings_sched(s, w->optim, 0, steps) : NULL;
    if (!w->sched) return lathe_error();
    if (lathe_sched_observes(w->sched))
        return lathe_fail(LATHE_EARG, "walk: %s observes epochs, but a walk has no epochs", s->sched);
    if (!w->swa.every && s->ema == 0) return LATHE_OK;
    w->averaged = lathe_averaged_new(&w->pair.params,
        &(lathe_averaged_opts){ .decay = s->ema, .warmup = s->ema_warmup });
    return w->averaged ? LATHE_OK : lathe_error();
}

static void close_walker(walker *w)
{
    lathe_sched_free(w->sched);
    lathe_optim_free(w->optim);
    lathe_averaged_free(w->averaged);
}

static void read_row(walker *w, uint64_t step, cli_walk_row *row)
{
    double none[2];
    const lathe_real *average = lathe_averaged_numbers(w->averaged);
    if (average && !*lathe_averaged_updates(w->averaged)) average = NULL;
    if (!average && step && lathe_optim_type_of(w->optim) == &lathe_asgd_optim)
        average = lathe_optim_asgd_average(w->optim);
    *row = (cli_walk_row){ .step = step,
        .lr = lathe_optim_lr(w->optim, 0),
        .p = { (double)w->pair.data[0], (double)w->pair.data[1] },
        .average = { average ? (double)average[0] : NAN, average ? (double)average[1] : NAN } };
    row->value = w->surface->value(row->p, none);
}

static lathe_status clip(const lathe_settings *s, lathe_optim *optim)
{
    if (s->clip_agc > 0 && lathe_optim_clip_adaptive(optim, s->clip_agc)) return lathe_error();
    if (s->clip_value > 0 && lathe_optim_clip_value(optim, s->clip_value)) return lathe_error();
    return s->clip_norm > 0 && isnan(lathe_optim_clip_norm(optim, s->clip_norm)) ? lathe_error() : LATHE_OK;
}

static lathe_status make_step(walker *w, const cli_walk_row *from)
{
    double g[2];
    const uint64_t made = from->step + 1;
    lathe_rng rng = lathe_rng_at(w->settings->seed, lathe_rng_stream("cli/walk"), from->step);
    w->surface->value(from->p, g);
    for (int i = 0; i < 2; i++)
        w->pair.grad[i] = (lathe_real)(g[i] + (w->noise > 0 ? w->noise * lathe_rng_normal(&rng) : 0));
    w->pair.x.has_grad = true;
    lathe_status status = clip(w->settings, w->optim);
    if (!status) status = lathe_optim_step(w->optim);
    if (status) return status;
    lathe_sched_step(w->sched);
    bool takes =
        w->averaged && (!w->swa.every || (made >= w->swa.start && (made - w->swa.start) % w->swa.every == 0));
    return takes ? lathe_averaged_update(w->averaged) : LATHE_OK;
}

/* Fill steps + 1 rows. Stops with a message if the function is not finite. */
static int walk(walker *w, uint64_t steps, cli_walk_row *row)
{
    if (open_walker(w, steps)) return cli_library_failed();
    for (uint64_t i = 0;; i++) {
        read_row(w, i, &row[i]);
        if (!isfinite(row[i].value))
            return cli_fail(CLI_FAILED, "walk: after %" PRIu64 " steps %s is not finite; try a smaller --lr",
                i, w->surface->name);
        if (i == steps) return CLI_DONE;
        if (make_step(w, &row[i])) return cli_library_failed();
    }
}

/* ---- what comes out ------------------------------------------------------------------------------------ */

static void print_csv(const cli_walk_row *row, uint64_t steps)
{
    puts("step,x,y,loss,lr");
    for (uint64_t i = 0; i <= steps; i++) {
        char x[32], y[32], loss[32], lr[32];
        printf("%" PRIu64 ",%s,%s,%s,%s\n", row[i].step, lathe_double_text(row[i].p[0], x),
            lathe_double_text(row[i].p[1], y), lathe_double_text(row[i].value, loss),
            lathe_double_digits(row[i].lr, 17, lr));
    }
}

static int print_json(const walker *w, const cli_walk_row *row, uint64_t steps)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "function", w->surface->name);
    cJSON_AddStringToObject(object, "optim", w->settings->optim);
    cJSON_AddNumberToObject(object, "steps", (double)steps);
    cJSON *x = cJSON_AddArrayToObject(object, "x"), *y = cJSON_AddArrayToObject(object, "y");
    cJSON *loss = cJSON_AddArrayToObject(object, "loss");
    for (uint64_t i = 0; i <= steps; i++) {
        cli_json_add(x, row[i].p[0]);
        cli_json_add(y, row[i].p[1]);
        cli_json_add(loss, row[i].value);
    }
    return cli_json_print(object);
}

static int print_chart(const walker *w, const cli_walk_row *row, uint64_t steps)
{
    double *values = lathe_alloc(steps + 1, sizeof *values);
    if (!values) return cli_library_failed();
    for (uint64_t i = 0; i <= steps; i++) values[i] = log10(fmax(row[i].value, 1e-12));
    printf("%s on %s, %" PRIu64 " steps\n\n", w->settings->optim, w->surface->name, steps);
    cli_chart(stdout, "log10 of the loss", values, steps + 1);
    printf("\nfrom (%g, %g) to (%g, %g), loss %.4g to %.4g; the lowest is 0 at (%g, %g)\n", row[0].p[0],
        row[0].p[1], row[steps].p[0], row[steps].p[1], row[0].value, row[steps].value, w->surface->goal[0],
        w->surface->goal[1]);
    lathe_free(values);
    return CLI_DONE;
}

static int put_out(const cli_line *line, const walker *w, const cli_walk_row *row, uint64_t steps)
{
    const cli_picture_files files = { cli_text(line, "svg"), cli_text(line, "html") };
    if ((files.svg || files.html) && cli_walk_draw(&files, w->surface, w->settings->optim, row, steps))
        return cli_library_failed();
    if (line->json) return print_json(w, row, steps);
    if (!cli_given_option(line, "csv")) return print_chart(w, row, steps);
    print_csv(row, steps);
    return CLI_DONE;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int run(const cli_line *line)
{
    lathe_settings settings;
    walker w = { .settings = &settings };
    int64_t steps;
    int code = cli_settings(line, &settings);
    if (code) return code;
    if (!cli_number(line, "steps", 1, 1000000, &steps)) return CLI_USAGE;
    if (!lathe_parse_double(cli_text(line, "noise"), &w.noise) || w.noise < 0)
        return cli_fail(CLI_USAGE, "walk: --noise %s is not a number >= 0", cli_text(line, "noise"));
    w.surface = cli_surface_find(cli_text(line, "function"));
    cli_walk_row *row = w.surface ? lathe_alloc((size_t)steps + 1, sizeof *row) : NULL;
    if (!row) return cli_library_failed();
    code = walk(&w, (uint64_t)steps, row);
    if (!code) code = put_out(line, &w, row, (uint64_t)steps);
    close_walker(&w);
    lathe_free(row);
    return code;
}

static const cli_option options[] = {
    { .name = "function",
        .value = "rosenbrock|bowl",
        .preset = "rosenbrock",
        .help = "rosenbrock (a curved valley) or bowl (steep one way, flat the other)" },
    { .name = "steps", .value = "N", .preset = "200", .help = "how many steps" },
    { .name = "noise",
        .value = "S",
        .preset = "0",
        .help = "normal noise of this size in each gradient, as small batches have; --seed says which" },
    { .name = "csv", .help = "print step,x,y,loss,lr instead of a picture" },
    { .name = "svg", .value = "FILE", .help = "also write the path and its losses as a picture" },
    { .name = "html", .value = "FILE", .help = "also write them as a page, which can play the path" },
    { .name = "config",
        .value = "FILE",
        .help = "read settings from a file first, such as a run's config.ini" },
    { .name = NULL },
};

extern const cli_command lathe_walk_command;
const cli_command lathe_walk_command = {
    .name = "walk",
    .summary = "watch an optimizer walk down a function of two numbers",
    .arguments = "",
    .about = "Makes the steps of an optimizer, with its schedule, clipping and averaged weights,\n"
             "on a function of two numbers, and draws its path. Settings of data and network are\n"
             "not used.",
    .example = "lathe walk --optim adam --lr 0.1 --steps 200 --svg adam.svg",
    .options = options,
    .takes_settings = true,
    .uses = "optim -groups -decay_weights_only sched clip_norm clip_value clip_agc ema ema_warmup swa_start "
            "swa_every seed",
    .run = run,
};
