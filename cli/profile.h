/* Where the time of training steps goes: each operation, forward and backward. */
#ifndef LATHE_CLI_PROFILE_H
#define LATHE_CLI_PROFILE_H

#include <lathe/lathe.h>

#include "json.h"

/** One operation of the steps, the same in each. Bytes count each tensor that it reads or writes once. */
typedef struct cli_profile_row {
    const char *path, *operation;          /* of the layer ("" if none) and of the op */
    double seconds[2], flops[2], bytes[2]; /* forward, backward; of all steps, of one step, of one step */
} cli_profile_row;

typedef struct cli_profile {
    lathe_layer *net;
    int batch, steps;
    cli_profile_row *row;
    int rows, room, at; /* at: the next operation of this step */
    double last;        /* cli_seconds when the last one ended */
    double optimizer;   /* seconds of all steps */
    bool failed;
} cli_profile;

/** Watch the tape's steps from now on. The net must stay as it is. */
void cli_profile_start(cli_profile *profile, lathe_layer *net, lathe_tape *tape, int batch);

/** Around each step: before its forward, before the optimizer's step, and after it. */
void cli_profile_begin_step(cli_profile *profile);
void cli_profile_begin_optimizer(cli_profile *profile);
void cli_profile_end_step(cli_profile *profile);

/** As a table for people, beside the processor's peak and the memory's rate; or as members of `object`. */
void cli_profile_print(const cli_profile *profile, double peak_gflops, double memory_gbs);
void cli_profile_json(const cli_profile *profile, cJSON *object);

void cli_profile_free(cli_profile *profile);

#endif
