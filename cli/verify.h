/*
 * Whether an exported net computes what lathe does: `lathe export --verify`. Pictures go through lathe's
 * plan, and through the file by a program that is not lathe.
 */
#ifndef LATHE_CLI_VERIFY_H
#define LATHE_CLI_VERIFY_H

#include <lathe/lathe.h>

#include "command.h"

/**
 * What a kind's runner gets. It reads `folder`/in.f32 [count, inputs] and writes `folder`/out.f32 [count,
 * outputs]: float, in this machine's order of bytes. It may make other files in the folder, which is removed.
 */
typedef struct cli_verify {
    const char *file;       /* what was exported */
    const char *name;       /* what the file calls the net */
    int count;              /* pictures */
    size_t inputs, outputs; /* numbers of a picture */
    bool pixels;            /* the inputs are pixels [H, W, C] from 0 to 255, for the file to normalise */
    const char *folder;
} cli_verify;

/** The runners. Each returns an exit code, after a message if it is not CLI_DONE. */
int cli_verify_onnx(const cli_verify *job);
int cli_verify_c(const cli_verify *job);

/** What was found. */
typedef struct cli_verified {
    int count;         /* pictures */
    const char *set;   /* "test": the part of the run's data; "random": pictures of noise */
    double difference; /* the largest, over the root mean square of lathe's outputs */
    double limit;      /* for it */
    bool labelled;     /* the accuracies are by labels */
    /** Parts of right answers. Without labels: 1, and the part of pictures whose best output agrees. */
    double accuracy, exported;
    bool passed;
} cli_verified;

/**
 * Verify the file of this kind of export, with at most `count` pictures. `pixels`: it takes 8-bit pixels [H,
 * W, C]. A C file gets them too, and normalises them by its own function. Returns CLI_DONE if `found` is
 * filled in, whether it passed or not; otherwise an exit code, after a message.
 */
int cli_verify_file(const cli_line *line, const lathe_trained *trained, const char *to, const char *file,
    const char *name, int count, bool pixels, cli_verified *found);

#endif
