#include "curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../train/keeper/cycles.h"
#include "compare_impl.h"
#include "rows_impl.h"

/* ---- from a history ------------------------------------------------------------------------------------ */

/* Steps of an epoch; of a run within its first epoch, from the length that was asked for. */
static double per_epoch(const lathe_history *history, const lathe_settings *settings)
{
    const double count = lathe_history_steps_per_epoch(history);
    if (count < (double)history->steps || settings->max_steps || !(settings->epochs > 0)) return count;
    return count / fmin(1, settings->epochs);
}

/* Where a column of an epoch's row lies; 0: unknown (the first column is the epoch's number). */
static size_t column_of(const lathe_history *history, const char *what)
{
    if (!strcmp(what, "train_loss")) return offsetof(lathe_epoch_row, train_loss);
    if (!strcmp(what, "val_loss")) return offsetof(lathe_epoch_row, val_loss);
    for (int i = 0; i < history->metrics; i++) {
        const size_t place = (size_t)i * sizeof(double);
        const char *name = history->metric[i].name;
        if (!strncmp(what, "val_", 4) && !strcmp(what + 4, name))
            return offsetof(lathe_epoch_row, val) + place;
        if (!strncmp(what, "train_", 6) && !strcmp(what + 6, name))
            return offsetof(lathe_epoch_row, train) + place;
    }
    return 0;
}

/* Point number `index` of at most LATHE_CURVE_POINTS among `count` rows: the first and the last are kept. */
static size_t row_of(int index, int points, size_t count)
{
    return points < 2 ? count - 1 : (size_t)index * (count - 1) / (size_t)(points - 1);
}

static void add_rate(const lathe_history *history, size_t step, double epoch, lathe_curve *curve)
{
    curve->rate_epoch[curve->rates] = (double)step / epoch;
    curve->rate[curve->rates++] = history->step[step].lr;
}

/*
 * The corners of the rate: straight lines between them are at most a five-hundredth of the peak away from it.
 * From each corner, the slopes that keep all later steps within that distance narrow until none is left.
 */
static bool take_corners(const lathe_history *history, double epoch, lathe_curve *curve)
{
    double most = 0, low = -HUGE_VAL, high = HUGE_VAL;
    size_t corner = 0;
    for (size_t i = 0; i < history->steps; i++) most = fmax(most, history->step[i].lr);
    add_rate(history, 0, epoch, curve);
    for (size_t i = 1; i < history->steps; i++) {
        const double rise = history->step[i].lr - history->step[corner].lr, run = (double)(i - corner);
        if (rise / run > high || rise / run < low) {
            if (curve->rates + 2 > LATHE_CURVE_POINTS) return false;
            corner = i - 1;
            add_rate(history, corner, epoch, curve);
            low = -HUGE_VAL, high = HUGE_VAL;
            i--;
            continue;
        }
        low = fmax(low, (rise - most / 500) / run);
        high = fmin(high, (rise + most / 500) / run);
    }
    if (history->steps > 1) add_rate(history, history->steps - 1, epoch, curve);
    return true;
}

static void take_rates(const lathe_history *history, double epoch, lathe_curve *curve)
{
    if (take_corners(history, epoch, curve)) return;
    curve->rates = 0;
    for (int i = 0; i < LATHE_CURVE_POINTS; i++)
        add_rate(history, row_of(i, LATHE_CURVE_POINTS, history->steps), epoch, curve);
}

static void take_epochs(const lathe_history *history, size_t column, double epoch, lathe_curve *curve)
{
    curve->points = history->epochs < LATHE_CURVE_POINTS ? (int)history->epochs : LATHE_CURVE_POINTS;
    for (int i = 0; i < curve->points; i++) {
        const lathe_epoch_row *row = &history->epoch[row_of(i, curve->points, history->epochs)];
        curve->epoch[i] = (double)row->step / epoch;
        memcpy(&curve->value[i], (const char *)row + column, sizeof curve->value[i]);
    }
}

/* Measurements within the epochs, --eval-every: of the column that an epoch's row has at `column`. */
static void take_evals(const lathe_history *history, size_t column, double epoch, lathe_curve *curve)
{
    const bool loss = column == offsetof(lathe_epoch_row, val_loss);
    const size_t metric = loss ? 0 : (column - offsetof(lathe_epoch_row, val)) / sizeof(double);
    curve->points = history->evals < LATHE_CURVE_POINTS ? (int)history->evals : LATHE_CURVE_POINTS;
    for (int i = 0; i < curve->points; i++) {
        const lathe_eval_row *row = &history->eval[row_of(i, curve->points, history->evals)];
        curve->epoch[i] = (double)row->step / epoch;
        curve->value[i] = loss ? row->loss : row->metric[metric];
    }
}

static void take_probes(const lathe_history *history, int column, double epoch, lathe_curve *curve)
{
    const lathe_probe_table *probe = &history->probe;
    curve->points = probe->rows < LATHE_CURVE_POINTS ? (int)probe->rows : LATHE_CURVE_POINTS;
    for (int i = 0; i < curve->points; i++) {
        const size_t row = row_of(i, curve->points, probe->rows);
        curve->epoch[i] = (double)probe->step[row] / epoch;
        curve->value[i] = probe->value[row * (size_t)probe->columns + (size_t)column];
    }
}

/* The mean loss of the steps up to each point: half as many points, because single losses are noisy. */
static void take_losses(const lathe_history *history, double epoch, lathe_curve *curve)
{
    const size_t most = LATHE_CURVE_POINTS / 2;
    size_t from = 0;
    curve->points = (int)(history->steps < most ? history->steps : most);
    for (int i = 0; i < curve->points; i++) {
        const size_t to = history->steps * (size_t)(i + 1) / (size_t)curve->points;
        double sum = 0;
        for (size_t s = from; s < to; s++) sum += history->step[s].loss;
        curve->epoch[i] = (double)to / epoch;
        curve->value[i] = sum / (double)(to - from);
        from = to;
    }
}

lathe_status lathe_curves_history(const lathe_compare *compare, size_t index, lathe_history *history)
{
    char folder[LATHE_SETTING_LONG], path[LATHE_SETTING_LONG];
    if (!compare || !history) return lathe_fail_null("lathe_curves_history", compare ? "history" : "compare");
    if (index >= compare->runs) return lathe_fail(LATHE_EARG, "lathe_curves_history: no run %zu", index);
    const lathe_compare_run *run = &compare->run[index];
    lathe_status status = lathe_file_join(compare->folder, run->folder, folder, sizeof folder);
    if (!status) status = lathe_file_join(folder, "epochs.csv", path, sizeof path);
    if (status || !lathe_file_exists(path)) return status;
    status = lathe_history_read(history, folder);
    if (status != LATHE_EFORMAT || run->result.end != LATHE_RUN_OPEN) return status;
    lathe_history_free(history);
    lathe_error_clear();
    return LATHE_OK;
}

static lathe_status take_history(const lathe_compare *compare, size_t index, const char *what,
    lathe_curve *curve)
{
    const lathe_compare_run *run = &compare->run[index];
    lathe_history history = { 0 };
    if (run->result.end == LATHE_RUN_OPEN) return LATHE_OK;
    lathe_status status = lathe_curves_history(compare, index, &history);
    if (!status && history.steps) {
        const double epoch = per_epoch(&history, &run->settings);
        const size_t column = column_of(&history, what);
        const int probe = lathe_probe_column(&history, what);
        take_rates(&history, epoch, curve);
        if (!strcmp(what, "loss")) take_losses(&history, epoch, curve);
        else if (probe >= 0) take_probes(&history, probe, epoch, curve);
        else if (history.evals && !strncmp(what, "val_", 4) && column)
            take_evals(&history, column, epoch, curve);
        else if (column) take_epochs(&history, column, epoch, curve);
        else status = lathe_fail(LATHE_ENAME, "%s: no column %s in epochs.csv", run->settings.out, what);
    }
    lathe_history_free(&history);
    return status;
}

/* ---- from a table -------------------------------------------------------------------------------------- */

/* The numbers of a row, NaN for empty cells; returns their count up to the last that is not empty. */
static int take_cells(const lathe_csv *table, size_t row, double *numbers)
{
    int count = 0;
    for (int c = 3; c < table->columns && c < LATHE_CURVE_POINTS + 3; c++) {
        const char *cell = table->cell[row * (size_t)table->columns + (size_t)c];
        if (!lathe_parse_double(cell, &numbers[c - 3])) numbers[c - 3] = (double)NAN;
        if (*cell) count = c - 2;
    }
    return count;
}

static bool is_of(const lathe_csv *table, size_t row, const char *variant, const char *seed)
{
    return !strcmp(lathe_cell_at(table, row, "variant"), variant) &&
        !strcmp(lathe_cell_at(table, row, "seed"), seed);
}

/* Epochs and rates of a run are its own or those of its variant's first run in the table. */
static void take_run(const lathe_csv *table, const char *variant, const char *seed, const char *what,
    lathe_curve *curve)
{
    size_t first = 0;
    bool known = false;
    while (first < table->rows && strcmp(lathe_cell_at(table, first, "variant"), variant)) first++;
    for (int own = 0; own < 2; own++)
        for (size_t row = first; row < table->rows; row++) {
            const char *name = lathe_cell_at(table, row, "curve");
            if (!is_of(table, row, variant, own ? seed : lathe_cell_at(table, first, "seed"))) continue;
            if (!strcmp(name, "epoch")) curve->points = take_cells(table, row, curve->epoch);
            if (!strcmp(name, "rate_epoch")) curve->rates = take_cells(table, row, curve->rate_epoch);
            if (!strcmp(name, "rate")) take_cells(table, row, curve->rate);
            if (own && !strcmp(name, what)) known = take_cells(table, row, curve->value) > 0;
        }
    if (!known) curve->points = curve->rates = 0;
}

static void take_table(const lathe_compare *compare, const lathe_csv *table, const char *what,
    lathe_curve *curve)
{
    for (size_t i = 0; i < compare->runs; i++) {
        const lathe_compare_run *run = &compare->run[i];
        char seed[24];
        snprintf(seed, sizeof seed, "%" PRIu64, run->settings.seed);
        if (!curve[i].points && run->result.end != LATHE_RUN_OPEN)
            take_run(table, run->group, seed, what, &curve[i]);
    }
}

lathe_curve *lathe_curves_of(const lathe_compare *compare, const char *what, const char *path)
{
    if (!compare || !what) {
        lathe_fail_null("lathe_curves_of", compare ? "what" : "compare");
        return NULL;
    }
    lathe_csv table = { 0 };
    lathe_curve *curve = lathe_alloc(compare->runs + 1, sizeof *curve);
    lathe_status status = curve ? LATHE_OK : lathe_error();
    for (size_t i = 0; i < compare->runs && !status; i++) status = take_history(compare, i, what, &curve[i]);
    if (!status && path) status = lathe_cells_read(path, &table);
    if (!status) take_table(compare, &table, what, curve);
    lathe_csv_free(&table);
    if (!status) return curve;
    lathe_free(curve);
    return NULL;
}

/* ---- to a table ---------------------------------------------------------------------------------------- */

typedef struct row {
    const char *name;
    const double *number;
    int count, digits;
} row;

static void put_row(lathe_text *out, const lathe_compare_run *run, const row *r, int columns)
{
    lathe_cell_put(out, run->group);
    lathe_text_add(out, ",%" PRIu64 ",%s", run->settings.seed, r->name);
    for (int i = 0; i < columns; i++)
        lathe_cell_put_number(out, i < r->count ? r->number[i] : (double)NAN, r->digits);
    lathe_text_put(out, "\n");
}

static bool equal(const double *a, const double *b, int count)
{
    return !memcmp(a, b, (size_t)count * sizeof *a);
}

static void put_curve(lathe_text *out, const lathe_compare_run *run, const lathe_curve *curve,
    const lathe_curve *first, const char *what, int columns)
{
    const bool same = first != curve && first->points == curve->points && first->rates == curve->rates;
    const row rows[] = { { "epoch", curve->epoch, curve->points, 5 },
        { "rate_epoch", curve->rate_epoch, curve->rates, 5 }, { "rate", curve->rate, curve->rates, 4 },
        { what, curve->value, curve->points, 4 } };
    const double *const before[] = { first->epoch, first->rate_epoch, first->rate };
    for (int i = 0; i < 4; i++)
        if (i == 3 || !same || !equal(rows[i].number, before[i], rows[i].count))
            put_row(out, run, &rows[i], columns);
}

lathe_status lathe_curves_write(const lathe_compare *compare, const lathe_curve *curve, const char *what,
    const char *path)
{
    lathe_text out = { 0 };
    int columns = 0;
    if (!compare || !curve || !what || !path)
        return lathe_fail_null("lathe_curves_write",
            !compare   ? "compare" :
                !curve ? "curve" :
                !what  ? "what" :
                         "path");
    for (size_t i = 0; i < compare->runs; i++) {
        if (curve[i].points > columns) columns = curve[i].points;
        if (curve[i].rates > columns) columns = curve[i].rates;
    }
    if (!columns) return LATHE_OK;
    lathe_text_put(&out, "variant,seed,curve");
    for (int c = 1; c <= columns; c++) lathe_text_add(&out, ",%d", c);
    lathe_text_put(&out, "\n");
    for (size_t i = 0; i < compare->runs; i++) {
        size_t first = 0;
        while (
            first < i && (strcmp(compare->run[first].group, compare->run[i].group) || !curve[first].points))
            first++;
        if (curve[i].points) put_curve(&out, &compare->run[i], &curve[i], &curve[first], what, columns);
    }
    return lathe_cells_write(&out, path);
}
