/* Results of comparisons as tables that can be kept, and curves beside them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "../core/field.h"
#include "compare_impl.h"
#include "rows_impl.h"

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    { "train_loss", offsetof(lathe_compare_result, train_loss) },
    { "val_loss", offsetof(lathe_compare_result, val_loss) },
    { "val_accuracy", offsetof(lathe_compare_result, val_accuracy) },
    { "test_loss", offsetof(lathe_compare_result, test_loss) },
    { "test_accuracy", offsetof(lathe_compare_result, test_accuracy) },
    { "best_val_accuracy", offsetof(lathe_compare_result, best_val_accuracy) },
    { "minima_accuracy", offsetof(lathe_compare_result, minima_accuracy) },
    { "maxima_accuracy", offsetof(lathe_compare_result, maxima_accuracy) },
    { "snapshot_accuracy", offsetof(lathe_compare_result, snapshot_accuracy) },
    { "ensemble_accuracy", offsetof(lathe_compare_result, ensemble_accuracy) },
    { "grad_norm", offsetof(lathe_compare_result, grad_norm.last) },
    { "grad_norm_minima", offsetof(lathe_compare_result, grad_norm.minima) },
    { "grad_norm_maxima", offsetof(lathe_compare_result, grad_norm.maxima) },
    { "update_ratio", offsetof(lathe_compare_result, update_ratio.last) },
    { "update_ratio_minima", offsetof(lathe_compare_result, update_ratio.minima) },
    { "update_ratio_maxima", offsetof(lathe_compare_result, update_ratio.maxima) },
    { "sharpness", offsetof(lathe_compare_result, sharpness.last) },
    { "sharpness_minima", offsetof(lathe_compare_result, sharpness.minima) },
    { "sharpness_maxima", offsetof(lathe_compare_result, sharpness.maxima) },
    { "seconds", offsetof(lathe_compare_result, seconds) },
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

double *lathe_result_number(lathe_compare_result *result, int index, const char **name)
{
    if (index >= NUMBERS) return NULL;
    *name = numbers[index].name;
    return (double *)(void *)((char *)result + numbers[index].offset);
}

const char *lathe_run_end_name(lathe_run_end end)
{
    static const char *const ends[] = { "open", "complete", "early_stop", "interrupted", "not_a_number" };
    return (size_t)end < sizeof ends / sizeof ends[0] ? ends[end] : NULL;
}

bool lathe_run_end_find(const char *name, lathe_run_end *end)
{
    int kind = 0;
    const char *known;
    while ((known = lathe_run_end_name((lathe_run_end)kind)) && strcmp(known, name)) kind++;
    *end = (lathe_run_end)kind;
    return known != NULL;
}

/* ---- cells --------------------------------------------------------------------------------------------- */

void lathe_cell_put(lathe_text *out, const char *cell)
{
    if (!cell[strcspn(cell, ",\"\r\n")]) {
        lathe_text_put(out, cell);
        return;
    }
    lathe_text_put(out, "\"");
    for (; *cell; cell++) lathe_text_put_n(out, *cell == '"' ? "\"\"" : cell, *cell == '"' ? 2 : 1);
    lathe_text_put(out, "\"");
}

void lathe_cell_put_number(lathe_text *out, double number, int digits)
{
    char text[32];
    lathe_text_put(out, ",");
    if (isfinite(number)) lathe_text_put(out, lathe_double_digits(number, digits, text));
}

const char *lathe_cell_at(const lathe_csv *table, size_t row, const char *column)
{
    for (int c = 0; c < table->columns; c++)
        if (!strcmp(table->header[c], column)) return table->cell[row * (size_t)table->columns + (size_t)c];
    return "";
}

double lathe_cell_number(const lathe_csv *table, size_t row, const char *column)
{
    double number;
    return lathe_parse_double(lathe_cell_at(table, row, column), &number) ? number : (double)NAN;
}

lathe_status lathe_cells_read(const char *path, lathe_csv *table)
{
    *table = (lathe_csv){ 0 };
    return lathe_file_exists(path) ? lathe_csv_read(path, table) : LATHE_OK;
}

size_t lathe_cells_run(const lathe_compare *compare, const lathe_csv *table, size_t row)
{
    const char *variant = lathe_cell_at(table, row, "variant"), *seed = lathe_cell_at(table, row, "seed");
    for (size_t i = 0; i < compare->runs; i++) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, compare->run[i].settings.seed);
        if (!strcmp(compare->run[i].group, variant) && !strcmp(text, seed)) return i;
    }
    return compare->runs;
}

/* ---- results ------------------------------------------------------------------------------------------- */

static const char *const before[] = { "variant", "seed", "end", "steps", "best_epoch" };
enum { BEFORE = sizeof before / sizeof before[0] };

static lathe_status take_row(const lathe_csv *table, size_t row, const char *path,
    lathe_compare_result *result)
{
    const char *name;
    double *number;
    if (!lathe_run_end_find(lathe_cell_at(table, row, "end"), &result->end))
        return lathe_fail(LATHE_EFORMAT, "%s:%d: unknown end '%s'", path, table->line[row],
            lathe_cell_at(table, row, "end"));
    const double steps = lathe_cell_number(table, row, "steps"),
                 best = lathe_cell_number(table, row, "best_epoch");
    result->steps = steps >= 0 && steps < 1e15 ? (uint64_t)steps : 0;
    result->best_epoch = best >= 0 && best < 1e15 ? (uint64_t)best : 0;
    for (int i = 0; (number = lathe_result_number(result, i, &name)); i++)
        *number = lathe_cell_number(table, row, name);
    return LATHE_OK;
}

lathe_status lathe_compare_read_rows(lathe_compare *compare, const char *path)
{
    lathe_csv table;
    if (!compare || !path) return lathe_fail_null("lathe_compare_read_rows", compare ? "path" : "compare");
    lathe_status status = lathe_cells_read(path, &table);
    for (size_t row = 0; row < table.rows && !status; row++) {
        const size_t i = lathe_cells_run(compare, &table, row);
        if (i < compare->runs && compare->run[i].result.end == LATHE_RUN_OPEN)
            status = take_row(&table, row, path, &compare->run[i].result);
    }
    lathe_csv_free(&table);
    return status;
}

/* The columns of the table: those that a run or the present table has numbers in. */
static void find_columns(const lathe_compare *compare, const lathe_csv *table, bool used[NUMBERS])
{
    for (int i = 0; i < NUMBERS; i++) {
        used[i] = false;
        for (size_t r = 0; r < compare->runs; r++) {
            lathe_compare_result result = compare->run[r].result;
            const char *name;
            if (isfinite(*lathe_result_number(&result, i, &name))) used[i] = true;
        }
        for (size_t row = 0; row < table->rows; row++)
            if (*lathe_cell_at(table, row, numbers[i].name)) used[i] = true;
    }
}

static void put_run(lathe_text *out, const lathe_compare_run *run, const bool used[NUMBERS])
{
    lathe_compare_result result = run->result;
    const char *name;
    lathe_cell_put(out, run->group);
    lathe_text_add(out, ",%" PRIu64 ",%s,%" PRIu64 ",%" PRIu64, run->settings.seed,
        lathe_run_end_name(result.end), result.steps, result.best_epoch);
    for (int i = 0; i < NUMBERS; i++)
        if (used[i]) lathe_cell_put_number(out, *lathe_result_number(&result, i, &name), 6);
    lathe_text_put(out, "\n");
}

/* A row of the table that is there, in the present columns. */
static void put_kept(lathe_text *out, const lathe_csv *table, size_t row, const bool used[NUMBERS])
{
    for (int i = 0; i < BEFORE; i++) {
        if (i) lathe_text_put(out, ",");
        lathe_cell_put(out, lathe_cell_at(table, row, before[i]));
    }
    for (int i = 0; i < NUMBERS; i++) {
        if (!used[i]) continue;
        lathe_text_put(out, ",");
        lathe_cell_put(out, lathe_cell_at(table, row, numbers[i].name));
    }
    lathe_text_put(out, "\n");
}

lathe_status lathe_compare_write_rows(const lathe_compare *compare, const char *path)
{
    lathe_csv table;
    lathe_text out = { 0 };
    bool used[NUMBERS];
    if (!compare || !path) return lathe_fail_null("lathe_compare_write_rows", compare ? "path" : "compare");
    lathe_status status = lathe_cells_read(path, &table);
    find_columns(compare, &table, used);
    for (int i = 0; i < BEFORE; i++) lathe_text_add(&out, "%s%s", i ? "," : "", before[i]);
    for (int i = 0; i < NUMBERS; i++)
        if (used[i]) lathe_text_add(&out, ",%s", numbers[i].name);
    lathe_text_put(&out, "\n");
    size_t rows = table.rows;
    for (size_t i = 0; i < compare->runs; i++) {
        if (compare->run[i].result.end == LATHE_RUN_OPEN) continue;
        put_run(&out, &compare->run[i], used);
        rows++;
    }
    for (size_t row = 0; row < table.rows; row++) {
        const size_t i = lathe_cells_run(compare, &table, row);
        if (i == compare->runs || compare->run[i].result.end == LATHE_RUN_OPEN)
            put_kept(&out, &table, row, used);
    }
    lathe_csv_free(&table);
    if (!status && rows) return lathe_cells_write(&out, path);
    lathe_text_free(&out);
    return status;
}

lathe_status lathe_cells_write(lathe_text *out, const char *path)
{
    char *text = lathe_text_take(out);
    lathe_status status = text ? lathe_file_write_text(path, text) : lathe_error();
    lathe_free(text);
    return status;
}
