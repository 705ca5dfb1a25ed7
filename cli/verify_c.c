/* Runs a C file: compiles it with a program that reads pictures and writes outputs. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"
#include "spawn.h"
#include "verify.h"

enum { FLAGS = 16, PATH = 1200 };

/* What the file's first comment says: the net's name, and the names of a header and of split weights. */
typedef struct c_file {
    char name[LATHE_EXPORT_NAME], declarations[PATH], weights[PATH];
    bool split;
} c_file;

static int read_c_file(const char *path, c_file *file)
{
    char text[256];
    FILE *stream = fopen(path, "r");
    if (!stream) return cli_fail(CLI_FAILED, "%s: cannot be read", path);
    size_t size = fread(text, 1, sizeof text - 1, stream), length = 0;
    fclose(stream);
    text[size] = '\0';
    const char *name = text + strspn(text, "/* \n");
    while (isalnum((unsigned char)name[length]) || name[length] == '_') length++;
    if (!length || length >= sizeof file->name || name[length] != ':' || strlen(path) >= PATH - 16)
        return cli_fail(CLI_FAILED, "%s: this is no C file of lathe", path);
    snprintf(file->name, sizeof file->name, "%.*s", (int)length, name);
    file->split = !strncmp(name + length, ": see ", 6);
    const int stem = (int)strlen(path) - 2; /* without ".c" */
    snprintf(file->declarations, PATH, "%.*s%s", file->split ? stem : stem + 2, path,
        file->split ? ".h" : "");
    snprintf(file->weights, PATH, "%.*s_weights.c", stem, path);
    return CLI_DONE;
}

/* The program: for each picture in in.f32 its output in out.f32. */
static bool write_program(const char *path, const char *name, const cli_verify *job)
{
    char upper[LATHE_EXPORT_NAME];
    for (size_t i = 0; i <= strlen(name); i++) upper[i] = (char)toupper((unsigned char)name[i]);
    FILE *file = fopen(path, "w");
    if (!file) return false;
    fprintf(file, "#include <stdio.h>\n\n#define %s_DECLARE\n#include \"net.h\"\n\n", upper);
    fprintf(file, "static float in[%zu], out[%s_OUTPUTS == %zu ? %zu : -1];\n", job->inputs, upper,
        job->outputs, job->outputs);
    fprintf(file, "static unsigned char pixels[%zu];\n", job->inputs);
    fprintf(file, "static long double scratch[%s_SCRATCH_BYTES / sizeof(long double) + 1];\n\n", upper);
    fprintf(file,
        "int main(int count, char **word)\n{\n"
        "    FILE *from = count > 2 ? fopen(word[1], \"rb\") : NULL, *to = from ? fopen(word[2], \"wb\") : "
        "NULL;\n"
        "    if (!to) return 1;\n    while (fread(in, sizeof in, 1, from) == 1) {\n");
    if (job->pixels)
        fprintf(file,
            "        for (int i = 0; i < %zu; i++) pixels[i] = (unsigned char)in[i];\n"
            "        %s_normalize_u8(pixels, in);\n",
            job->inputs, name);
    else fputs("        (void)pixels;\n", file);
    fprintf(file,
        "        %s_forward(in, out, scratch);\n        if (fwrite(out, sizeof out, 1, to) != 1) return 1;\n "
        "   }\n"
        "    fclose(from);\n    return fclose(to) != 0;\n}\n",
        name);
    return !fclose(file);
}

/* The file by a name that compilers take for C. */
static const char *source_of(const char *absolute, const char *folder, char path[PATH])
{
    size_t length = strlen(absolute);
    if (length > 2 && !strcmp(absolute + length - 2, ".c")) return absolute;
    snprintf(path, PATH, "%s/net.c", folder);
    return symlink(absolute, path) ? NULL : path;
}

/* The compiler and its flags: $CC, else cc. */
static int compiler_of(char *text, size_t size, const char *word[FLAGS])
{
    const char *chosen = getenv("CC");
    int count = 0;
    char *rest = NULL;
    snprintf(text, size, "%s", chosen && chosen[strspn(chosen, " ")] ? chosen : "cc");
    for (char *at = strtok_r(text, " ", &rest); at && count < FLAGS; at = strtok_r(NULL, " ", &rest))
        word[count++] = at;
    return count;
}

int cli_verify_c(const cli_verify *job)
{
    char text[PATH], absolute[PATH], program[PATH], in[PATH], out[PATH], binary[PATH], header[PATH],
        link[PATH];
    const char *word[FLAGS + 16];
    c_file file;
    char *real = realpath(job->file, NULL);
    snprintf(absolute, sizeof absolute, "%s", real ? real : job->file);
    free(real);
    int code = read_c_file(absolute, &file);
    if (code) return code;
    snprintf(program, sizeof program, "%s/run.c", job->folder);
    snprintf(binary, sizeof binary, "%s/run", job->folder);
    snprintf(in, sizeof in, "%s/in.f32", job->folder);
    snprintf(out, sizeof out, "%s/out.f32", job->folder);
    snprintf(header, sizeof header, "%s/net.h", job->folder);
    const char *source = source_of(absolute, job->folder, link);
    if (!source || symlink(file.declarations, header) || !write_program(program, file.name, job))
        return cli_fail(CLI_FAILED, "%s: cannot be written", program);
    int count = compiler_of(text, sizeof text, word);
    const char *const rest[] = { "-O2", "-march=native", program, source, file.split ? file.weights : "-lm",
        "-o", binary, "-lm", NULL };
    memcpy(word + count, rest, sizeof rest);
    code = cli_spawn(word, true);
    if (code && code != 127 && !cli_signal()) { /* without what some compilers do not know */
        word[count + 1] = "-O2";
        code = cli_spawn(word, false);
    }
    if (cli_signal()) return 128 + cli_signal();
    if (code == 127)
        return cli_fail(CLI_FAILED, "export: --verify needs a C compiler, and there is no %s; CC names one",
            word[0]);
    if (code) return cli_fail(CLI_FAILED, "export: %s cannot compile %s", word[0], job->file);
    code = cli_spawn((const char *const[]){ binary, in, out, NULL }, false);
    if (cli_signal()) return 128 + cli_signal();
    return code ? cli_fail(CLI_FAILED, "export: the program of %s ends with %d", job->file, code) : CLI_DONE;
}
