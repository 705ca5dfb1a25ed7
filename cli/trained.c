#include "trained.h"

#include <string.h>

const cli_option cli_trained_options[] = {
    { .name = "weights",
        .value = "NAME",
        .help = "best, last or a safetensors file [best where there is one, else last]" },
    { .name = "model", .value = "NAME", .help = "without a run: the network, one of `lathe list models`" },
    { .name = "init-weights",
        .value = "FILE",
        .help = "without a run: its weights, a file that `lathe weights` reads" },
    { .name = "class-names",
        .value = "FILE",
        .help = "without a run: the classes' names, one a line [their numbers]" },
    { .name = "mean",
        .value = "LIST",
        .help =
            "without a run: normalise by this mean of pixels from 0 to 1 [the model's published weights']" },
    { .name = "std", .value = "LIST", .help = "without a run: and divide by this" },
    { .name = "size",
        .value = "N",
        .preset = "0",
        .help = "without a run: side of the pictures, 0: as the published weights want it" },
    { .name = "channels",
        .value = "N",
        .preset = "0",
        .help = "without a run: 1 grey, 3 colour; 0: the model's own" },
    { .name = "crop-ratio",
        .value = "F",
        .help = "without a run: the part of the short side that is cut out [the published weights']" },
    { .name = "interpolation",
        .value = "NAME",
        .help = "without a run: how pictures are scaled [the published weights']" },
    { .name = NULL },
};

/* Up to four numbers, as many for --mean as for --std. */
static int read_normals(const cli_line *line, lathe_published *from)
{
    const char *command = line->command->name, *mean = cli_text(line, "mean"), *std = cli_text(line, "std");
    if (!mean != !std) return cli_fail(CLI_USAGE, "%s: --mean and --std belong together", command);
    for (int count = 1; mean && count <= 4; count++) {
        const char *a = mean, *b = std;
        if (!lathe_numbers_read(&a, from->mean, count) || *a || !lathe_numbers_read(&b, from->std, count) ||
            *b)
            continue;
        from->normals = count;
        return CLI_DONE;
    }
    if (!mean) return CLI_DONE;
    return cli_fail(CLI_USAGE, "%s: --mean '%s' and --std '%s' are not lists of as many numbers", command,
        mean, std);
}

/* What the options say of the weights. */
static int read_published(const cli_line *line, lathe_published *from)
{
    const char *command = line->command->name, *ratio = cli_text(line, "crop-ratio"),
               *filter = cli_text(line, "interpolation");
    int64_t size, channels;
    *from = (lathe_published){ .model = cli_text(line, "model"),
        .weights = cli_text(line, "init-weights"),
        .class_names = cli_text(line, "class-names") };
    if (cli_given_option(line, "weights"))
        return cli_fail(CLI_USAGE, "%s: --weights is for a run's model", command);
    if (!from->model) return cli_fail(CLI_USAGE, "%s: --init-weights needs --model NAME", command);
    if (!cli_number(line, "size", 0, 4096, &size) || !cli_number(line, "channels", 0, 3, &channels) ||
        read_normals(line, from))
        return CLI_USAGE;
    from->size = (int)size;
    from->channels = (int)channels;
    if (ratio &&
        (!lathe_parse_double(ratio, &from->crop_ratio) || !(from->crop_ratio > 0 && from->crop_ratio <= 1)))
        return cli_fail(CLI_USAGE, "%s: --crop-ratio '%s' is not above 0 and at most 1", command, ratio);
    int known = 0;
    while (filter && lathe_filter_names[known] && strcmp(filter, lathe_filter_names[known])) known++;
    if (filter && !lathe_filter_names[known])
        return cli_fail(CLI_USAGE, "%s: --interpolation '%s' is not known", command, filter);
    from->interpolation = (lathe_filter)known;
    return CLI_DONE;
}

bool cli_trained_is_published(const cli_line *line) { return cli_given_option(line, "init-weights"); }

/* A run says itself what the options say of other people's weights. */
static int check_run(const cli_line *line)
{
    for (const cli_option *o = cli_trained_options; o->name; o++)
        if (strcmp(o->name, "weights") && cli_given_option(line, o->name))
            return cli_fail(CLI_USAGE, "%s: --%s is for weights without a run, which --init-weights names",
                line->command->name, o->name);
    return CLI_DONE;
}

int cli_trained_open(const cli_line *line, lathe_trained **trained)
{
    lathe_published from;
    const bool published = cli_trained_is_published(line);
    int code = published ? read_published(line, &from) : check_run(line);
    if (code) return code;
    *trained = published ? lathe_trained_published(&from) :
                           lathe_trained_open(line->argument[0], cli_text(line, "weights"));
    return *trained ? CLI_DONE : cli_library_failed();
}
