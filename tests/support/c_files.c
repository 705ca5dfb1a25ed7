#include "c_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../deploy/c/plan_impl.h"
#include "program.h"

static size_t image_count(const c_case *c) { return lathe_shape_count(&c->image); }

static void image_of(const c_case *c, lathe_real *image)
{
    fill_normal(image, image_count(c), 7);
    for (size_t i = 0; i < image_count(c); i++) image[i] = (lathe_real)(float)image[i];
}

/* The weights as a binary file, and the line of assembler that takes it in. */
static void write_binary(const char *into, const char *name, const c_case *c)
{
    char path[300];
    lathe_graph *graph = lathe_graph_new(c->net, c->image, c->plain ? LATHE_GRAPH_PLAIN : LATHE_GRAPH_FUSED);
    lathe_memory *memory = graph ? lathe_memory_new(graph) : NULL;
    if (!memory) fail_msg("%s: %s", c->name, lathe_error_message());
    const lathe_c_plan *plan = memory->plan;
    snprintf(path, sizeof path, "%s/%s.bin", into, name);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(plan->weight, sizeof(float), plan->weights, file), plan->weights);
    fclose(file);
    snprintf(path, sizeof path, "%s/%s_weights.S", into, name);
    file = fopen(path, "w");
    fprintf(file,
        ".section .rodata\n.balign 64\n.global %s_weights\n%s_weights: .incbin \"%s.bin\"\n"
        ".section .note.GNU-stack,\"\"\n",
        name, name, name);
    fclose(file);
    lathe_memory_free(memory);
    lathe_graph_free(graph);
}

void c_files_write(const char *into, const c_case *cases, int count)
{
    char path[256];
    snprintf(path, sizeof path, "%s/all.c", into);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < count; i++) {
        char name[32], to[300];
        snprintf(name, sizeof name, "case_%d", i);
        snprintf(to, sizeof to, "%s/%s.c", into, name);
        const lathe_export_opts opts = { .name = name,
            .split_weights = cases[i].split || cases[i].binary,
            .no_fold = cases[i].plain };
        if (lathe_export_net(cases[i].net, cases[i].image, "c", to, &opts))
            fail_msg("%s: %s", cases[i].name, lathe_error_message());
        fprintf(file, "#include \"%s.c\"\n", name);
        if (cases[i].binary) write_binary(into, name, &cases[i]);
        else if (cases[i].split) fprintf(file, "#include \"%s_weights.c\"\n", name);
    }
    fprintf(file,
        "#include <stdio.h>\n#include <stdlib.h>\nint main(void)\n{\n    FILE *in = fopen(\"in\", \"rb\"),"
        " *out = fopen(\"out\", \"wb\");\n    if (!in || !out) return 1;\n");
    for (int i = 0; i < count; i++)
        fprintf(file,
            "    {\n        float *x = (float *)malloc(sizeof(float) * %zu), *y = (float "
            "*)malloc(sizeof(float) * "
            "CASE_%d_OUTPUTS);\n        void *scratch = malloc(CASE_%d_SCRATCH_BYTES + 1);\n"
            "        if (fread(x, sizeof *x, %zu, in) != %zu) return 2;\n        case_%d_forward(x, y, "
            "scratch);\n"
            "        if (fwrite(y, sizeof *y, CASE_%d_OUTPUTS, out) != CASE_%d_OUTPUTS) return 3;\n"
            "        free(x);\n        free(y);\n        free(scratch);\n    }\n",
            image_count(&cases[i]), i, i, image_count(&cases[i]), image_count(&cases[i]), i, i, i);
    fprintf(file, "    return fclose(in) | fclose(out);\n}\n");
    fclose(file);
    snprintf(path, sizeof path, "%s/in", into);
    file = fopen(path, "wb");
    for (int i = 0; i < count; i++) {
        lathe_real *image = calloc(image_count(&cases[i]), sizeof *image);
        image_of(&cases[i], image);
        for (size_t k = 0; k < image_count(&cases[i]); k++) {
            float number = (float)image[k];
            fwrite(&number, sizeof number, 1, file);
        }
        free(image);
    }
    fclose(file);
}

/* lathe's own outputs; the caller frees them. `off`: each number of the image is wrong by so much of it. */
static lathe_real *outputs_of(const c_case *c, double off, size_t *count)
{
    lathe_real *image = calloc(image_count(c), sizeof *image);
    image_of(c, image);
    for (size_t i = 0; i < image_count(c); i++) image[i] *= (lathe_real)(i % 2 ? 1 + off : 1 - off);
    lathe_shape shape = { c->image.rank + 1, { 1 } };
    for (int d = 0; d < c->image.rank; d++) shape.dim[d + 1] = c->image.dim[d];
    lathe_tape *tape = lathe_tape_new(NULL);
    lathe_tape_begin(tape, LATHE_EVAL);
    lathe_tensor *y = lathe_nn_forward(c->net, lathe_tape_leaf(tape, LATHE_BATCHED, shape, image));
    if (!y) fail_msg("%s: %s", c->name, lathe_error_message());
    *count = lathe_shape_count(&y->shape);
    lathe_real *outputs = calloc(*count, sizeof *outputs);
    lathe_tensor_read(y, outputs, *count);
    lathe_tape_free(tape);
    free(image);
    return outputs;
}

/* The largest difference over the spread (of one number: its size). */
static double difference_of(const lathe_real *got, const lathe_real *want, size_t count)
{
    double low = HUGE_VAL, high = -HUGE_VAL, apart = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)got[i] - (double)want[i]);
        low = fmin(low, (double)want[i]);
        high = fmax(high, (double)want[i]);
        size = fmax(size, fabs((double)want[i]));
        if (!(difference <= apart)) apart = difference;
    }
    return apart / (high > low ? high - low : size > 0 ? size : 1);
}

/*
 * Compare the next case's outputs in the file. A net that makes more of a rounding error than `most` (timm's
 * fbnetv3 with norms that do not fit it) may differ by four times what it makes of one in the image.
 */
static double check_case(const c_case *c, FILE *file, double most, const char *compiler)
{
    size_t count;
    lathe_real *want = outputs_of(c, 0, &count), *got = calloc(count, sizeof *got);
    for (size_t i = 0; i < count; i++) {
        float number;
        assert_int_equal(fread(&number, sizeof number, 1, file), 1);
        got[i] = (lathe_real)number;
    }
    double difference = difference_of(got, want, count);
    if (!(difference <= most)) {
        const double rounding = 1.2e-7;
        lathe_real *off = outputs_of(c, rounding, &count);
        double allowed = 4 * difference_of(off, want, count);
        free(off);
        if (!(difference <= allowed))
            fail_msg("%s, %s: %g of the spread, %g allowed", compiler, c->name, difference,
                fmax(most, allowed));
        print_message("%s: a rounding error of the image is %.1e of the spread\n", c->name, allowed / 4);
    }
    free(want);
    free(got);
    return difference;
}

double c_files_try(const char *into, const c_case *cases, int count, const char *compiler,
    const char *emulator, double most)
{
    char path[256], words[512];
    snprintf(path, sizeof path, "%s/run.sh", into);
    FILE *file = fopen(path, "w");
    fprintf(file, "cd %s && rm -f out && %s all.c%s -o all -lm && %s ./all\n", into, compiler,
        count && cases[0].binary ? " *_weights.S" : "", emulator);
    fclose(file);
    snprintf(words, sizeof words, "%s", path);
    program p;
    program_run(&p, "/bin/sh", words);
    if (p.code) fail_msg("%s: exit code %d: %.2000s", compiler, p.code, p.err);
    assert_string_equal(p.err, "");
    program_free(&p);
    snprintf(path, sizeof path, "%s/out", into);
    file = fopen(path, "rb");
    assert_non_null(file);
    double worst = 0;
    for (int i = 0; i < count; i++) worst = fmax(worst, check_case(&cases[i], file, most, compiler));
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    return worst;
}

bool c_files_have(const char *program_name)
{
    char path[256];
    const char *all = getenv("PATH");
    for (const char *at = all ? all : ""; *at;) {
        size_t length = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s/%s", (int)length, at, program_name);
        if (lathe_file_exists(path)) return true;
        at += length + (at[length] == ':');
    }
    return false;
}
