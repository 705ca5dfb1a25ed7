#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../io/text.h"
#include "compare_impl.h"

/* A comparison that is planned. */
typedef struct plan {
    const lathe_settings *common;
    const lathe_compare_opts *opts;
    lathe_compare *compare;
    lathe_axis axis[LATHE_AXES];
    int axes;
    int seeds;
    bool used[LATHE_SETTING_OPTIONS]; /* the common options that a variant has */
} plan;

lathe_status lathe_compare_path(const lathe_compare *compare, const char *name,
    char path[LATHE_SETTING_LONG + 64])
{
    return lathe_file_join(compare->folder, name, path, LATHE_SETTING_LONG + 64);
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* Make a folder's name: letters, digits, points and single hyphens. */
static void folder_name(const char *name, char folder[LATHE_SETTING_SHORT])
{
    size_t length = 0;
    for (; *name && length < 80; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
            (*name >= '0' && *name <= '9') || (*name == '.' && length) || *name == '_';
        if (plain) folder[length++] = *name;
        else if (length && folder[length - 1] != '-') folder[length++] = '-';
    }
    while (length && folder[length - 1] == '-') length--;
    folder[length] = '\0';
    if (!length) snprintf(folder, LATHE_SETTING_SHORT, "run");
}

/* Refuse two variants of one name: they would share a folder. */
static lathe_status check_new_name(const lathe_compare *compare, size_t count, const char *group,
    const char *folder)
{
    for (size_t i = 0; i < count; i++) {
        const char *other = compare->run[i].folder;
        size_t length = strcspn(other, "/");
        if (length == strlen(folder) && !strncmp(other, folder, length))
            return lathe_fail(LATHE_EARG, "compare: '%s' and '%s' would share the folder %s",
                compare->run[i].group, group, folder);
    }
    return LATHE_OK;
}

/* ---- planning ------------------------------------------------------------------------------------------ */

/* The choices of variant number `index`, the last axis fastest: its name, and its settings over the common
 * ones. */
static lathe_status choose(const plan *p, int index, char group[LATHE_SETTING_SHORT],
    lathe_settings *settings)
{
    int after = 1;
    size_t used = 0;
    lathe_status status = LATHE_OK;
    *settings = *p->common;
    group[0] = '\0';
    for (int a = 0; a < p->axes; a++) after *= p->axis[a].count;
    for (int a = 0; a < p->axes && !status; a++) {
        after /= p->axis[a].count;
        const lathe_choice *choice = lathe_axis_at(&p->axis[a], index / after % p->axis[a].count);
        used += (size_t)snprintf(group + used, LATHE_SETTING_SHORT - used, "%s%s", used ? ", " : "",
            choice->name);
        if (used >= LATHE_SETTING_SHORT)
            return lathe_fail(LATHE_EARG, "compare: the name '%s...' is too long", group);
        for (int i = 0; i < choice->pairs && !status; i++)
            status = lathe_settings_set(settings, choice->key[i], choice->text[i]);
    }
    if (!*group) snprintf(group, LATHE_SETTING_SHORT, "%.100s", settings->sched);
    return status;
}

static void tell(const plan *p, const char *group, const lathe_fit *fit)
{
    char line[LATHE_MESSAGE_SIZE];
    if (!*fit->note || !p->opts->on_message || p->common->no_warnings) return;
    snprintf(line, sizeof line, "%s: %.240s, to fit the run: rate %s", group, fit->note, fit->rate);
    p->opts->on_message(p->opts->context, line);
}

/* Add the runs of a variant: one for each seed. */
static lathe_status add_variant(plan *p, int index)
{
    char group[LATHE_SETTING_SHORT], folder[LATHE_SETTING_SHORT];
    lathe_fit fit = { 0 };
    const char *name;
    double *number;
    lathe_compare_run *run = p->compare->run + (size_t)index * (size_t)p->seeds;
    lathe_settings settings;
    lathe_status status = choose(p, index, group, &settings);
    for (int i = 0; i < p->common->options && !status; i++)
        p->used[i] = p->used[i] || lathe_settings_takes(&settings, p->common->option[i].key);
    if (!status) status = lathe_compare_fit_lr(&settings, &fit);
    if (!status) status = lathe_compare_fit(&settings, &fit);
    if (status) return status;
    tell(p, group, &fit);
    folder_name(group, folder);
    status = check_new_name(p->compare, (size_t)index * (size_t)p->seeds, group, folder);
    for (int s = 0; s < p->seeds && !status; s++, run++) {
        run->settings = settings;
        run->settings.seed += (uint64_t)s;
        snprintf(run->group, sizeof run->group, "%s", group);
        snprintf(run->differs, sizeof run->differs, "rate = %s\n", fit.rate);
        snprintf(run->folder, sizeof run->folder, "%.80s/seed-%" PRIu64, folder, run->settings.seed);
        status =
            lathe_file_join(p->compare->folder, run->folder, run->settings.out, sizeof run->settings.out);
        for (int i = 0; (number = lathe_result_number(&run->result, i, &name)); i++) *number = (double)NAN;
    }
    return status;
}

static lathe_status read_axes(plan *p, lathe_arena *arena)
{
    const lathe_compare_opts *o = p->opts;
    lathe_status status = LATHE_OK;
    if (o->varies + 1 > LATHE_AXES)
        return lathe_fail(LATHE_EARG, "compare: more than %d settings vary", LATHE_AXES - 1);
    if (o->runs_file) status = lathe_axis_runs(arena, o->runs_file, &p->axis[p->axes++], p->compare);
    for (int i = 0; i < o->tests && !status; i++) status = lathe_compare_add_test(p->compare, o->test[i]);
    for (int i = 0; i < o->varies && !status; i++)
        status = lathe_axis_vary(arena, o->vary[i], &p->axis[p->axes++]);
    return status;
}

/* Refuse an option that no variant has. */
static lathe_status check_used(const plan *p)
{
    for (int i = 0; i < p->common->options; i++)
        if (!p->used[i])
            return lathe_fail(LATHE_ENAME,
                "compare: no variant's optimizer, schedule or loss has an option %s",
                p->common->option[i].key);
    return LATHE_OK;
}

/* The lines of a variant's settings that not all variants have. What is not given is a comment, and no
 * difference. */
static lathe_status find_differences(lathe_compare *compare, int seeds, char *const *text)
{
    size_t variants = compare->runs / (size_t)seeds;
    for (size_t v = 0; v < variants; v++) {
        char differs[LATHE_SETTING_LONG] = "";
        size_t used = 0;
        for (const char *line = text[v]; *line;
             line += line[strcspn(line, "\n")] ? strcspn(line, "\n") + 1 : strlen(line)) {
            int length = (int)strcspn(line, "\n") + 1;
            char wanted[LATHE_SETTING_LONG + 128];
            snprintf(wanted, sizeof wanted, "\n%.*s", length, line);
            bool common = true;
            for (size_t w = 0; w < variants && common; w++) common = strstr(text[w], wanted) != NULL;
            if (!common && *line != '#' && *line != '[' && used + (size_t)length < sizeof differs)
                used += (size_t)snprintf(differs + used, sizeof differs - used, "%.*s", length, line);
        }
        for (int s = 0; s < seeds; s++)
            memcpy(compare->run[v * (size_t)seeds + (size_t)s].differs, differs, sizeof differs);
    }
    return LATHE_OK;
}

static lathe_status tell_differences(lathe_compare *compare, int seeds)
{
    size_t variants = compare->runs / (size_t)seeds;
    char **text = lathe_alloc(variants, sizeof *text);
    lathe_status status = text ? LATHE_OK : lathe_error();
    for (size_t v = 0; v < variants && !status; v++) {
        const lathe_compare_run *run = &compare->run[v * (size_t)seeds];
        char *settings = lathe_settings_text(&run->settings);
        lathe_text all = { 0 };
        lathe_text_put(&all, settings ? settings : "");
        lathe_text_put(&all, run->differs);
        text[v] = lathe_text_take(&all);
        if (!settings || !text[v]) status = lathe_error();
        lathe_free(settings);
    }
    if (!status) status = find_differences(compare, seeds, text);
    for (size_t v = 0; text && v < variants; v++) lathe_free(text[v]);
    lathe_free(text);
    return status;
}

static lathe_status make_plan(plan *p, lathe_arena *arena)
{
    int64_t variants = 1;
    lathe_status status = read_axes(p, arena);
    for (int a = 0; a < p->axes && !status; a++) variants *= p->axis[a].count;
    if (!status && variants * p->seeds > 10000)
        status = lathe_fail(LATHE_EARG, "compare: %" PRId64 " runs are more than 10000", variants * p->seeds);
    if (status) return status;
    p->compare->runs = (size_t)variants * (size_t)p->seeds;
    p->compare->run = lathe_alloc(p->compare->runs, sizeof *p->compare->run);
    if (!p->compare->run) return lathe_error();
    for (int v = 0; v < variants && !status; v++) status = add_variant(p, v);
    if (!status) status = check_used(p);
    if (!status) status = lathe_compare_check_tests(p->compare);
    return status ? status : tell_differences(p->compare, p->seeds);
}

lathe_compare *lathe_compare_new(const lathe_settings *settings, const lathe_compare_opts *opts)
{
    static const lathe_compare_opts none;
    if (!settings) return lathe_fail_null("lathe_compare_new", "settings"), NULL;
    if (!*settings->out)
        return lathe_fail(LATHE_EARG, "lathe_compare_new: settings->out is empty; name a folder"), NULL;
    plan p = { .common = settings,
        .opts = opts ? opts : &none,
        .compare = lathe_alloc(1, sizeof *p.compare) };
    p.seeds = p.opts->seeds ? p.opts->seeds : 1;
    lathe_arena *arena = p.compare ? lathe_arena_new() : NULL;
    lathe_status status = arena ? LATHE_OK : lathe_error();
    if (!status && p.seeds < 1)
        status = lathe_fail(LATHE_EARG, "compare: seeds = %d, expected at least 1", p.seeds);
    if (!status) {
        snprintf(p.compare->folder, sizeof p.compare->folder, "%s", settings->out);
        status = make_plan(&p, arena);
    }
    lathe_arena_free(arena);
    if (!status) return p.compare;
    lathe_compare_free(p.compare);
    return NULL;
}

void lathe_compare_free(lathe_compare *compare)
{
    if (!compare) return;
    lathe_lock_give(compare->lock);
    lathe_compare_drop_tests(compare);
    lathe_free(compare->run);
    lathe_free(compare);
}

/* ---- with what is in the folder ------------------------------------------------------------------------ */

static lathe_compare_run *find_run(const lathe_compare *compare, const char *folder)
{
    for (size_t i = 0; i < compare->runs; i++)
        if (!strcmp(compare->run[i].folder, folder)) return &compare->run[i];
    return NULL;
}

/* The run of that name was made with the same settings, but for what may be another way to the same result.
 */
static lathe_status check_same(const lathe_compare_run *then, const lathe_compare_run *now)
{
    bool length =
        then->settings.epochs == now->settings.epochs && then->settings.max_steps == now->settings.max_steps;
    lathe_status status = lathe_settings_same_run(then->settings.out, &then->settings, &now->settings);
    if (status || length) return status;
    return lathe_fail(LATHE_EARG,
        "%s: a run of another length (%g epochs, now %g); give the comparison another folder",
        then->settings.out, then->settings.epochs, now->settings.epochs);
}

/* Results of runs that are in both; runs that are only in the folder's comparison follow those planned. */
static lathe_status merge(lathe_compare *compare, const lathe_compare *then)
{
    size_t runs = compare->runs;
    lathe_compare_run *grown = lathe_grow(compare->run, runs, lathe_plus(runs, then->runs), sizeof *grown);
    if (!grown) return lathe_error();
    compare->run = grown;
    for (size_t i = 0; i < then->runs; i++) {
        lathe_compare_run *now = find_run(compare, then->run[i].folder);
        if (!now) {
            grown[compare->runs++] = then->run[i];
            continue;
        }
        lathe_status status = check_same(&then->run[i], now);
        if (status) return status;
        now->result = then->run[i].result;
    }
    const bool named = compare->tests > 0;
    for (int i = 0; i < then->tests && !named; i++)
        if (lathe_compare_add_test(compare, then->test[i])) return lathe_error();
    return LATHE_OK;
}

/* Refuse a folder whose page or weights are those of a single run. */
static lathe_status check_folder(const lathe_compare *compare)
{
    static const char *const names[] = { "last.safetensors", "best.safetensors", "report.html" };
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !status; i++) {
        char path[LATHE_SETTING_LONG + 64];
        status = lathe_compare_path(compare, names[i], path);
        if (!status && lathe_file_exists(path))
            status =
                lathe_fail(LATHE_ESTATE, "%s: holds %s, and no comparison: choose another folder for --out",
                    compare->folder, names[i]);
    }
    return status;
}

lathe_status lathe_compare_open(lathe_compare *compare)
{
    char path[LATHE_SETTING_LONG + 64];
    if (!compare) return lathe_fail_null("lathe_compare_open", "compare");
    lathe_status status = lathe_file_make_folder(compare->folder);
    if (!status) status = lathe_compare_path(compare, "lock", path);
    if (status) return status;
    compare->lock = lathe_lock_take(path);
    if (!compare->lock) return lathe_error();
    status = lathe_file_remove_stale(compare->folder);
    if (!status) status = lathe_compare_path(compare, "compare.json", path);
    if (!status && lathe_file_exists(path)) {
        lathe_compare *then = lathe_compare_read(compare->folder);
        status = then ? merge(compare, then) : lathe_error();
        lathe_compare_free(then);
    } else if (!status) status = check_folder(compare);
    return status ? status : lathe_compare_write(compare);
}

/* ---- running ------------------------------------------------------------------------------------------- */

/* Returns true if run `a` comes before run `b`. */
static bool is_before(const lathe_compare *compare, size_t a, size_t b)
{
    const uint64_t seed_a = compare->run[a].settings.seed, seed_b = compare->run[b].settings.seed;
    return seed_a < seed_b || (seed_a == seed_b && a < b);
}

size_t lathe_compare_next(const lathe_compare *compare, size_t most, size_t *index)
{
    if (!compare || !index) return lathe_fail_null("lathe_compare_next", compare ? "index" : "compare"), 0;
    size_t count = 0;
    for (size_t i = 0; i < compare->runs; i++) {
        if (compare->run[i].result.end != LATHE_RUN_OPEN) continue;
        size_t at = count < most ? count++ : most; /* the last one goes if it is full */
        for (; at && is_before(compare, i, index[at - 1]); at--)
            if (at < most) index[at] = index[at - 1];
        if (at < most) index[at] = i;
    }
    return count;
}

lathe_run *lathe_compare_begin(lathe_compare *compare, size_t index, const lathe_run_hooks *hooks)
{
    char config[LATHE_SETTING_LONG + 64];
    if (!compare) return lathe_fail_null("lathe_compare_begin", "compare"), NULL;
    if (index >= compare->runs) return lathe_fail(LATHE_EARG, "lathe_compare_begin: no run %zu", index), NULL;
    lathe_settings settings = compare->run[index].settings;
    if (lathe_file_join(settings.out, "config.ini", config, sizeof config)) return NULL;
    if (lathe_file_exists(config)) snprintf(settings.resume, sizeof settings.resume, "%s", settings.out);
    return lathe_run_new(&settings, hooks);
}

static lathe_status probe_of(const lathe_history *history, const char *name, lathe_compare_probe *probe)
{
    const int column = lathe_probe_column(history, name);
    lathe_swing swing = { .last = (double)NAN, .minima = (double)NAN, .maxima = (double)NAN };
    lathe_status status = column < 0 ? LATHE_OK : lathe_swing_of(history, column, &swing);
    *probe = (lathe_compare_probe){ swing.last, swing.minima, swing.maxima };
    return status;
}

lathe_status lathe_compare_end(lathe_compare *compare, size_t index, lathe_run *run)
{
    if (!compare || !run) return lathe_fail_null("lathe_compare_end", compare ? "run" : "compare");
    if (index >= compare->runs) return lathe_fail(LATHE_EARG, "lathe_compare_end: no run %zu", index);
    if (run->end == LATHE_RUN_OPEN || run->end == LATHE_RUN_INTERRUPTED) return LATHE_OK;
    const lathe_epoch_row *epoch = lathe_run_tested_epoch(run);
    const double none = (double)NAN;
    const bool tested = run->test_score.count > 0;
    const lathe_history *history = &run->keeper->history;
    lathe_swing swing;
    lathe_compare_probe grad_norm, update_ratio, sharpness;
    double seconds = 0, snapshot, mean;
    lathe_status status = lathe_snapshots_test(run, &snapshot, &mean);
    if (!status) status = lathe_swing_of(history, -1, &swing);
    if (!status) status = probe_of(history, "grad_norm", &grad_norm);
    if (!status) status = probe_of(history, "update_ratio", &update_ratio);
    if (!status) status = probe_of(history, "sharpness", &sharpness);
    if (status) return status;
    for (size_t i = 0; i < history->epochs; i++) seconds += history->epoch[i].seconds;
    compare->run[index].result = (lathe_compare_result){ .end = run->end,
        .steps = run->learner->step,
        .best_epoch = run->keeper->best_epoch,
        .train_loss = epoch ? epoch->train_loss : none,
        .val_loss = epoch ? epoch->val_loss : none,
        .val_accuracy = epoch ? epoch->val[0] : none,
        .test_loss = tested ? run->test_score.loss : none,
        .test_accuracy = tested ? run->test_score.metric[0] : none,
        .best_val_accuracy = swing.best,
        .minima_accuracy = swing.minima,
        .maxima_accuracy = swing.maxima,
        .snapshot_accuracy = snapshot,
        .ensemble_accuracy = mean,
        .grad_norm = grad_norm,
        .update_ratio = update_ratio,
        .sharpness = sharpness,
        .seconds = seconds };
    return compare->lock ? lathe_compare_write(compare) : LATHE_OK; /* rank 0 writes for all */
}
