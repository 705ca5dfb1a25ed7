/* Learning rate and momentum of each group of parameters in steps.csv. */
#include <stdio.h>
#include <string.h>

#include "../core/alloc.h"
#include "run_impl.h"

/* Room for two numbers of 17 digits, or for the names of their columns. */
enum { GROUP_TEXT = 64 };

lathe_status lathe_run_groups_open(lathe_run *run)
{
    size_t groups = (size_t)lathe_optim_groups(run->optim), more = groups - 1;
    lathe_run_state *state = run->state;
    state->row_text = lathe_alloc(lathe_plus(LATHE_ROW_TEXT, lathe_times(more, GROUP_TEXT)), 1);
    if (more) state->group_rates = lathe_alloc(more, 2 * sizeof *state->group_rates);
    return !state->row_text || (more && !state->group_rates) ? lathe_error() : LATHE_OK;
}

void lathe_run_groups_note(lathe_run *run)
{
    double *rates = run->state->group_rates;
    for (int group = 1; group < lathe_optim_groups(run->optim); group++) {
        *rates++ = lathe_optim_lr(run->optim, group);
        *rates++ = lathe_optim_momentum(run->optim, group);
    }
}

const char *lathe_run_step_text(lathe_run *run, const lathe_step_row *row)
{
    const double *rates = run->state->group_rates;
    char *text = run->state->row_text;
    if (row) lathe_step_row_text(row, text);
    else snprintf(text, LATHE_ROW_TEXT, "%s", LATHE_STEPS_HEADER);
    char *end = text + strlen(text) - 1; /* at the line's end, which moves */
    for (int group = 1; group < lathe_optim_groups(run->optim); group++, rates += 2) {
        char lr[32], momentum[32];
        int length = row ? snprintf(end, GROUP_TEXT, ",%s,%s", lathe_double_digits(rates[0], 17, lr),
                               lathe_double_digits(rates[1], 17, momentum)) :
                           snprintf(end, GROUP_TEXT, ",lr.%d,momentum.%d", group, group);
        end += length;
    }
    snprintf(end, 2, "\n");
    return text;
}
