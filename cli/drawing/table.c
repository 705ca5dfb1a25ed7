#include "table.h"

#include <string.h>

#include <lathe/lathe.h>

#include "../text.h"

struct cli_table {
    lathe_arena *arena;
    char **cell; /* rows * columns, in rows */
    size_t cells, room;
    int columns;
    char align[CLI_TABLE_COLUMNS + 1];
};

cli_table *cli_table_new(const char *align)
{
    cli_table *table = lathe_alloc(1, sizeof *table);
    if (!table) return NULL;
    snprintf(table->align, sizeof table->align, "%s", align);
    table->columns = (int)strlen(table->align);
    table->arena = lathe_arena_new();
    return table;
}

void cli_table_row(cli_table *table, const char *const *cells)
{
    if (!table || !table->arena) return;
    size_t columns = (size_t)table->columns;
    if (table->cells + columns > table->room) {
        size_t room = table->room ? 2 * table->room : 16 * columns;
        char **grown = lathe_grow(table->cell, table->room, room, sizeof *grown);
        if (!grown) return;
        table->cell = grown;
        table->room = room;
    }
    for (size_t i = 0; i < columns; i++) {
        const size_t size = cells[i] ? 4 * strlen(cells[i]) + 1 : 1;
        char *cell = lathe_arena_alloc(table->arena, size, 1);
        table->cell[table->cells + i] = cell ? cli_printable(cells[i] ? cells[i] : "", cell, size) : NULL;
    }
    table->cells += columns;
}

/* Columns on the screen: characters of UTF-8, whose further bytes look like 10xxxxxx. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void print_row(const cli_table *table, const size_t first, const int *width, FILE *file, int indent)
{
    int pending = indent; /* spaces before the next text, not printed at the end of a line */
    for (int i = 0; i < table->columns; i++) {
        const char *text = table->cell[first + (size_t)i] ? table->cell[first + (size_t)i] : "";
        int padding = width[i] - width_of(text);
        if (table->align[i] == 'r') pending += padding;
        if (*text) {
            fprintf(file, "%*s%s", pending, "", text);
            pending = 0;
        }
        pending += table->align[i] == 'r' ? 2 : padding + 2;
    }
    fputc('\n', file);
}

void cli_table_print(cli_table *table, FILE *file, int indent)
{
    if (!table) return;
    int width[CLI_TABLE_COLUMNS] = { 0 };
    size_t columns = (size_t)table->columns;
    for (size_t i = 0; i < table->cells; i++) {
        int needed = table->cell[i] ? width_of(table->cell[i]) : 0;
        if (needed > width[i % columns]) width[i % columns] = needed;
    }
    for (size_t i = 0; i < table->cells; i += columns) print_row(table, i, width, file, indent);
    lathe_arena_free(table->arena);
    lathe_free(table->cell);
    lathe_free(table);
}
