#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../live.h"
#include "../processes.h"
#include "../progress.h"
#include "../settings.h"
#include "../signals.h"
#include "../drawing/train_plot.h"
#include "../text.h"

/* The context of a run's hooks. */
typedef struct watchers {
    cli_progress progress;
    cli_live *live; /* may be NULL */
    cli_train_plot plot;
} watchers;

static bool on_step(void *context, const lathe_run *run, const lathe_step_row *row)
{
    watchers *w = context;
    cli_progress_step(&w->progress, run, row);
    cli_live_step(w->live);
    cli_train_plot_step(&w->plot, run);
    return !cli_signal();
}

static void on_epoch(void *context, const lathe_run *run, const lathe_epoch_row *row)
{
    watchers *w = context;
    cli_train_plot_erase(&w->plot);
    cli_progress_epoch(&w->progress, run, row);
}

static void on_message(void *context, const char *line)
{
    watchers *w = context;
    cli_train_plot_erase(&w->plot);
    cli_progress_message(&w->progress, line);
}

static void on_warning(void *context, const char *line)
{
    watchers *w = context;
    cli_train_plot_erase(&w->plot);
    cli_progress_end(&w->progress);
    cli_say(stderr, "lathe: warning: %s", line);
}

/* Print the pictures that were left out. */
static void print_skipped(const lathe_run *run)
{
    enum { MOST = 20 };
    const lathe_dataset *sets[] = { run->feed->data, run->feed->val, run->feed->test };
    size_t all = run->feed->data->skipped + run->feed->test->skipped +
        (run->feed->val ? run->feed->val->skipped : 0),
           told = 0;
    if (!all) return;
    printf("%zu picture%s left out:\n", all, all > 1 ? "s were" : " was");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        for (size_t k = 0; sets[i] && k < sets[i]->skipped && told < MOST; k++, told++)
            cli_say(stdout, "    %s", sets[i]->skipped_why[k]);
    if (all > told) printf("    and %zu more\n", all - told);
}

/* Print how many pictures each part has. */
static void print_parts(const lathe_run *run)
{
    const lathe_feed *feed = run->feed;
    printf("pictures      train %zu", feed->train->count);
    if (feed->val) printf(", val %zu", feed->val->count);
    printf(", test %zu\n", feed->test->count);
}

static int print_text(const lathe_run *run)
{
    const lathe_history *history = &run->keeper->history;
    lathe_account account;
    char words[256];
    if (lathe_account_of(&history, 1, &account)) return cli_library_failed();
    if (run->test_score.count) cli_print_score("test", run->learner->task, &run->test_score);
    if (*lathe_account_words(&account, words)) cli_say(stdout, "validation    %s", words);
    printf("%llu steps in %.1f s, %.0f images/s, %.0f MiB at most\n", (unsigned long long)run->learner->step,
        run->seconds, lathe_run_images_per_second(run), lathe_peak_rss_mib());
    print_skipped(run);
    print_parts(run);
    if (*run->settings.out) cli_say(stdout, "run folder    %s", run->settings.out);
    if (*run->settings.out) cli_say(stdout, "curves        %s/report.html", run->settings.out);
    return CLI_DONE;
}

static int print_json(const lathe_run *run)
{
    char *text = lathe_run_json(run);
    if (!text) return cli_library_failed();
    puts(text);
    lathe_free(text);
    return CLI_DONE;
}

/* Write the page of curves, also for a run that was stopped. */
static int write_page(lathe_run *run)
{
    char path[LATHE_SETTING_LONG + 16];
    if (!*run->settings.out) return CLI_DONE;
    snprintf(path, sizeof path, "%s/report.html", run->settings.out);
    return lathe_report_finish(run, path) ? cli_library_failed() : CLI_DONE;
}

/* The exit code of the run's end, with a message unless it ended as planned. */
static int end_code(const lathe_run *run)
{
    if (run->end == LATHE_RUN_NAN)
        return !cli_is_first() ? CLI_FAILED : /* all have found it */
            cli_fail(CLI_FAILED, "train: %s; a smaller learning rate or --clip-norm may help",
                run->learner->not_finite);
    const int number = run->end == LATHE_RUN_INTERRUPTED ? cli_signal_of_any() : 0;
    if (!number) return CLI_DONE;
    if (cli_is_first())
        cli_say(stderr, "lathe: stopped by a signal after step %llu; %s%s",
            (unsigned long long)run->learner->step,
            *run->settings.out ? "saved in " : "nothing was saved: no --out", run->settings.out);
    return 128 + number;
}

static int finish(const cli_line *line, lathe_run *run)
{
    int code = cli_tell(write_page(run), NULL, 0);
    if (!code) code = line->json ? print_json(run) : print_text(run);
    return code ? code : end_code(run);
}

/* Print what the recipe has set, as options. */
static void tell_recipe(const cli_line *line)
{
    const char *name = cli_text(line, "recipe");
    const lathe_recipe *recipe = name ? lathe_recipe_find(name) : NULL;
    if (!recipe || !cli_is_first() || cli_given_option(line, "quiet")) return;
    fprintf(stderr, "note: recipe %s:", name);
    for (const lathe_recipe_setting *s = recipe->setting; s->key; s++) {
        if (!cli_recipe_counts(line, s)) continue;
        fputs(" --", stderr);
        for (const char *c = s->key; *c; c++) fputc(*c == '_' ? '-' : *c, stderr);
        if (strcmp(s->text, "true")) fprintf(stderr, " %s", s->text);
    }
    fputc('\n', stderr);
}

static char *page_of(const void *run) { return lathe_report_page(run); }

static char *data_of(const void *run) { return lathe_report_data(run); }

/* The settings, of which rank 0's count, and the folder of a run that has no name. */
static int read_settings(const cli_line *line, lathe_settings *settings, int64_t *port, bool *numbered)
{
    int code = cli_settings(line, settings);
    if (code) return code;
    if (cli_text(line, "recipe") && *settings->resume)
        return cli_fail(CLI_USAGE, "train: --resume goes on with the run's own settings: leave --recipe out");
    tell_recipe(line);
    settings->overwrite = cli_given_option(line, "overwrite");
    if (settings->overwrite && *settings->resume)
        return cli_fail(CLI_USAGE, "train: --resume goes on with a run, --overwrite replaces it: choose one");
    if (line->json && cli_given_option(line, "plot"))
        return cli_fail(CLI_USAGE, "train: --plot draws on stdout, where --json has its line: choose one");
    if ((code = cli_live_port(line, port))) return code;
    *numbered = !*settings->out && !*settings->resume;
    if (*numbered && lathe_run_next_folder(settings, "runs", settings->out)) return cli_library_failed();
    return CLI_DONE;
}

static int train(const cli_line *line, lathe_run *run, int64_t port, watchers *w)
{
    int code = cli_live_start("train", (cli_live_source){ page_of, data_of, run }, port, &w->live);
    code = cli_tell(code, NULL, 0);
    if (code) return code;
    lathe_status status = lathe_run_train(run);
    cli_progress_end(&w->progress);
    cli_train_plot_end(&w->plot, run);
    code = status ? cli_fail(CLI_FAILED, "%s", lathe_error_message()) : finish(line, run);
    cli_live_stop(w->live);
    return code;
}

static int run(const cli_line *line)
{
    const bool first = cli_is_first();
    bool numbered = false;
    lathe_settings settings = lathe_settings_default();
    int64_t port = -1;
    int code = first ? read_settings(line, &settings, &port, &numbered) : CLI_DONE;
    if ((code = cli_tell(code, NULL, 0))) return code;
    watchers w = { .progress = cli_progress_new(!first || cli_given_option(line, "quiet")) };
    if (first && cli_given_option(line, "plot")) {
        w.plot = cli_train_plot_new();
        w.progress.terminal = w.progress.terminal && !w.plot.grows; /* a progress bar would overwrite it */
    }
    cli_signals_watch();
    lathe_run *run = lathe_run_new(&settings,
        &(lathe_run_hooks){ .context = &w,
            .on_step = on_step,
            .on_epoch = on_epoch,
            .on_message = on_message,
            .on_warning = on_warning });
    if (!run && numbered) rmdir(settings.out); /* only an empty folder goes: no run has begun there */
    code = run ? train(line, run, port, &w) : cli_library_failed();
    lathe_run_free(run);
    return code;
}

static const cli_option options[] = {
    { .name = "config",
        .value = "FILE",
        .help = "read settings from a file first, such as a run's config.ini" },
    { .name = "live",
        .value = "PORT",
        .help = "serve the page to browsers at 127.0.0.1:PORT; 0: a free port" },
    { .name = "overwrite", .help = "replace the run that --out holds; without it this is refused" },
    { .name = "plot",
        .help = "draw loss and learning rate in the terminal as they grow; once at the end where stdout is "
                "none" },
    { .name = "quiet", .help = "no progress and no notes on stderr" },
    { .name = "recipe",
        .value = "NAME",
        .help = "settings for a purpose, which the other options may change: see lathe list recipes" },
    { .name = NULL },
};

extern const cli_command lathe_train_command;
const cli_command lathe_train_command = {
    .name = "train",
    .summary = "train; write a run folder",
    .arguments = "",
    .about = "Trains a network and writes a run folder: config.ini, steps.csv, epochs.csv,\n"
             "last.safetensors, best.safetensors, report.html, log.jsonl. Without --out the folder\n"
             "is runs/MODEL-DATA-N. The first Ctrl-C finishes the step, saves and exits with 130;\n"
             "the second exits at once. --resume DIR resumes a run; --out of a folder that holds a\n"
             "run is refused without --overwrite. The same seed gives the same bytes, for any number\n"
             "of threads or processes (mpirun), with or without interruptions.",
    .example = "lathe train --data fashion-mnist --model lenet5 --optim adamw --sched cyclic --base-lr 1e-4 "
               "--max-lr 3e-3 "
               "--step-size-up 2.5ep --epochs 5 --out runs/first",
    .options = options,
    .takes_settings = true,
    .processes = CLI_SHARES_BATCHES,
    .run = run,
};
