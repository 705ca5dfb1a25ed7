/* The self-test of a written file: what lathe itself computes for an image made by a formula. */
#include <string.h>

#include "../../core/alloc.h"
#include "plan_impl.h"

static lathe_tensor *tensor_of(const lathe_graph *graph, const lathe_graph_value *value,
    lathe_tensor **results, lathe_tensor *image)
{
    const lathe_graph_constant *constant = &graph->constant[value->index];
    switch (value->source) {
    case LATHE_GRAPH_INPUT: return image;
    case LATHE_GRAPH_NODE: return results[value->index];
    case LATHE_GRAPH_CONSTANT:
        return lathe_tape_leaf(image->tape, LATHE_PLAIN, constant->shape, constant->data);
    case LATHE_GRAPH_ABSENT: break;
    }
    return NULL;
}

static lathe_tensor *run(const lathe_graph *graph, lathe_tensor *image, lathe_tensor **results)
{
    for (int n = 0; n < graph->nodes; n++) {
        const lathe_graph_node *node = &graph->node[n];
        lathe_tensor **in = lathe_alloc((size_t)node->inputs, sizeof *in);
        for (int i = 0; in && i < node->inputs; i++) in[i] = tensor_of(graph, &node->in[i], results, image);
        results[n] = in ? lathe_apply(node->op, in, node->inputs, node->attributes) : NULL;
        lathe_free(in);
        if (!results[n]) return NULL;
    }
    return tensor_of(graph, &graph->result, results, image);
}

static lathe_status answer(const lathe_graph *graph, const lathe_real *image, lathe_real *output,
    size_t count)
{
    lathe_tensor **results = lathe_alloc((size_t)graph->nodes + 1, sizeof *results);
    lathe_tape *tape = results ? lathe_tape_new(NULL) : NULL;
    lathe_status status = LATHE_ENOMEM;
    if (tape) {
        lathe_tape_begin(tape, LATHE_EVAL);
        lathe_tensor *x = lathe_tape_leaf(tape, LATHE_BATCHED, graph->image, image);
        lathe_tensor *y = x ? run(graph, x, results) : NULL;
        status = y ? lathe_tensor_read(y, output, count) : lathe_error();
    }
    lathe_tape_free(tape);
    lathe_free(results);
    return status;
}

static float test_number(size_t i) { return (float)(int)(i % 101 * 37 % 101) / 50 - 1; }

/* lathe's own outputs for the test's image. Errors: LATHE_ENOMEM. */
static lathe_status test_outputs(const lathe_graph *graph, float *outputs, size_t results)
{
    size_t count = lathe_shape_count(&graph->image);
    lathe_real *image = lathe_alloc(count, sizeof *image), *output = lathe_alloc(results, sizeof *output);
    lathe_status status = image && output ? LATHE_OK : LATHE_ENOMEM;
    for (size_t i = 0; i < count && !status; i++) image[i] = (lathe_real)test_number(i);
    if (!status) status = answer(graph, image, output, results);
    for (size_t i = 0; i < results && !status; i++) outputs[i] = (float)output[i];
    lathe_free(image);
    lathe_free(output);
    return status;
}

static void put_main(lathe_text *text, const lathe_c_plan *plan, const char *name, const float *shown,
    int count, int step)
{
    const size_t inputs = lathe_shape_count(&plan->graph->image),
                 outputs = lathe_shape_count(&plan->graph->result.shape);
    lathe_text_add(text, "/* lathe's outputs %s for an image by a formula. */\n",
        step > 1 ? "0, STEP, 2 STEP, ..." : "0, 1, 2, ...");
    lathe_text_put(text, "int main(void)\n{\n    static const float expected[] = {\n");
    lathe_c_numbers(text, shown, (size_t)count);
    lathe_text_add(text, "    };\n    static float in[%zu], out[%zu], scratch[%zu];\n", inputs, outputs,
        plan->scratch + 1);
    lathe_text_put(text, "    float largest = 0, difference = 0;\n");
    lathe_text_add(text,
        "    for (int i = 0; i < %zu; i++) in[i] = (float)(i %% 101 * 37 %% 101) / 50 - 1;\n", inputs);
    lathe_text_add(text, "    %s_forward(in, out, scratch);\n    for (int i = 0; i < %d; i++) {\n", name,
        count);
    lathe_text_add(text, "        const float apart = fabsf(out[i * %d] - expected[i]);\n", step);
    lathe_text_put(text,
        "        if (fabsf(expected[i]) > largest) largest = fabsf(expected[i]);\n"
        "        if (!(apart <= difference)) difference = apart;\n    }\n"
        "    const int fine = difference <= 1e-4f * largest;\n");
    lathe_text_add(text,
        "    printf(\"%s: self-test %%s: largest difference %%g, largest output %%g\\n\",\n"
        "        fine ? \"passed\" : \"failed\", (double)difference, (double)largest);\n    return "
        "!fine;\n}\n",
        name);
}

/* Some 64 of the outputs are compiled in. */
lathe_status lathe_c_selftest(lathe_text *text, const lathe_c_plan *plan, const char *name, const char *upper)
{
    enum { MOST = 64 };
    const size_t results = lathe_shape_count(&plan->graph->result.shape);
    float *outputs = lathe_alloc(results, sizeof *outputs), shown[MOST];
    lathe_status status = outputs ? test_outputs(plan->graph, outputs, results) : LATHE_ENOMEM;
    int count = results < MOST ? (int)results : MOST, step = (int)results / count;
    for (int i = 0; i < count && !status; i++) shown[i] = outputs[i * step];
    lathe_free(outputs);
    if (status) return status;
    lathe_text_add(text, "\n#ifdef %s_SELFTEST\n#include <stdio.h>\n\n", upper);
    put_main(text, plan, name, shown, count, step);
    lathe_text_put(text, "#endif\n");
    return LATHE_OK;
}
