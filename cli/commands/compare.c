#include "../drawing/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../live.h"
#include "../processes.h"
#include "../progress.h"
#include "../settings.h"
#include "../text.h"
#include "../signals.h"

enum { MOST_VARIES = 15, MOST_TESTS = 100 };

/* The context of the runs' hooks. */
typedef struct watchers {
    cli_progress progress;
    cli_live *live; /* may be NULL */
    lathe_compare *compare;
    const char *baseline;
    const char *curve; /* the column of epochs.csv that pictures show */
    char rows[LATHE_SETTING_LONG], curves[LATHE_SETTING_LONG]; /* tables of results and curves; "": none */
    const lathe_run *now;                                      /* the run that is training; may be NULL */
} watchers;

static bool on_step(void *context, const lathe_run *run, const lathe_step_row *row)
{
    watchers *w = context;
    cli_progress_step(&w->progress, run, row);
    cli_live_step(w->live);
    return !cli_signal();
}

static void on_epoch(void *context, const lathe_run *run, const lathe_epoch_row *row)
{
    cli_progress_epoch(&((watchers *)context)->progress, run, row);
}

static void on_note(void *context, const char *line)
{
    cli_progress_message(&((watchers *)context)->progress, line);
}

static char *page_of(const void *context)
{
    const watchers *w = context;
    return lathe_report_compare_page(w->compare, w->baseline, w->now);
}

static char *data_of(const void *context)
{
    const watchers *w = context;
    return lathe_report_compare_data(w->compare, w->baseline, w->now);
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

/* A resumed comparison keeps its settings; options that do not change the result may be given again. */
static int change_free(const cli_line *line, lathe_compare *compare)
{
    for (int g = 0; g < line->givens; g++) {
        const char *name = line->given[g].name;
        const lathe_setting *setting = line->given[g].option ? NULL : lathe_setting_find(name);
        if (line->given[g].option ?
                !strcmp(name, "vary") || !strcmp(name, "runs") || !strcmp(name, "seeds") ||
                    !strcmp(name, "test") || !strcmp(name, "config") :
                !setting || (!(setting->flags & LATHE_SETTING_FREE) && strcmp(setting->field.name, "resume")))
            return cli_fail(CLI_USAGE,
                "compare: --%s: a comparison resumes with its own settings; give the whole command again, "
                "with --out, to "
                "add to it",
                name);
        for (size_t i = 0; setting && setting->flags & LATHE_SETTING_FREE && i < compare->runs; i++)
            if (lathe_settings_set(&compare->run[i].settings, name, line->given[g].value))
                return cli_library_failed();
    }
    return CLI_DONE;
}

static int make_plan(const cli_line *line, watchers *w)
{
    lathe_settings settings;
    const char *vary[MOST_VARIES + 1];
    const char *test[MOST_TESTS + 1];
    int varies = 0, tests = 0;
    int64_t seeds;
    int code = cli_settings_read(line, &settings);
    if (code) return code;
    while (varies <= MOST_VARIES && (vary[varies] = cli_text_at(line, "vary", varies))) varies++;
    if (varies > MOST_VARIES) return cli_fail(CLI_USAGE, "compare: more than %d settings vary", MOST_VARIES);
    while (tests <= MOST_TESTS && (test[tests] = cli_text_at(line, "test", tests))) tests++;
    if (tests > MOST_TESTS) return cli_fail(CLI_USAGE, "compare: more than %d tests", MOST_TESTS);
    if (!varies && !cli_text(line, "runs"))
        return cli_fail(CLI_USAGE,
            "compare: nothing varies; give --vary sched=constant,cyclic:triangular, or --runs FILE");
    if (!cli_number(line, "seeds", 1, 1000, &seeds)) return CLI_USAGE;
    const bool numbered = !*settings.out;
    if (numbered && lathe_file_number_folder("runs", "compare-", settings.out, sizeof settings.out))
        return cli_library_failed();
    w->compare = lathe_compare_new(&settings,
        &(lathe_compare_opts){ .vary = vary,
            .varies = varies,
            .runs_file = cli_text(line, "runs"),
            .test = test,
            .tests = tests,
            .seeds = (int)seeds,
            .on_message = on_note,
            .context = w });
    if (w->compare) return CLI_DONE;
    if (numbered) rmdir(settings.out); /* nothing is in it yet */
    return cli_library_failed();
}

/* Rank 0 makes the plan and keeps the tables; the others get its runs. */
static int open_plan(const cli_line *line, watchers *w)
{
    const char *resume = cli_setting_given(line, "resume");
    int code = CLI_DONE;
    if (resume) {
        w->compare = lathe_compare_read(resume);
        code = w->compare ? change_free(line, w->compare) : cli_library_failed();
    } else code = make_plan(line, w);
    return code ? code : lathe_compare_open(w->compare) ? cli_library_failed() : CLI_DONE;
}

/* ---- the runs ------------------------------------------------------------------------------------------ */

/* The run's own page, as `lathe train` writes it. */
static lathe_status write_run_page(lathe_run *run)
{
    char path[LATHE_SETTING_LONG + 16];
    snprintf(path, sizeof path, "%s/report.html", run->settings.out);
    return lathe_report_finish(run, path);
}

/* Say what the processes train now: a run each. */
static void tell_round(watchers *w, const size_t *index, size_t count)
{
    size_t number = 1;
    for (size_t i = 0; i < w->compare->runs; i++) number += w->compare->run[i].result.end != LATHE_RUN_OPEN;
    for (size_t r = 0; r < count; r++) {
        char line[LATHE_SETTING_LONG];
        const lathe_compare_run *planned = &w->compare->run[index[r]];
        int used = snprintf(line, sizeof line, "run %zu of %zu: %s, seed %" PRIu64, number + r,
            w->compare->runs, planned->group, planned->settings.seed);
        if (lathe_dist_size() > 1) snprintf(line + used, sizeof line - (size_t)used, ", by rank %zu", r);
        cli_progress_message(&w->progress, line);
    }
}

static int train_one(watchers *w, size_t index)
{
    char line[LATHE_SETTING_LONG];
    const lathe_compare_run *planned = &w->compare->run[index];
    const bool quiet = w->progress.quiet;
    w->progress = cli_progress_new(quiet);
    lathe_run *run = lathe_compare_begin(w->compare, index,
        &(lathe_run_hooks){ .context = w, .on_step = on_step, .on_epoch = on_epoch, .on_message = on_note });
    w->now = run;
    lathe_status status = run ? lathe_run_train(run) : lathe_error();
    cli_progress_end(&w->progress);
    if (!status && run->end == LATHE_RUN_NAN) {
        snprintf(line, sizeof line, "%s, seed %" PRIu64 " diverged: %s", planned->group,
            planned->settings.seed, run->learner->not_finite);
        cli_progress_message(&w->progress, line);
    }
    if (!status) status = write_run_page(run);
    if (!status) status = lathe_compare_end(w->compare, index, run);
    w->now = NULL;
    lathe_run_free(run);
    return status ? cli_library_failed() : CLI_DONE;
}

/* The tables of results that are kept, and of their curves. */
static lathe_status keep_rows(const watchers *w)
{
    if (!*w->rows) return LATHE_OK;
    lathe_curve *curve = lathe_curves_of(w->compare, w->curve, w->curves);
    lathe_status status = curve ? lathe_compare_write_rows(w->compare, w->rows) : lathe_error();
    if (!status) status = lathe_curves_write(w->compare, curve, w->curve, w->curves);
    lathe_free(curve);
    return status;
}

/* What rank 0 writes after each round. */
static int write_results(const watchers *w)
{
    if (!cli_is_first()) return CLI_DONE;
    return keep_rows(w) || lathe_report_compare(w->compare, w->baseline) ? cli_library_failed() : CLI_DONE;
}

/* Each round is a run for each process. */
static int train_all(watchers *w)
{
    const size_t rank = (size_t)lathe_dist_rank(), size = (size_t)lathe_dist_size();
    size_t count, *index = lathe_alloc(size, sizeof *index);
    int code = index ? CLI_DONE : cli_library_failed();
    while (!code && !cli_signal_of_any() && (count = lathe_compare_next(w->compare, size, index))) {
        tell_round(w, index, count);
        if (rank < count) code = train_one(w, index[rank]);
        if (code) break; /* the others hear of it */
        if (lathe_compare_gather(w->compare, lathe_dist_exchange(), index, count))
            code = cli_library_failed();
        if (!code) code = cli_tell(write_results(w), NULL, 0);
    }
    lathe_free(index);
    return code;
}

/* --rows BASE: results that are there need no training. */
static int open_rows(const cli_line *line, watchers *w)
{
    const char *base = cli_text(line, "rows");
    w->curve = cli_text(line, "curve");
    if (!base) return CLI_DONE;
    if (strlen(base) + sizeof "-curves.csv" > sizeof w->rows)
        return cli_fail(CLI_USAGE, "compare: --rows: the name is too long");
    snprintf(w->rows, sizeof w->rows, "%.*s.csv", LATHE_SETTING_LONG - 16, base);
    snprintf(w->curves, sizeof w->curves, "%.*s-curves.csv", LATHE_SETTING_LONG - 16, base);
    return lathe_compare_read_rows(w->compare, w->rows) || keep_rows(w) ? cli_library_failed() : CLI_DONE;
}

static int show(const cli_line *line, const watchers *w)
{
    int code = CLI_DONE;
    cli_results results = { .compare = w->compare };
    results.variant = lathe_variants_of(w->compare, w->baseline, &results.variants);
    results.hypothesis = lathe_hypotheses_of(w->compare, &results.hypotheses);
    const char *picture = cli_text(line, "svg");
    results.curve_of = w->curve;
    if (results.variant && results.hypothesis && picture)
        results.curve = lathe_curves_of(w->compare, w->curve, *w->curves ? w->curves : NULL);
    if (!results.variant || !results.hypothesis || (picture && !results.curve)) code = cli_library_failed();
    else if (picture && cli_results_svg(picture, &results)) code = cli_library_failed();
    else if (line->json) code = cli_results_json(&results);
    else {
        cli_results_print(&results);
        putchar('\n');
        cli_say(stdout, "folder        %s", w->compare->folder);
        cli_say(stdout, "curves        %s/report.html", w->compare->folder);
        code = cli_results_accounts(&results);
    }
    lathe_free(results.variant);
    lathe_free(results.hypothesis);
    lathe_free(results.curve);
    return code;
}

/* What rank 0 does before the runs. */
static int open_compare(const cli_line *line, watchers *w, int64_t *port)
{
    int code = cli_live_port(line, port);
    if (!code) code = open_plan(line, w);
    if (!code) code = open_rows(line, w);
    if (!code && lathe_report_compare(w->compare, w->baseline))
        code = cli_library_failed(); /* also reports a wrong baseline before the work */
    if (code) return code;
    return cli_live_start("compare", (cli_live_source){ page_of, data_of, w }, *port, &w->live);
}

/* Make all runs; of several processes all take part. */
static int make_runs(watchers *w)
{
    lathe_compare *shared = lathe_compare_share(w->compare, lathe_dist_exchange());
    if (!shared) return cli_library_failed();
    w->compare = shared;
    return train_all(w);
}

static int run(const cli_line *line)
{
    const bool first = cli_is_first();
    watchers w = { .progress = cli_progress_new(!first || cli_given_option(line, "quiet")),
        .baseline = cli_text(line, "baseline") };
    int64_t port = -1;
    int code = cli_tell(first ? open_compare(line, &w, &port) : CLI_DONE, NULL, 0), number = 0;
    cli_signals_watch();
    if (!code && !cli_given_option(line, "show")) code = make_runs(&w);
    if (!code && first) code = show(line, &w);
    cli_live_stop(w.live);
    if (!code && (number = cli_signal_of_any())) {
        if (first)
            cli_say(stderr, "lathe: stopped by a signal; resume with: lathe compare --resume %s",
                w.compare->folder);
        code = 128 + number;
    }
    lathe_compare_free(w.compare);
    return code;
}

static const cli_option options[] = {
    { .name = "vary",
        .value = "KEY=A,B",
        .help = "a setting and its values, with | between values that have commas; several: all combinations",
        .repeats = true },
    { .name = "runs",
        .value = "FILE",
        .help = "a file of named variants: [name], and lines key = value; [tests] has lines test = A > B" },
    { .name = "test",
        .value = "TEXT",
        .help = "a comparison named beforehand: \"A > B\", \"A < B by train_loss\", \"A = B within 0.5\", "
                "\"A > 0 by swing\"; "
                "several are corrected together",
        .repeats = true },
    { .name = "seeds",
        .value = "N",
        .preset = "1",
        .help = "runs of each variant, with seeds from --seed on" },
    { .name = "baseline", .value = "NAME", .help = "the others are compared with this variant [the first]" },
    { .name = "rows",
        .value = "BASE",
        .help =
            "keep results in BASE.csv and curves in BASE-curves.csv; runs that are there are not run again" },
    { .name = "show", .help = "train nothing: show what there is" },
    { .name = "svg",
        .value = "FILE",
        .help = "also write the learning curves as a picture: rate, mean of the seeds, 95 % interval" },
    { .name = "curve",
        .value = "COLUMN",
        .preset = "val_accuracy",
        .help = "the curve of the picture: a column of epochs.csv, or loss" },
    { .name = "live",
        .value = "PORT",
        .help = "serve the page to browsers at 127.0.0.1:PORT; 0: a free port" },
    { .name = "config",
        .value = "FILE",
        .help = "read settings from a file first, such as a run's config.ini" },
    { .name = "quiet", .help = "no progress and no notes on stderr" },
    { .name = NULL },
};

extern const cli_command lathe_compare_command;
const cli_command lathe_compare_command = {
    .name = "compare",
    .summary = "several schedules, or other settings, on the same seeds; one page",
    .arguments = "",
    .about = "Trains each variant with each seed: with the same first weights, the same order of\n"
             "samples and the same number of steps. Each is a run folder, DIR/VARIANT/seed-N.\n"
             "DIR/report.html shows all curves; DIR/compare.json lists the runs. A schedule\n"
             "without lengths or rates gets values that fit the run, and a note lists them. Ctrl-C\n"
             "saves and stops. The same command, or --resume DIR, resumes, also after a kill.\n"
             "Without --out the folder is runs/compare-N.",
    .example =
        "lathe compare --vary "
        "sched=constant,step,cosine,cyclic:triangular,cyclic:triangular2,cyclic:exp_range,onecycle --seeds 3 "
        "--epochs 2 --lr 2e-3",
    .options = options,
    .takes_settings = true,
    .processes = CLI_SPREADS_RUNS,
    .run = run,
};
