#include <string.h>

#include "../../core/alloc.h"
#include "../files/byte_file_impl.h"
#include "csv_impl.h"

enum { COLUMNS = 1024, ROWS = 20000000, BYTES = 64 << 20 };

/* A file that is parsed in place. */
typedef struct reader {
    const char *path;
    char *at, *end;
    int line;
    char *cell[COLUMNS]; /* of the present row */
    int cells;
} reader;

static lathe_status wrong(const reader *r, int line, const char *what)
{
    return lathe_fail(LATHE_EFORMAT, "%s:%d: %s", r->path, line, what);
}

/* Parse a cell in quotes, in place, without its quotes; r->at is after the first quote. */
static lathe_status take_quoted(reader *r)
{
    char *to = r->at;
    int line = r->line;
    for (; r->at < r->end; r->at++) {
        bool quote = *r->at == '"', doubled = quote && r->at + 1 < r->end && r->at[1] == '"';
        if (quote && !doubled) break;
        r->at += doubled;
        r->line += *r->at == '\n';
        *to++ = *r->at;
    }
    if (r->at == r->end) return wrong(r, line, "a quote that is never closed");
    r->at++;
    if (r->at < r->end && !strchr(",\r\n", *r->at))
        return wrong(r, r->line, "text behind the closing quote of a cell");
    *to = '\0';
    return LATHE_OK;
}

static lathe_status take_plain(reader *r)
{
    while (r->at < r->end && *r->at != ',' && *r->at != '\n' && *r->at != '\r') {
        if (*r->at == '"') return wrong(r, r->line, "a quote inside a cell that does not begin with one");
        r->at++;
    }
    return LATHE_OK;
}

/* Parse the next cell. *last: it ended its line. The byte after a cell becomes its final zero. */
static lathe_status take_cell(reader *r, bool *last)
{
    if (r->cells == COLUMNS) return wrong(r, r->line, "more than 1024 columns");
    bool quoted = r->at < r->end && *r->at == '"';
    if (quoted) r->at++;
    r->cell[r->cells++] = r->at;
    lathe_status status = quoted ? take_quoted(r) : take_plain(r);
    if (status) return status;
    char behind = r->at < r->end ? *r->at : '\n';
    *r->at = '\0'; /* there is room for one byte after the file */
    *last = behind != ',';
    if (behind == '\r') {
        if (r->at + 1 < r->end && r->at[1] != '\n')
            return wrong(r, r->line, "a carriage return that does not end a line");
        r->at++;
    }
    if (r->at < r->end) r->at++;
    r->line += *last;
    return LATHE_OK;
}

/* Parse the next row that is not empty; r->cells is 0 at the end of the file. */
static lathe_status take_row(reader *r, int *line)
{
    r->cells = 0;
    while (r->at < r->end && (*r->at == '\n' || *r->at == '\r')) r->line += *r->at++ == '\n';
    if (r->at >= r->end) return LATHE_OK;
    *line = r->line;
    lathe_status status = LATHE_OK;
    for (bool last = false; !status && !last;) status = take_cell(r, &last);
    return status;
}

static lathe_status take_header(reader *r, lathe_csv *table)
{
    int line = 1;
    lathe_status status = take_row(r, &line);
    if (status) return status;
    if (!r->cells) return lathe_fail(LATHE_EFORMAT, "%s: is empty; a header and rows are expected", r->path);
    for (int i = 0; i < r->cells; i++) {
        if (!*r->cell[i])
            return lathe_fail(LATHE_EFORMAT, "%s:%d: column %d has no name", r->path, line, i + 1);
        for (int j = 0; j < i; j++)
            if (!strcmp(r->cell[i], r->cell[j]))
                return lathe_fail(LATHE_EFORMAT, "%s:%d: two columns are named '%.60s'", r->path, line,
                    r->cell[i]);
    }
    table->columns = r->cells;
    table->header = lathe_alloc((size_t)r->cells, sizeof *table->header);
    if (!table->header) return LATHE_ENOMEM;
    memcpy(table->header, r->cell, (size_t)r->cells * sizeof *table->header);
    return LATHE_OK;
}

static lathe_status keep_row(const reader *r, lathe_csv *table, size_t *room, int line)
{
    size_t columns = (size_t)table->columns;
    if (r->cells != table->columns)
        return lathe_fail(LATHE_EFORMAT, "%s:%d: %d cells, the header has %d", r->path, line, r->cells,
            table->columns);
    if (table->rows == ROWS) return wrong(r, line, "more than 20,000,000 rows");
    if (table->rows == *room) {
        size_t larger = *room ? 2 * *room : 256;
        char **cell = lathe_grow(table->cell, *room, larger, lathe_times(columns, sizeof *cell));
        if (cell) table->cell = cell;
        int *lines = cell ? lathe_grow(table->line, *room, larger, sizeof *lines) : NULL;
        if (!lines) return LATHE_ENOMEM;
        table->line = lines;
        *room = larger;
    }
    memcpy(table->cell + table->rows * columns, r->cell, columns * sizeof *table->cell);
    table->line[table->rows++] = line;
    return LATHE_OK;
}

static lathe_status take_table(reader *r, lathe_csv *table)
{
    size_t room = 0;
    int line = 1;
    lathe_status status = take_header(r, table);
    while (!status) {
        status = take_row(r, &line);
        if (!status && !r->cells) break;
        if (!status) status = keep_row(r, table, &room, line);
    }
    if (!status && !table->rows) status = lathe_fail(LATHE_EFORMAT, "%s: has a header and no rows", r->path);
    return status;
}

lathe_status lathe_csv_read(const char *path, lathe_csv *table)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    *table = (lathe_csv){ 0 };
    lathe_status status = lathe_data_file_load(path, BYTES, &bytes, &size);
    table->texts = status ? NULL : lathe_grow((char *)bytes, size, size + 1, 1);
    if (!table->texts) {
        lathe_free(status ? NULL : bytes);
        return status ? status : LATHE_ENOMEM;
    }
    char *zero = memchr(table->texts, '\0', size);
    reader *r = lathe_alloc(1, sizeof *r);
    if (!r) status = LATHE_ENOMEM;
    else *r = (reader){ .path = path, .at = table->texts, .end = table->texts + size, .line = 1 };
    if (r && size >= 3 && !memcmp(table->texts, "\xEF\xBB\xBF", 3)) r->at += 3;
    if (!status && zero)
        status =
            lathe_fail(LATHE_EFORMAT, "%s: not a text file: byte %td is zero", path, zero - table->texts);
    if (!status) status = take_table(r, table);
    lathe_free(r);
    if (status) lathe_csv_free(table);
    return status;
}

void lathe_csv_free(lathe_csv *table)
{
    lathe_free(table->header);
    lathe_free(table->cell);
    lathe_free(table->line);
    lathe_free(table->texts);
    *table = (lathe_csv){ 0 };
}
