/* Runs a file of ONNX: by ONNX Runtime in Python, else in Node. */
#include <stdio.h>

#include "signals.h"
#include "spawn.h"
#include "verify.h"

extern const unsigned char cli_verify_onnx_py[], cli_verify_onnx_cjs[]; /* of verify/, by cmake/embed.cmake */

/* A program that runs a script given as text. */
typedef struct runtime {
    const char *program, *option;
    const char *probe; /* a script that fails without ONNX Runtime */
    const unsigned char *script;
} runtime;

static const runtime runtimes[] = {
    { "python3", "-c", "import numpy, onnxruntime", cli_verify_onnx_py },
    { "node", "-e", "require('onnxruntime-node')", cli_verify_onnx_cjs },
};

static const runtime *find_runtime(void)
{
    for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
        const runtime *r = &runtimes[i];
        if (!cli_spawn((const char *const[]){ r->program, r->option, r->probe, NULL }, true)) return r;
    }
    return NULL;
}

int cli_verify_onnx(const cli_verify *job)
{
    char count[16];
    const runtime *r = find_runtime();
    if (cli_signal()) return 128 + cli_signal();
    if (!r)
        return cli_fail(CLI_FAILED,
            "export: --verify needs ONNX Runtime: pip install onnxruntime numpy, or in this folder npm "
            "install "
            "onnxruntime-node");
    snprintf(count, sizeof count, "%d", job->count);
    int code = cli_spawn((const char *const[]){ r->program, r->option, (const char *)r->script, job->file,
                             job->folder, count, NULL },
        false);
    if (cli_signal()) return 128 + cli_signal();
    return code ? cli_fail(CLI_FAILED, "export: ONNX Runtime in %s cannot run %s", r->program, job->file) :
                  CLI_DONE;
}
