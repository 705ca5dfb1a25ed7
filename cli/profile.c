#include "profile.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "drawing/table.h"

enum { FORWARD, BACKWARD };

/* ---- gathering ----------------------------------------------------------------------------------------- */

/* A product's backward does as much for each of x and w that needs a gradient. */
static void count_flops(const cli_profile *profile, const lathe_node *node, cli_profile_row *row)
{
    if (!node->op->flops) return;
    const lathe_tensor *x = node->in[0], *w = node->in[1];
    row->flops[FORWARD] = profile->batch * node->op->flops(&x->shape, &w->shape, &node->out->shape);
    row->flops[BACKWARD] = row->flops[FORWARD] * (x->needs_grad + w->needs_grad);
}

static void count_bytes(const lathe_node *node, cli_profile_row *row)
{
    double in = 0, gradients = 0;
    for (int i = 0; i < node->inputs; i++) {
        if (!node->in[i]) continue;
        in += (double)node->in[i]->stored;
        if (node->in[i]->needs_grad) gradients += (double)node->in[i]->stored;
    }
    row->bytes[FORWARD] = (in + (double)node->out->stored) * sizeof(lathe_real);
    row->bytes[BACKWARD] = (in + gradients + (double)node->out->stored) * sizeof(lathe_real);
}

static void new_row(cli_profile *profile, const lathe_node *node)
{
    if (profile->rows == profile->room) {
        size_t room = profile->room ? 2 * (size_t)profile->room : 32;
        cli_profile_row *grown = lathe_grow(profile->row, (size_t)profile->room, room, sizeof *grown);
        if (!grown) {
            profile->failed = true;
            return;
        }
        profile->row = grown;
        profile->room = (int)room;
    }
    cli_profile_row *row = &profile->row[profile->rows++];
    *row = (cli_profile_row){ .path = node->scope ? node->scope : "", .operation = node->op->name };
    count_flops(profile, node, row);
    count_bytes(node, row);
}

/* The time since the last call belongs to row `at`. */
static void count_time(cli_profile *profile, int at, int direction)
{
    double now = cli_seconds();
    if (!profile->failed && at >= 0 && at < profile->rows)
        profile->row[at].seconds[direction] += now - profile->last;
    profile->last = now;
}

/* Operations come in the same order each step, and backward in the opposite one. */
static void after_forward(void *context, const lathe_node *node)
{
    cli_profile *profile = context;
    if (profile->at == profile->rows) new_row(profile, node);
    count_time(profile, profile->at++, FORWARD);
}

static void after_backward(void *context, const lathe_node *node)
{
    (void)node;
    cli_profile *profile = context;
    count_time(profile, --profile->at, BACKWARD);
}

void cli_profile_start(cli_profile *profile, lathe_layer *net, lathe_tape *tape, int batch)
{
    profile->net = net;
    profile->batch = batch;
    lathe_tape_on_record(tape, after_forward, profile);
    lathe_tape_on_backward(tape, after_backward, profile);
}

void cli_profile_begin_step(cli_profile *profile)
{
    profile->at = 0;
    profile->last = cli_seconds();
}

void cli_profile_begin_optimizer(cli_profile *profile) { profile->last = cli_seconds(); }

void cli_profile_end_step(cli_profile *profile)
{
    profile->optimizer += cli_seconds() - profile->last;
    profile->steps++;
}

void cli_profile_free(cli_profile *profile) { lathe_free(profile->row); }

/* ---- telling ------------------------------------------------------------------------------------------- */

enum { CELL = 16 };

static void put(char cell[CELL], const char *format, double value)
{
    if (value > 0) snprintf(cell, CELL, format, value);
    else cell[0] = '\0';
}

static void print_row(cli_table *table, const cli_profile *profile, const cli_profile_row *row)
{
    char cell[6][CELL];
    const char *cells[8] = { row->path, row->operation };
    for (int d = 0; d < 2; d++) {
        double seconds = row->seconds[d] / profile->steps;
        put(cell[3 * d], "%.3f", 1e3 * seconds);
        put(cell[3 * d + 1], "%.1f", seconds > 0 ? row->flops[d] / seconds * 1e-9 : 0);
        put(cell[3 * d + 2], "%.1f", seconds > 0 ? row->bytes[d] / seconds * 1e-9 : 0);
    }
    for (int i = 0; i < 6; i++) cells[2 + i] = cell[i];
    cli_table_row(table, cells);
}

void cli_profile_print(const cli_profile *profile, double peak_gflops, double memory_gbs)
{
    cli_table *table = cli_table_new("llrrrrrr");
    cli_table_row(table,
        (const char *const[]){ "layer", "operation", "forward ms", "GFLOP/s", "GB/s", "backward ms",
            "GFLOP/s", "GB/s" });
    cli_profile_row sum = { .path = "", .operation = "all" };
    for (int i = 0; i < profile->rows; i++) {
        print_row(table, profile, &profile->row[i]);
        for (int d = 0; d < 2; d++) {
            sum.seconds[d] += profile->row[i].seconds[d];
            sum.flops[d] += profile->row[i].flops[d];
            sum.bytes[d] += profile->row[i].bytes[d];
        }
    }
    print_row(table, profile, &sum);
    cli_table_print(table, stdout, 0);
    printf("optimizer %.3f ms; at best %.1f GFLOP/s, and %.1f GB/s from memory (from the caches more)\n",
        1e3 * profile->optimizer / profile->steps, peak_gflops, memory_gbs);
}

static void add_direction(cJSON *object, const cli_profile *profile, const cli_profile_row *row, int d)
{
    static const char *const names[2][3] = { { "forward_ms", "forward_gflops", "forward_gbs" },
        { "backward_ms", "backward_gflops", "backward_gbs" } };
    double seconds = row->seconds[d] / profile->steps;
    cli_json_number(object, names[d][0], 1e3 * seconds);
    cli_json_number(object, names[d][1], seconds > 0 ? row->flops[d] / seconds * 1e-9 : 0);
    cli_json_number(object, names[d][2], seconds > 0 ? row->bytes[d] / seconds * 1e-9 : 0);
}

void cli_profile_json(const cli_profile *profile, cJSON *object)
{
    cJSON *rows = cJSON_AddArrayToObject(object, "profile");
    for (int i = 0; i < profile->rows; i++) {
        const cli_profile_row *row = &profile->row[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "layer", row->path);
        cJSON_AddStringToObject(item, "operation", row->operation);
        for (int d = 0; d < 2; d++) add_direction(item, profile, row, d);
        if (!cJSON_AddItemToArray(rows, item)) cJSON_Delete(item);
    }
    cli_json_number(object, "optimizer_ms", 1e3 * profile->optimizer / profile->steps);
}
