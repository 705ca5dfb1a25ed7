/*
 * A net as one file of C99: its weights, the functions of template/ that it needs, and a function that calls
 * them in order. With split weights it is three files.
 */
#include "../export.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../../core/alloc.h"
#include "../../core/machine.h"
#include "../../data/pictures/resize.h"
#include "../../io/file.h"
#include "../memory.h"
#include "plan_impl.h"

typedef struct file {
    lathe_text text;
    const lathe_exported *exported;
    const lathe_c_plan *plan;
    const lathe_memory *memory;
    const char *name;
    char upper[LATHE_EXPORT_NAME], weights[LATHE_EXPORT_NAME + 16];
    int channels, pixels, outputs; /* of the image, and numbers of the result */
    bool change;                   /* the run's transforms change pictures in use */
} file;

/* The classes of a net whose answer is one of them; 0 for other nets. */
static int classes_of(const file *f)
{
    const lathe_trained *trained = f->exported->trained;
    bool one = trained && trained->task->answers == 1 && trained->data.classes == f->outputs;
    return one && f->outputs > 1 ? f->outputs : 0;
}

static bool is_named_c(const char *path)
{
    size_t length = strlen(path);
    return length > 2 && !strcmp(path + length - 2, ".c");
}

/* ---- the head ------------------------------------------------------------------------------------------ */

/* How pictures come to the size of the net's image. */
static void put_pictures(file *f)
{
    lathe_text *text = &f->text;
    const lathe_trained *trained = f->exported->trained;
    char digits[32];
    lathe_text_add(text, "\n *     pictures   height %d, width %d; from files: interpolation %s",
        trained->data.height, trained->data.width, lathe_filter_names[trained->interpolation]);
    if (trained->crop_ratio > 0)
        lathe_text_add(text, ", crop ratio %s", lathe_double_text(trained->crop_ratio, digits));
    if (trained->background && *trained->background) {
        lathe_text_put(text, ", background ");
        lathe_c_remark(text, trained->background);
    }
    if (f->change) {
        lathe_text_put(text, "\n *     then       the run's transforms, without what is random: ");
        lathe_c_remark(text, trained->augment);
    }
}

/* Which classes belong to which head. */
static void put_heads(file *f)
{
    const lathe_dataset *data = &f->exported->trained->data;
    for (int i = 0; i < data->heads; i++) {
        const lathe_head *head = &data->head[i];
        lathe_text_put(&f->text, i ? ", " : "\n *     heads      ");
        lathe_c_remark(&f->text, head->name);
        lathe_text_add(&f->text, " %d to %d", head->first, head->first + head->classes - 1);
    }
}

static void put_origin(file *f)
{
    lathe_text *text = &f->text;
    const lathe_trained *trained = f->exported->trained;
    const lathe_shape *image = &f->plan->graph->image;
    char shape[LATHE_SHAPE_TEXT], out[LATHE_SHAPE_TEXT], digits[32];
    lathe_text_add(text, " *     made by    lathe %s\n", lathe_version());
    if (trained) {
        lathe_text_put(text, " *     model      ");
        lathe_c_remark(text, trained->model_name);
        lathe_text_add(text, ", step %llu\n", (unsigned long long)trained->step);
        lathe_text_add(text, " *     checksums  settings %s, weights %s\n",
            *trained->settings_hash ? trained->settings_hash : "unknown", trained->weights_hash);
    }
    lathe_text_add(text, " *     image      %s", lathe_shape_text(image, shape));
    if (trained) {
        lathe_text_put(text,
            f->channels == 3 ? ", red, green, blue; (pixel / 255 - mean) / std, mean" :
                               "; (pixel / 255 - mean) / std, mean");
        for (int c = 0; c < f->channels; c++)
            lathe_text_add(text, " %s", lathe_double_digits(trained->data.mean[c], 6, digits));
        lathe_text_put(text, ", std");
        for (int c = 0; c < f->channels; c++)
            lathe_text_add(text, " %s", lathe_double_digits(trained->data.std[c], 6, digits));
    }
    if (trained) put_pictures(f);
    lathe_text_add(text, "\n *     result     %s", lathe_shape_text(&f->plan->graph->result.shape, out));
    if (trained)
        lathe_text_add(text, ", task %s, %d classes", trained->task->type->name, trained->data.classes);
    if (trained && trained->task->type->scores)
        lathe_text_add(text, "\n *                %s", trained->task->type->scores);
    if (trained) put_heads(f);
    lathe_text_add(text, "\n *     memory     %zu bytes of weights (flash), %zu bytes of scratch (RAM)\n",
        f->memory->weights, f->memory->scratch);
}

/* The table of memory: a line for each operation. */
static void put_table(file *f)
{
    lathe_text *text = &f->text;
    lathe_text_add(text, " *     %-28s %-20s %-20s %11s %9s %17s\n", "layer", "operation", "result",
        "multiply-adds", "weights", "scratch from, to");
    for (int i = 0; i < f->memory->rows; i++) {
        const lathe_memory_row *row = &f->memory->row[i];
        char shape[LATHE_SHAPE_TEXT], place[64];
        snprintf(place, sizeof place, "%zu, %zu%s", row->offset, row->offset + row->size,
            row->in_place ? " *" : "");
        lathe_text_put(text, " *     ");
        lathe_c_remark(text, row->layer);
        lathe_text_add(text, "%*s %-20s %-20s %13.0f %9zu %17s\n",
            strlen(row->layer) < 28 ? (int)(28 - strlen(row->layer)) : 0, "", row->op,
            lathe_shape_text(&row->shape, shape), row->multiply_adds, row->weights, place);
    }
    lathe_text_put(text, " *     (bytes; *: in the place of what the operation reads)\n");
}

static void put_head(file *f, const char *last)
{
    lathe_text *text = &f->text;
    const char *name = f->name, *upper = f->upper;
    const bool split = f->exported->opts.split_weights;
    lathe_text_add(text,
        "/*\n * %s: a trained net in C99. It needs <math.h> and <string.h>, allocates nothing and", name);
    lathe_text_put(text,
        " has no variables that\n * change. This file was written by a program; do not edit it.\n *\n");
    put_origin(f);
    lathe_text_add(text,
        " *\n *     static float scratch[%s_SCRATCH_BYTES / sizeof(float)], out[%s_OUTPUTS];\n", upper,
        upper);
    lathe_text_add(text, " *     %s_forward(in, out, scratch);    in: channel after channel, row after row\n",
        name);
    if (classes_of(f))
        lathe_text_add(text,
            " *     puts(%s_class_names[%s_classify_u8(pixels, scratch)]);    pixels: rows of RGB or grey\n",
            name, name);
    const char *language = is_named_c(last) ? "" : "-x c ";
    lathe_text_add(text, " *\n * Compile it as  gcc -O3 -march=native %s-c ", language);
    lathe_c_word(text, last, "");
    lathe_text_put(text, "  (without -std=c99, which keeps gcc from fused multiply-adds).\n");
    lathe_text_add(text, " * Test it as     gcc -O3 -D%s_SELFTEST %s", upper, language);
    lathe_c_word(text, last, "");
    if (split) lathe_text_put(text, " ");
    if (split) lathe_c_word(text, last, "_weights.c");
    if (*language) lathe_text_put(text, " -x none");
    lathe_text_put(text, " -lm && ./a.out\n");
    if (!split) {
        lathe_text_add(text,
            " * Other files have its declarations by  #define %s_DECLARE  before  #include \"", upper);
        lathe_c_remark(text, last);
        lathe_text_put(text, "\".\n");
    }
    lathe_text_put(text, " *\n");
    put_table(f);
    lathe_text_put(text, " */\n");
}

static void put_declarations(file *f)
{
    lathe_text *text = &f->text;
    const char *n = f->name, *u = f->upper;
    const lathe_trained *trained = f->exported->trained;
    const lathe_shape *image = &f->plan->graph->image;
    lathe_text_add(text,
        "#ifndef %s_DECLARED\n#define %s_DECLARED\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nenum {\n", u,
        u);
    lathe_text_add(text, "    %s_INPUT_CHANNELS = %d,\n", u, f->channels);
    lathe_text_add(text, "    %s_INPUT_HEIGHT = %d,\n", u, image->rank > 3 ? image->dim[2] : 1);
    lathe_text_add(text, "    %s_INPUT_WIDTH = %d,\n", u, image->rank > 3 ? image->dim[3] : f->pixels);
    lathe_text_add(text, "    %s_OUTPUTS = %d, /* numbers of the result */\n", u, f->outputs);
    if (trained) lathe_text_add(text, "    %s_CLASSES = %d,\n", u, trained->data.classes);
    lathe_text_add(text, "    %s_SCRATCH_BYTES = %zu,\n    %s_WEIGHT_BYTES = %zu\n};\n\n", u,
        f->memory->scratch, u, f->memory->weights);
    if (trained) lathe_text_add(text, "extern const char *const %s_class_names[%s_CLASSES];\n\n", n, u);
    lathe_text_add(text,
        "/* out[%s_OUTPUTS] = the net's result for in[channels][height][width], in lathe's order of "
        "numbers.\n"
        " * scratch: %s_SCRATCH_BYTES bytes, aligned as floats are (to 64 bytes it is fastest). Nothing is "
        "kept in it. */\n"
        "void %s_forward(const float *in, float *out, void *scratch);\n",
        u, u, n);
    if (trained)
        lathe_text_add(text,
            "\n/* chw[channels][height][width] = normalised pixels of hwc[height][width][channels]. */\n"
            "void %s_normalize_u8(const unsigned char *hwc, float *chw);\n",
            n);
    if (classes_of(f))
        lathe_text_add(text,
            "\n/* The class of a picture of hwc[height][width][channels] pixels. */\n"
            "int %s_classify_u8(const unsigned char *hwc, void *scratch);\n",
            n);
    if (f->exported->opts.split_weights && f->plan->weights)
        lathe_text_add(text, "\nextern const float %s_weights[%zu];\n", n, f->plan->weights);
    lathe_text_put(text, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

/* ---- the body ------------------------------------------------------------------------------------------ */

static void put_weights(file *f)
{
    const lathe_c_plan *plan = f->plan;
    if (!plan->weights) return;
    lathe_text_add(&f->text, "\n%sconst float %s_weights[%zu] = {\n",
        f->exported->opts.split_weights ? "" : "static ", f->name, plan->weights);
    size_t done = 0;
    for (int i = 0; i < plan->steps; i++) {
        const lathe_c_step *step = &plan->step[i];
        if (!step->weight_count) continue;
        lathe_text_put(&f->text, "    /* ");
        lathe_c_remark(&f->text, step->node->layer);
        lathe_text_add(&f->text, ": %s */\n", step->node->op->name);
        lathe_c_numbers(&f->text, plan->weight + done, step->weight_count);
        done += step->weight_count;
    }
    lathe_text_put(&f->text, "};\n");
}

static void put_windows(file *f)
{
    if (!f->plan->windows) return;
    lathe_text_add(&f->text, "static const %s_window %s_windows[] = {\n", f->name, f->name);
    lathe_text_put(&f->text,
        "    /* height, width, channels; of the result; groups; kernel, stride, dilation: height, width;"
        "\n     * top, left; line, lines, band */\n");
    for (int i = 0; i < f->plan->windows; i++) {
        lathe_text_put(&f->text, "    { ");
        for (int k = 0; k < LATHE_C_WINDOW; k++)
            lathe_text_add(&f->text, "%s%d", k ? ", " : "", f->plan->window[i][k]);
        lathe_text_put(&f->text, " },\n");
    }
    lathe_text_put(&f->text, "};\n\n");
}

static void put_value(file *f, int value)
{
    const lathe_c_value *v = &f->plan->value[value];
    if (value == LATHE_C_IMAGE) lathe_text_put(&f->text, "x");
    else if (v->constant) lathe_text_add(&f->text, "weights + %zu", v->offset);
    else lathe_text_add(&f->text, "scratch + %zu", v->offset);
}

/* A call with its operands in place of $0, $y, ... */
static void put_call(file *f, const lathe_c_step *step)
{
    lathe_text_put(&f->text, "    ");
    for (const char *at = step->call; *at; at++) {
        if (*at == '\n') lathe_text_put(&f->text, "\n    ");
        else if (*at != '$') lathe_text_put_n(&f->text, at, 1);
        else if (*++at == 'n') lathe_text_put(&f->text, f->name);
        else if (*at == 'y') put_value(f, step->out);
        else if (*at == 'l') put_value(f, step->work);
        else if (*at == 'w') lathe_text_add(&f->text, "weights + %zu", step->weights);
        else {
            int number = 0;
            for (; isdigit((unsigned char)*at); at++) number = 10 * number + (*at - '0');
            put_value(f, step->in[number]);
            at--;
        }
    }
    lathe_text_put(&f->text, "\n");
}

static void put_run(file *f)
{
    lathe_text *text = &f->text;
    lathe_text_add(text,
        "/* The net. x: [pixels][channels] */\n"
        "static void %s_run(const float *weights, const float *x, float *out, float *scratch)\n{\n",
        f->name);
    for (int i = 0; i < f->plan->steps; i++) {
        const lathe_c_step *step = &f->plan->step[i];
        char shape[LATHE_SHAPE_TEXT];
        if (step->node && (!i || step[-1].node != step->node)) {
            lathe_text_put(text, "    /* ");
            lathe_c_remark(text, step->node->layer);
            lathe_text_add(text, "%s%s %s */\n", *step->node->layer ? ": " : "", step->node->op->name,
                lathe_shape_text(&step->node->out, shape));
        }
        put_call(f, step);
    }
    lathe_text_put(text, "    (void)weights;\n    (void)scratch;\n}\n");
}

static void put_forward(file *f)
{
    lathe_text *text = &f->text;
    const char *n = f->name;
    const size_t image = f->plan->value[LATHE_C_IMAGE].offset;
    lathe_text_add(text, "\nvoid %s_forward(const float *in, float *out, void *scratch)\n{\n", n);
    lathe_text_put(text, "    float *numbers = (float *)scratch;\n");
    if (f->channels > 1 && f->pixels > 1) {
        lathe_text_add(text, "    %s_pixels(in, %d, %d, numbers + %zu);\n", n, f->pixels, f->channels, image);
        lathe_text_add(text, "    %s_run(%s, numbers + %zu, out, numbers);\n}\n", n, f->weights, image);
    } else lathe_text_add(text, "    %s_run(%s, in, out, numbers);\n}\n", n, f->weights);
}

/* ---- pixels and classes -------------------------------------------------------------------------------- */

static void put_pixels(file *f)
{
    lathe_text *text = &f->text;
    const lathe_trained *trained = f->exported->trained;
    char number[40];
    const char *n = f->name;
    if (!trained) return;
    lathe_text_add(text, "\nconst char *const %s_class_names[%s_CLASSES] = {\n", n, f->upper);
    for (int i = 0; i < trained->data.classes; i++) {
        lathe_text_put(text, "    ");
        lathe_c_string(text, trained->data.class_names[i]);
        lathe_text_put(text, ",\n");
    }
    lathe_text_add(text,
        "};\n\n/* Normalised numbers, so many apart. */\nstatic void %s_normalize(const unsigned char *hwc, "
        "float *x, int pixel, int channel)\n{\n",
        n);
    lathe_text_put(text, "    static const float factor[] = { ");
    for (int c = 0; c < f->channels; c++)
        lathe_text_add(text, "%s%s", c ? ", " : "", lathe_c_float(1 / (255 * trained->data.std[c]), number));
    lathe_text_put(text, " }, shift[] = { ");
    for (int c = 0; c < f->channels; c++)
        lathe_text_add(text, "%s%s", c ? ", " : "",
            lathe_c_float(-trained->data.mean[c] / trained->data.std[c], number));
    lathe_text_add(text, " };\n    for (int p = 0; p < %d; p++)\n        for (int c = 0; c < %d; c++)\n",
        f->pixels, f->channels);
    lathe_text_add(text,
        "            x[p * pixel + c * channel] = (float)hwc[p * %d + c] * factor[c] + shift[c];\n}\n\n",
        f->channels);
    lathe_text_add(text,
        "void %s_normalize_u8(const unsigned char *hwc, float *chw) { %s_normalize(hwc, chw, 1, %d); }\n", n,
        n, f->pixels);
    if (!classes_of(f)) return;
    lathe_text_add(text, "\nint %s_classify_u8(const unsigned char *hwc, void *scratch)\n{\n", n);
    lathe_text_add(text,
        "    float *numbers = (float *)scratch, *x = numbers + %zu, out[%s_OUTPUTS];\n    int best = 0;\n",
        f->plan->value[LATHE_C_IMAGE].offset, f->upper);
    lathe_text_add(text, "    %s_normalize(hwc, x, %d, 1);\n    %s_run(%s, x, out, numbers);\n", n,
        f->channels, n, f->weights);
    lathe_text_add(text,
        "    for (int i = 1; i < %s_OUTPUTS; i++)\n        if (out[i] > out[best]) best = i;\n    return "
        "best;\n}\n",
        f->upper);
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* The text so far as the file at `path` with `suffix` in place of ".c"; the text is empty then. */
static lathe_status end_file(file *f, const char *path, const char *suffix)
{
    char *text = lathe_text_take(&f->text), name[LATHE_TRAINED_PATH];
    size_t length = strlen(path);
    lathe_status status = text ? LATHE_OK : LATHE_ENOMEM;
    if (!status &&
        snprintf(name, sizeof name, "%.*s%s", (int)(*suffix ? length - 2 : length), path, suffix) >=
            (int)sizeof name)
        status = lathe_fail(LATHE_EARG, "c: the path '%.80s...' is too long", path);
    if (!status) status = lathe_file_write_text(name, text);
    lathe_free(text);
    return status;
}

static const char includes[] = "#include <math.h>\n#include <string.h>\n\n";

/* The functions, with the weights where only they can see them, unless those are a file of their own. */
static lathe_status put_functions(file *f)
{
    lathe_c_template(&f->text, f->plan, f->name);
    put_windows(f);
    put_run(f);
    if (!f->exported->opts.split_weights) put_weights(f);
    put_forward(f);
    put_pixels(f);
    return lathe_c_selftest(&f->text, f->plan, f->name, f->upper);
}

/* The largest file first: if it does not fit on the disk, older files stay as they are. */
static lathe_status write_split(file *f, const char *path, const char *last)
{
    const int stem = (int)strlen(last) - 2; /* without ".c" */
    lathe_text_add(&f->text, "/* The weights of %s, which the header declares. */\n#include \"%.*s.h\"\n",
        f->name, stem, last);
    put_weights(f);
    lathe_status status = end_file(f, path, "_weights.c");
    if (status) return status;
    lathe_text_add(&f->text, "/* %s: see the header */\n#include \"%.*s.h\"\n\n%s", f->name, stem, last,
        includes);
    status = put_functions(f);
    if (!status) status = end_file(f, path, "");
    if (status) return status;
    put_head(f, last);
    put_declarations(f);
    return end_file(f, path, ".h");
}

static lathe_status write_files(file *f, const char *path)
{
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    if (f->exported->opts.split_weights) return write_split(f, path, last);
    put_head(f, last);
    put_declarations(f);
    lathe_text_add(&f->text, "\n#if !defined %s_DECLARE && !defined %s_DEFINED\n#define %s_DEFINED\n%s",
        f->upper, f->upper, f->upper, includes);
    lathe_status status = put_functions(f);
    if (status) return status;
    lathe_text_put(&f->text, "#endif\n");
    return end_file(f, path, "");
}

static lathe_status refuse(const lathe_exported *exported, const char *path)
{
    if (exported->opts.dynamic_batch)
        return lathe_fail(LATHE_EARG, "c: dynamic_batch is for onnx; a C file takes one image at a time");
    if (exported->opts.preprocessing)
        return lathe_fail(LATHE_EARG, "c: preprocessing is for onnx; a C file has %s_normalize_u8",
            exported->name);
    if (exported->opts.split_weights && !is_named_c(path))
        return lathe_fail(LATHE_EARG, "c: split_weights wants a file that ends in .c, not '%.200s'", path);
    const char *slash = strrchr(path, '/');
    for (const char *c = slash ? slash + 1 : path; exported->opts.split_weights && *c; c++)
        if ((unsigned char)*c < ' ' || strchr("\"\\?", *c))
            return lathe_fail(LATHE_EARG,
                "c: split_weights: the file's name '%.200s' cannot stand in an #include", path);
    return LATHE_OK;
}

static lathe_status write_c(const lathe_exported *exported, const char *path)
{
    lathe_status status = refuse(exported, path);
    if (status) return status;
    const lathe_graph *graph = exported->graph;
    lathe_memory *memory = lathe_memory_new(graph);
    if (!memory) return lathe_error();
    if (memory->weights > INT_MAX || memory->scratch > INT_MAX) {
        status =
            lathe_fail(LATHE_EARG, "c: the net needs %zu bytes of weights and %zu of scratch; at most 2 GiB",
                memory->weights, memory->scratch);
        lathe_memory_free(memory);
        return status;
    }
    file f = { .exported = exported,
        .plan = memory->plan,
        .memory = memory,
        .name = exported->name,
        .channels = lathe_c_channels(&graph->image),
        .pixels = lathe_c_pixels(&graph->image),
        .outputs = (int)lathe_shape_count(&graph->result.shape) };
    for (size_t i = 0; exported->name[i]; i++) f.upper[i] = (char)toupper((unsigned char)exported->name[i]);
    snprintf(f.weights, sizeof f.weights, f.plan->weights ? "%s_weights" : "NULL", f.name);
    status = exported->trained ? lathe_trained_changes(exported->trained, &f.change) : LATHE_OK;
    if (!status) status = write_files(&f, path);
    lathe_text_free(&f.text);
    lathe_memory_free(memory);
    return status;
}

const lathe_export_type lathe_c_export = {
    .name = "c",
    .summary = "one file of C99, without dependencies",
    .suffix = ".c",
    .fold = LATHE_GRAPH_FUSED,
    .write = write_c,
};
