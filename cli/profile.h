/* The time of training steps, operation by operation, forward and backward. */
#ifndef LATHE_CLI_PROFILE_H
#define LATHE_CLI_PROFILE_H

#include <lathe/lathe.h>

#include "json.h"

/** One operation of a step. Bytes count each tensor that it reads or writes once. */
typedef struct cli_profile_row {
    const char *path, *operation;          /* of the layer ("" without one); the operation's name */
    double seconds[2], flops[2], bytes[2]; /* [forward, backward]: in all steps, in one step, in one step */
} cli_profile_row;

typedef struct cli_profile {
    lathe_layer *net;
    int batch, steps;
    cli_profile_row *row;
    int rows, room, at; /* at: the next operation of this step */
    double last;        /* cli_seconds at the end of the last operation */
    double optimizer;   /* seconds in all steps */
    bool failed;
} cli_profile;

/** Record the tape's steps from now on. The net must not change. */
void cli_profile_start(cli_profile *profile, lathe_layer *net, lathe_tape *tape, int batch);

/** Around each step: before its forward, before the optimizer's step, and after it. */
void cli_profile_begin_step(cli_profile *profile);
void cli_profile_begin_optimizer(cli_profile *profile);
void cli_profile_end_step(cli_profile *profile);

/** Print a table with the processor's peak and the memory's rate; or add the members to `object`. */
void cli_profile_print(const cli_profile *profile, double peak_gflops, double memory_gbs);
void cli_profile_json(const cli_profile *profile, cJSON *object);

void cli_profile_free(cli_profile *profile);

#endif
