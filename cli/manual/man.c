/* Pages for man(1), with the macros of man(7). */
#include "manual.h"

#include <ctype.h>
#include <string.h>

#include "../help.h"

/* ---- roff ---------------------------------------------------------------------------------------------- */

/* A text with what roff reads as commands escaped, and what is in backquotes in bold. */
static void put_roff(lathe_text *page, const char *text)
{
    bool line_begins = true, bold = false;
    for (const char *c = text; *c; c++) {
        if (line_begins && *c == '.') lathe_text_put(page, "\\&");
        switch (*c) {
        case '\\': lathe_text_put(page, "\\e"); break;
        case '-': lathe_text_put(page, "\\-"); break;
        case '\'': lathe_text_put(page, "\\(aq"); break;
        case '^': lathe_text_put(page, "\\(ha"); break;
        case '~': lathe_text_put(page, "\\(ti"); break;
        case '`': lathe_text_put(page, (bold = !bold) ? "\\fB" : "\\fR"); break;
        default: lathe_text_put_n(page, c, 1);
        }
        line_begins = *c == '\n';
    }
}

/* A text between two of roff's own: ".B ", "\n". */
static void put_line(lathe_text *page, const char *before, const char *text, const char *after)
{
    lathe_text_put(page, before);
    put_roff(page, text);
    lathe_text_put(page, after);
}

/* Paragraphs, which an empty line parts. */
static void put_paragraphs(lathe_text *page, const char *text)
{
    for (const char *end; (end = strstr(text, "\n\n")); text = end + 2) {
        char part[2048];
        snprintf(part, sizeof part, "%.*s", (int)(end - text), text);
        put_line(page, "", part, "\n.PP\n");
    }
    put_line(page, "", text, "\n");
}

static void put_title(lathe_text *page, const char *name)
{
    lathe_text_put(page, ".TH ");
    for (; *name; name++)
        if (*name == '-') lathe_text_put(page, "\\-");
        else lathe_text_add(page, "%c", toupper((unsigned char)*name));
    lathe_text_add(page, " 1 %s \"lathe %s\" \"lathe\"\n", LATHE_RELEASED, lathe_version());
}

static void put_name(lathe_text *page, const char *command, const char *summary)
{
    lathe_text_put(page, ".SH NAME\nlathe");
    if (command) put_line(page, "\\-", command, "");
    put_line(page, " \\- ", summary, "\n.SH SYNOPSIS\n");
}

/* ---- a command's page ---------------------------------------------------------------------------------- */

static void begin(void *to, const cli_command *command)
{
    char name[64];
    snprintf(name, sizeof name, "lathe-%s", command->name);
    put_title(to, name);
    put_name(to, command->name, command->summary);
    put_line(to, ".B lathe ", command->name, "\n.RI [ options ]\n");
    if (*command->arguments) put_line(to, ".I ", command->arguments, "\n");
    lathe_text_put(to, ".SH DESCRIPTION\n");
    put_paragraphs(to, command->about);
}

/* "options (defaults in brackets)": a heading, and what is in brackets or behind a comma as a sentence. */
static void heading(void *to, const char *text, bool types)
{
    (void)types;
    const size_t length = strcspn(text, "(,"), title = length - (text[length] == '(');
    lathe_text_put(to, ".SH ");
    for (size_t i = 0; i < title; i++) lathe_text_add(to, "%c", toupper((unsigned char)text[i]));
    lathe_text_put(to, "\n");
    if (!text[length]) return;
    char rest[128];
    const char *from = text + length + (text[length] == '(' ? 1 : 2);
    snprintf(rest, sizeof rest, "%s", from);
    if (text[length] == '(') rest[strcspn(rest, ")")] = '\0';
    rest[0] = (char)toupper((unsigned char)rest[0]);
    put_line(to, "", rest, ".\n");
}

static void put_option(lathe_text *page, const char *name, const char *value)
{
    put_line(page, "\\fB\\-\\-", name, "\\fR");
    if (value && *value) put_line(page, " \\fI", value, "\\fR");
}

static void entry(void *to, const cli_entry *entry)
{
    lathe_text_put(to, ".TP\n");
    put_option(to, entry->name, entry->value);
    put_line(to, "\n", entry->help, "");
    if (entry->preset) put_line(to, " [", entry->preset, "]");
    lathe_text_put(to, "\n");
}

static void type(void *to, const char *name, const lathe_field *fields)
{
    put_line(to, ".TP\n.B ", name, "\n");
    if (!fields->name) lathe_text_put(to, "no options\n");
    for (bool first = true; fields->name; fields++, first = false) {
        cli_type_entry option;
        cli_type_entry_of(fields, &option);
        lathe_text_put(to, first ? "" : ",\n");
        put_option(to, option.name, option.value);
        if (!fields[1].name) lathe_text_put(to, "\n");
    }
}

static void put_codes(lathe_text *page)
{
    lathe_text_put(page, ".SH EXIT STATUS\n");
    for (int i = 0; cli_help_codes[i]; i += 2) {
        put_line(page, ".TP\n.B ", cli_help_codes[i], "\n");
        put_line(page, "", cli_help_codes[i + 1], "\n");
    }
}

static void put_example(lathe_text *page, const char *example)
{
    put_line(page, ".SH EXAMPLES\n.EX\n", example, "\n.EE\n.SH SEE ALSO\n");
}

static void end(void *to, const cli_command *command)
{
    put_codes(to);
    put_example(to, command->example);
    lathe_text_put(to, ".BR lathe (1)\n");
}

/* ---- the page of all commands -------------------------------------------------------------------------- */

static void put_all(lathe_text *page)
{
    static const char *const environment[] = { "LATHE_ISA",
        "base or avx2: a lower instruction set than the processor's best", "LATHE_DATA",
        "the folder of data sets, in place of /usr/share/datasets", "LATHE_CACHE",
        "the folder of unpacked data sets; off: no set is kept", NULL };
    put_title(page, "lathe");
    put_name(page, NULL, "train image models and see what a learning-rate schedule does");
    lathe_text_put(page, ".B lathe\n.I COMMAND\n.RI [ options ]\n.RI [ arguments ]\n.SH DESCRIPTION\n");
    put_line(page, "", cli_help_about, "\n");
    lathe_text_put(page, "Results go to standard output, progress and notes to standard error.\n");
    lathe_text_put(page, ".SH COMMANDS\n");
    const cli_command *command;
    for (int i = 0; (command = cli_command_at(i)); i++) {
        put_line(page, ".TP\n.BR lathe\\-", command->name, " (1)\n");
        put_line(page, "", command->summary, "\n");
    }
    lathe_text_put(page,
        ".SH OPTIONS\n.TP\n\\fB\\-\\-help\\fR\nlist the commands\n"
        ".TP\n\\fB\\-\\-version\\fR [\\fB\\-\\-json\\fR]\nthe version, and what was built in\n"
        ".SH ENVIRONMENT\n");
    for (int i = 0; environment[i]; i += 2) {
        put_line(page, ".TP\n.B ", environment[i], "\n");
        put_line(page, "", environment[i + 1], "\n");
    }
    put_codes(page);
    put_example(page, cli_help_example);
    for (int i = 0; (command = cli_command_at(i)); i++)
        put_line(page, ".BR lathe\\-", command->name, cli_command_at(i + 1) ? " (1),\n" : " (1)\n");
}

/* ---- files --------------------------------------------------------------------------------------------- */

static lathe_status write_page(const char *folder, const char *name, lathe_text *page)
{
    char path[1024];
    char *text = lathe_text_take(page);
    lathe_status status = text ? lathe_file_join(folder, name, path, sizeof path) : lathe_error();
    if (!status) status = lathe_file_write_text(path, text);
    lathe_free(text);
    return status;
}

lathe_status cli_man_write(const char *folder)
{
    static const cli_form man = { begin, heading, entry, type, end };
    lathe_text page = { 0 };
    lathe_status status = lathe_file_make_folder(folder);
    if (status) return status;
    put_all(&page);
    status = write_page(folder, "lathe.1", &page);
    const cli_command *command;
    for (int i = 0; !status && (command = cli_command_at(i)); i++) {
        char name[64];
        snprintf(name, sizeof name, "lathe-%s.1", command->name);
        page = (lathe_text){ 0 };
        cli_help_walk(command, &man, &page);
        status = write_page(folder, name, &page);
    }
    return status;
}
