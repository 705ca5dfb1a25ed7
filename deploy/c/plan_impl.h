/*
 * Private: a net as a list of calls. Each operation of a graph becomes one or more steps: calls of the
 * functions in template/, whose operands are values in the scratch memory or among the weights.
 */
#ifndef LATHE_DEPLOY_C_PLAN_IMPL_H
#define LATHE_DEPLOY_C_PLAN_IMPL_H

#include "../../core/arena.h"
#include "../../io/text.h"
#include "../../nn/graph.h"

enum {
    LATHE_C_LANES = 16,  /* NET_LANES */
    LATHE_C_TILE = 8,    /* the largest NET_TILE, which the others divide */
    LATHE_C_IMAGE = 0,   /* the value that is the image */
    LATHE_C_WINDOW = 18, /* numbers of a net_window */
    LATHE_C_SECTIONS = 64
};

/** Numbers in memory. A picture [1, C, ...] lies as [...][C]. */
typedef struct lathe_c_value {
    size_t count, offset; /* numbers; the place among the weights or, once that is planned, in the scratch */
    bool constant;        /* among the weights */
    int first, last;      /* the steps that write it and read it; -1: before all */
    int with;             /* the value whose memory it shares: itself, or an earlier one */
} lathe_c_value;

/** A call. In its text $0, $1, ... are the operands, $y the result, $w the weights, $l the work space. */
typedef struct lathe_c_step {
    const lathe_graph_node *node; /* NULL: numbers change their order */
    char *call;
    int *in, inputs, out;
    int over;                     /* the result may take the place of operand number `over`; -1: of none */
    int work;                     /* the value that is the work space; -1: none */
    size_t weights, weight_count; /* where its weights begin, and how many are its own */
    double multiply_adds;
} lathe_c_step;

/** The plan. */
typedef struct lathe_c_plan {
    const lathe_graph *graph;
    lathe_arena *arena;
    lathe_c_value *value;
    lathe_c_step *step;
    int values, steps, value_room, step_room;
    int *of_node;  /* the value of each node of the graph */
    int *pixels;   /* of a flattened picture whose numbers have kept their order: its pixels; or 0 */
    float *weight; /* packed as the calls read them */
    size_t weights, weight_room, scratch; /* numbers */
    size_t counted;                       /* of the weights, those that a step has */
    int (*window)[LATHE_C_WINDOW];        /* rows of the table of windows */
    int windows, window_room;
    const char *section[LATHE_C_SECTIONS]; /* of the template, which the calls need */
    int sections;
    lathe_status status;  /* the first failure */
    lathe_c_step nowhere; /* the step that forms get after it */
} lathe_c_plan;

/** Plan a graph. Errors: LATHE_ENOMEM, LATHE_EARG: returns NULL. */
lathe_c_plan *lathe_c_plan_new(const lathe_graph *graph);
void lathe_c_plan_free(lathe_c_plan *plan);

/* ---- for forms: after a failure they do nothing -------------------------------------------------------- */

/** How an operation is written: a function that adds its steps, in a table by kind. */
typedef struct lathe_c_form {
    const lathe_op *op;
    void (*write)(lathe_c_plan *plan, const lathe_graph_node *node);
} lathe_c_form;

/** The tables, ended by one without an op. */
extern const lathe_c_form lathe_c_window_forms[], lathe_c_element_forms[], lathe_c_move_forms[];

/** The form of an operation; NULL if it has none. */
const lathe_c_form *lathe_c_form_of(const lathe_op *op);

/** Fail: "c: lathe_add: ...: layer 'x'". */
void lathe_c_fail(lathe_c_plan *plan, const lathe_graph_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Begin a step whose result is `count` numbers; the template's section of that name is needed. */
lathe_c_step *lathe_c_step_new(lathe_c_plan *plan, const lathe_graph_node *node, const char *section,
    size_t count);

/** Set the step's operands and its call. A result that may be written over an operand: set step->over. */
void lathe_c_step_call(lathe_c_plan *plan, lathe_c_step *step, const int *in, int inputs, const char *format,
    ...) __attribute__((format(printf, 5, 6)));

/** The step has the node's result. */
void lathe_c_step_end(lathe_c_plan *plan, lathe_c_step *step);

/** The node's result is a value that there is. */
void lathe_c_same(lathe_c_plan *plan, const lathe_graph_node *node, int value);

/** The value of input number i: constants are packed in pixels' order. */
int lathe_c_operand(lathe_c_plan *plan, const lathe_graph_node *node, int i);

/** Room for `count` weights of the step, zeroed; NULL after a failure. */
float *lathe_c_weights(lathe_c_plan *plan, lathe_c_step *step, size_t count);

/** The numbers of input number i that must be a constant; NULL if it is absent, and after a failure. */
const lathe_real *lathe_c_constant(lathe_c_plan *plan, const lathe_graph_node *node, int i);

/** Work space of `count` numbers for the step. */
void lathe_c_work(lathe_c_plan *plan, lathe_c_step *step, size_t count);

/** Add a row of the table of windows. Returns its number. */
int lathe_c_window(lathe_c_plan *plan, const int row[LATHE_C_WINDOW]);

/** A number as a float of C: "0.1f", "-HUGE_VALF". Returns `text`. */
const char *lathe_c_float(double number, char text[40]);

/** Option `name` of a node, as an int. */
int lathe_c_int(const lathe_graph_node *node, const char *name);

/** Channels, and the pixels of a picture [1, C, ...]: the product of all dimensions from the third on. */
int lathe_c_channels(const lathe_shape *shape);
int lathe_c_pixels(const lathe_shape *shape);

/** Height and width of a picture [1, C, H, W], [1, C, W] or [1, C]; fails for more dimensions. */
bool lathe_c_sides(lathe_c_plan *plan, const lathe_graph_node *node, const lathe_shape *shape, int *height,
    int *width);

/* ---- the file ------------------------------------------------------------------------------------------ */

/** Add the template's functions that the plan's calls need, with the net's name in place of "net". */
void lathe_c_template(lathe_text *text, const lathe_c_plan *plan, const char *name);

/** Add numbers as floats of C, eight in a line. */
void lathe_c_numbers(lathe_text *text, const float *numbers, size_t count);

/** Add a main that compares the net's output for an image with lathe's own. Errors: LATHE_ENOMEM. */
lathe_status lathe_c_selftest(lathe_text *text, const lathe_c_plan *plan, const char *name,
    const char *upper);

/** Add a text as part of a comment. */
void lathe_c_remark(lathe_text *text, const char *string);

/** Add a string in quotes. */
void lathe_c_string(lathe_text *text, const char *string);

/** Add a file's name as a shell's word in a comment, with `suffix` in place of ".c" unless that is "". */
void lathe_c_word(lathe_text *text, const char *name, const char *suffix);

#endif
