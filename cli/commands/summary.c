#include <stdio.h>
#include <string.h>

#include <lathe/lathe.h>

#include "../command.h"
#include "../json.h"

/* Read "3x32x32" into the sizes of `spec`. */
static bool parse_input(const char *text, lathe_model_spec *spec)
{
    int end = 0;
    return sscanf(text, "%5dx%5dx%5d%n", &spec->channels, &spec->height, &spec->width, &end) == 3 &&
        !text[end] && spec->channels > 0 && spec->height > 0 && spec->width > 0;
}

/* The model's sizes: from the command line, the data set, or the model. */
static int find_spec(const cli_line *line, lathe_model_spec *spec)
{
    const char *input = cli_text(line, "input"), *data = cli_text(line, "data");
    if (data) {
        lathe_dataset *set = lathe_data_open(data, LATHE_SPLIT_TRAIN, NULL);
        if (!set) return cli_library_failed();
        *spec = (lathe_model_spec){ set->channels, set->height, set->width, set->classes };
        lathe_data_free(set);
    }
    if (input && !parse_input(input, spec))
        return cli_fail(CLI_USAGE, "summary: --input '%s' is not CHANNELSxHEIGHTxWIDTH, such as 3x32x32",
            input);
    int64_t classes;
    if (cli_text(line, "classes")) {
        if (!cli_number(line, "classes", 1, 1000000, &classes)) return CLI_USAGE;
        spec->classes = (int)classes;
    }
    return CLI_DONE;
}

static int print_json(const char *name, const lathe_summary *summary)
{
    cJSON *object = cli_json_new();
    cJSON_AddStringToObject(object, "model", name);
    cJSON *layers = cJSON_AddArrayToObject(object, "layers");
    for (int i = 0; i < summary->rows; i++) {
        const lathe_summary_row *row = &summary->row[i];
        cJSON *layer = cJSON_CreateObject();
        cJSON_AddStringToObject(layer, "path", row->layer->path ? row->layer->path : "");
        cJSON_AddStringToObject(layer, "type", row->layer->type->name);
        cJSON_AddStringToObject(layer, "settings", row->settings);
        cJSON_AddItemToObject(layer, "shape", cJSON_CreateIntArray(row->out.dim, row->out.rank));
        cJSON_AddNumberToObject(layer, "parameters", (double)row->parameters);
        cJSON_AddNumberToObject(layer, "flops", row->flops);
        cJSON_AddItemToArray(layers, layer);
    }
    cJSON_AddNumberToObject(object, "parameters", (double)summary->parameters);
    cJSON_AddNumberToObject(object, "buffers", (double)summary->buffers);
    cJSON_AddNumberToObject(object, "flops", summary->flops);
    return cli_json_print(object);
}

static int print_text(const lathe_summary *summary)
{
    size_t size = lathe_summary_text(summary, NULL, 0) + 1;
    char *text = lathe_alloc(size, 1);
    if (!text) return cli_library_failed();
    lathe_summary_text(summary, text, size);
    fputs(text, stdout);
    lathe_free(text);
    return CLI_DONE;
}

static int run(const cli_line *line)
{
    const char *name = cli_text(line, "model");
    const lathe_model_type *type = lathe_model_find(name);
    if (!type) return cli_library_failed();
    lathe_model_spec spec = type->native;
    int code = find_spec(line, &spec);
    if (code) return code;
    lathe_model *model = lathe_model_new();
    lathe_layer *net = model ? lathe_model_build(model, name, &spec) : NULL;
    lathe_summary *summary = NULL;
    if (net && !lathe_nn_init(net, 0))
        summary = lathe_nn_summary(net, (lathe_shape){ 3, { spec.channels, spec.height, spec.width } });
    if (!summary) code = cli_library_failed();
    else code = line->json ? print_json(name, summary) : print_text(summary);
    lathe_summary_free(summary);
    lathe_model_free(model);
    return code;
}

static const cli_option options[] = {
    { .name = "model", .value = "NAME", .preset = "lenet5", .help = "a network of `lathe list models`" },
    { .name = "data", .value = "NAME", .help = "a data set to build it for" },
    { .name = "input",
        .value = "CxHxW",
        .help = "an image's channels, height and width [the data set's, else the model's own]" },
    { .name = "classes", .value = "N", .help = "number of classes [the data set's, else the model's own]" },
    { .name = NULL },
};

extern const cli_command lathe_summary_command;
const cli_command lathe_summary_command = {
    .name = "summary",
    .summary = "layers, shapes, parameters, FLOPs",
    .arguments = "",
    .about = "Builds a network and shows each layer's output for one image. Finds sizes that do\n"
             "not fit before any data is read.",
    .example = "lathe summary --model resnet20 --input 3x32x32 --classes 10",
    .options = options,
    .run = run,
};
