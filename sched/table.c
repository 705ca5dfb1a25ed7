#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"

static const lathe_field fields[] = {
    { .name = "file",
        .kind = LATHE_FIELD_PATH,
        .offset = offsetof(lathe_table_opts, file),
        .help = "CSV with columns step, lr and perhaps momentum" },
    { .name = "interpolate",
        .kind = LATHE_FIELD_BOOL,
        .offset = offsetof(lathe_table_opts, interpolate),
        .help = "straight lines between the rows, not steps" },
    { .name = NULL },
};

/* The index of the last row that is not above t; 0 if all rows are above t. */
static size_t row_of(const lathe_table_opts *o, uint64_t t)
{
    size_t low = 0, high = o->rows;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (o->row[middle].step <= t) low = middle;
        else high = middle;
    }
    return low;
}

static lathe_rates rates(const void *opts, const lathe_sched_base *base, uint64_t t)
{
    const lathe_table_opts *o = opts;
    const size_t number = row_of(o, t);
    const lathe_table_row *here = &o->row[number], *next = here + 1;
    lathe_rates r = { .lr = here->lr, .momentum = here->momentum, .sets_momentum = here->momentum >= 0 };
    (void)base;
    if (!o->interpolate || number + 1 == o->rows || t <= here->step) return r;
    double way = (double)(t - here->step) / (double)(next->step - here->step);
    r.lr += (next->lr - here->lr) * way;
    r.momentum += (next->momentum - here->momentum) * way;
    return r;
}

static lathe_status check_row(const char *where, const lathe_table_row *row, const lathe_table_row *before,
    const lathe_sched_base *base)
{
    if (!(row->lr >= 0) || !isfinite(row->lr))
        return lathe_fail(LATHE_EARG, "%s: lr = %g is not legal: >= 0", where, row->lr);
    if (!(row->momentum < 1))
        return lathe_fail(LATHE_EARG, "%s: momentum = %g is not legal: [0, 1)", where, row->momentum);
    if (row->momentum >= 0 && base->momentum_kind == LATHE_NO_MOMENTUM)
        return lathe_fail(LATHE_EARG, "%s: momentum = %g, but %s has neither momentum nor betas", where,
            row->momentum, base->optimizer);
    if (!before) return LATHE_OK;
    if (row->step <= before->step)
        return lathe_fail(LATHE_EARG, "%s: step %" PRIu64 " comes after step %" PRIu64, where, row->step,
            before->step);
    if ((row->momentum >= 0) != (before->momentum >= 0))
        return lathe_fail(LATHE_EARG, "%s: momentum is set in some rows and not in others", where);
    return LATHE_OK;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

enum { LINE = 4096, COLUMNS = 3 };

typedef struct reader {
    const char *path;
    FILE *in;
    char line[LINE];
    int number;          /* of the line */
    int column[COLUMNS]; /* of step, lr and momentum; -1: not in the file */
    lathe_table_row *row;
    size_t rows, room;
} reader;

/* Read the next line, without its end. Returns false after the last line, or after an error in *status. */
static bool next_line(reader *r, lathe_status *status)
{
    if (!fgets(r->line, LINE, r->in)) {
        if (ferror(r->in)) *status = lathe_fail(LATHE_EIO, "table: %s: %s", r->path, strerror(errno));
        return false;
    }
    r->number++;
    size_t length = strlen(r->line);
    if (length == LINE - 1) {
        *status = lathe_fail(LATHE_EFORMAT, "table: %s:%d: a line of more than %d characters", r->path,
            r->number, LINE - 2);
        return false;
    }
    while (length && strchr("\r\n", r->line[length - 1])) r->line[--length] = '\0';
    return true;
}

/* Cut the next cell off *rest, in place; NULL after the last. */
static char *next_cell(char **rest)
{
    char *cell = *rest;
    if (!cell) return NULL;
    char *comma = strchr(cell, ',');
    if (comma) *comma = '\0';
    *rest = comma ? comma + 1 : NULL;
    return cell;
}

static lathe_status read_header(reader *r)
{
    static const char *const names[COLUMNS] = { "step", "lr", "momentum" };
    lathe_status status = LATHE_OK;
    if (!next_line(r, &status))
        return status ? status : lathe_fail(LATHE_EFORMAT, "table: %s is empty", r->path);
    char *rest = r->line, *cell;
    for (int c = 0; c < COLUMNS; c++) r->column[c] = -1;
    for (int place = 0; (cell = next_cell(&rest)); place++)
        for (int c = 0; c < COLUMNS; c++)
            if (!strcmp(cell, names[c])) r->column[c] = place;
    for (int c = 0; c < 2; c++)
        if (r->column[c] < 0)
            return lathe_fail(LATHE_EFORMAT, "table: %s:1: there is no column '%s'", r->path, names[c]);
    return LATHE_OK;
}

static lathe_status read_cell(const reader *r, int column, const char *cell, lathe_table_row *row)
{
    int64_t step;
    bool good = column == 0 ? lathe_parse_int64(cell, &step) && step >= 0 :
                              lathe_parse_double(cell, column == 1 ? &row->lr : &row->momentum);
    if (column == 2 && good && row->momentum < 0) good = false;
    if (!good)
        return lathe_fail(LATHE_EFORMAT, "table: %s:%d: '%.40s' is not a %s", r->path, r->number, cell,
            column == 0     ? "step" :
                column == 1 ? "learning rate" :
                              "momentum");
    if (column == 0) row->step = (uint64_t)step;
    return LATHE_OK;
}

static lathe_status read_row(reader *r)
{
    lathe_table_row row = { .momentum = -1 };
    char *rest = r->line, *cell;
    int found = 0;
    for (int place = 0; (cell = next_cell(&rest)); place++)
        for (int c = 0; c < COLUMNS; c++) {
            if (r->column[c] != place) continue;
            lathe_status status = read_cell(r, c, cell, &row);
            if (status) return status;
            found |= 1 << c;
        }
    if ((found & 3) != 3 || (r->column[2] >= 0 && !(found & 4)))
        return lathe_fail(LATHE_EFORMAT, "table: %s:%d: fewer cells than columns", r->path, r->number);
    if (r->rows == r->room) {
        size_t room = r->room ? 2 * r->room : 256;
        lathe_table_row *grown = lathe_grow(r->row, r->room, room, sizeof *grown);
        if (!grown) return LATHE_ENOMEM;
        r->row = grown;
        r->room = room;
    }
    r->row[r->rows++] = row;
    return LATHE_OK;
}

static lathe_status check_rows(const char *path, const lathe_table_row *row, size_t rows,
    const lathe_sched_base *base)
{
    char where[512];
    lathe_status status = LATHE_OK;
    for (size_t i = 0; i < rows && !status; i++) {
        snprintf(where, sizeof where, path ? "table: %.400s, row %zu" : "table%.0s: row %zu",
            path ? path : "", i);
        status = check_row(where, &row[i], i ? &row[i - 1] : NULL, base);
    }
    return status;
}

static lathe_status read_file(lathe_table_opts *o, const lathe_sched_base *base)
{
    reader r = { .path = o->file, .in = fopen(o->file, "r") };
    if (!r.in) return lathe_fail(LATHE_EIO, "table: %s: %s", o->file, strerror(errno));
    lathe_status status = read_header(&r);
    while (!status && next_line(&r, &status))
        if (r.line[0]) status = read_row(&r);
    fclose(r.in);
    if (!status && !r.rows) status = lathe_fail(LATHE_EFORMAT, "table: %s has no rows", o->file);
    if (!status) status = check_rows(o->file, r.row, r.rows, base);
    if (status) {
        lathe_free(r.row);
        return status;
    }
    o->row = r.row;
    o->rows = r.rows;
    return LATHE_OK;
}

/* ---- the type ------------------------------------------------------------------------------------------ */

static lathe_status check(const void *opts, const lathe_sched_base *base)
{
    const lathe_table_opts *o = opts;
    bool given = o->row && o->rows;
    if (given == (o->file != NULL))
        return lathe_fail(LATHE_EARG, "table: %s",
            given ? "file and rows are both given" : "neither file nor rows are given");
    return given ? check_rows(NULL, o->row, o->rows, base) : LATHE_OK;
}

/* From here on the rows are the scheduler's own. */
static lathe_status open_rows(void *opts, const lathe_sched_base *base)
{
    lathe_table_opts *o = opts;
    if (o->file) return read_file(o, base);
    lathe_table_row *copy = lathe_alloc(o->rows, sizeof *copy);
    if (copy) memcpy(copy, o->row, o->rows * sizeof *copy);
    o->row = copy;
    return copy ? LATHE_OK : LATHE_ENOMEM;
}

static void close_rows(void *opts)
{
    lathe_table_opts *o = opts;
    lathe_free((void *)(uintptr_t)o->row);
}

static bool sets_rate(const void *opts) { return opts; }

const lathe_sched_type lathe_table_sched = {
    .name = "table",
    .summary = "the rates of a CSV file",
    .opts_size = sizeof(lathe_table_opts),
    .fields = fields,
    .check = check,
    .rates = rates,
    .sets_rate = sets_rate,
    .open = open_rows,
    .close = close_rows,
};

lathe_sched *lathe_sched_table(lathe_optim *optim, const lathe_table_opts *opts)
{
    return lathe_sched_new(&lathe_table_sched, optim, opts);
}
