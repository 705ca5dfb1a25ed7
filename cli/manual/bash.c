#include <string.h>

#include "completion.h"

/* Is an option the same for every command that has it? */
static bool is_common(const cli_completions *all, const cli_completed *one)
{
    for (size_t i = 0; i < all->count; i++)
        if (!strcmp(all->each[i].name, one->name) &&
            (all->each[i].values != one->values || strcmp(all->each[i].words, one->words)))
            return false;
    return true;
}

static bool first_of_name(const cli_completions *all, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!strcmp(all->each[i].name, all->each[index].name)) return false;
    return true;
}

/* The options that are completed like number `first`: a pattern of "COMMAND/--NAME", and what to do. */
static void print_case(const cli_completions *all, size_t first, FILE *file)
{
    const cli_completed *like = &all->each[first];
    int column = 0;
    for (size_t i = first; i < all->count; i++) {
        const cli_completed *one = &all->each[i];
        if (one->values != like->values || strcmp(one->words, like->words) || !*one->name) continue;
        const bool common = is_common(all, one);
        if (common && !first_of_name(all, i)) continue;
        if (column > 80) column = 0, fputs(" | \\\n", file);
        column +=
            fprintf(file, "%s%s/--%s", column ? " | " : "    ", common ? "*" : one->command->name, one->name);
    }
    fprintf(file, ") %s",
        like->values == CLI_FILE       ? "kind=file" :
            like->values == CLI_FOLDER ? "kind=folder" :
                                         "");
    if (like->values == CLI_WORDS) fprintf(file, "words='%s'", like->words);
    fputs(like->values == CLI_ANY ? "return ;;\n" : " ;;\n", file);
}

static void print_values(const cli_completions *all, FILE *file)
{
    for (size_t i = 0; i < all->count; i++) {
        const cli_completed *one = &all->each[i];
        bool seen = one->values == CLI_SWITCH || !*one->name;
        for (size_t k = 0; k < i && !seen; k++)
            seen = *all->each[k].name && all->each[k].values == one->values &&
                !strcmp(all->each[k].words, one->words);
        if (!seen) print_case(all, i, file);
    }
}

/* Each command's options, and what its arguments are. */
static void print_commands(const cli_completions *all, FILE *file)
{
    for (size_t i = 0; i < all->count; i++) {
        const cli_completed *one = &all->each[i];
        if (*one->name) {
            fprintf(file, " --%s", one->name);
        } else {
            fprintf(file, "%s        %s)\n            ", i ? "' ;;\n" : "", one->command->name);
            if (one->values == CLI_FILE) fputs("[[ $word == -* ]] || kind=file; ", file);
            if (one->values == CLI_WORDS)
                fprintf(file, "[[ $word == -* ]] || { words='%s'; kind=argument; }\n            ",
                    one->words);
            fputs("options='", file);
        }
    }
    fputs("' ;;\n", file);
}

static void print(const cli_completions *all, FILE *file)
{
    const cli_command *command;
    fputs("_lathe() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} kind= words= options=\n"
          "    local at=$((COMP_CWORD - 1)) colon=\n"
          "    COMPREPLY=()\n"
          "    # bash parts words at = and at colons.\n"
          "    if [[ $word == : || $word == = ]]; then word= at=$((at + 1)); fi\n"
          "    while [[ ${COMP_WORDS[at]} == : ]]; do colon=1 at=$((at - 2)); done\n"
          "    [[ ${COMP_WORDS[at]} != = ]] || at=$((at - 1))\n"
          "    local before=${COMP_WORDS[at]}\n"
          "    if [[ $colon && $before == --data ]]; then\n"
          "        kind=file\n"
          "    elif [[ $COMP_CWORD == 1 ]]; then\n"
          "        words='",
        file);
    for (int i = 0; (command = cli_command_at(i)); i++) fprintf(file, "%s ", command->name);
    fputs("--help --version'\n    else\n    case $command/$before in\n", file);
    print_values(all, file);
    fputs("    *)\n        case $command in\n", file);
    print_commands(all, file);
    fputs("        esac\n"
          "        [[ $kind ]] || words=$options ;;\n"
          "    esac\n"
          "    fi\n"
          "    # Readline completes files itself, with blanks in their names.\n"
          "    case $kind in\n"
          "    file) compopt -o default; return ;;\n"
          "    folder) compopt -o dirnames; return ;;\n"
          "    esac\n"
          "    # Lists, as in --augment crop:4,hflip.\n"
          "    local part=\n"
          "    if [[ $word == *,* ]]; then part=${word%,*},; elif [[ $colon ]]; then return; fi\n"
          "    COMPREPLY=($(compgen -P \"$part\" -W \"$words\" -- \"${word##*,}\"))\n"
          "    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2> "
          "/dev/null; fi\n"
          "}\n"
          "complete -F _lathe lathe\n",
        file);
}

const cli_shell cli_bash_shell = { "bash", print };
