# From the prototypes of the public headers, C that calls each function with one argument bad and the others
# good: a function `call_N(bad, value)` for each, and the table `functions`. Ends with an error at a
# declaration that it cannot read, so that no function is left out unnoticed. Makers of good arguments are
# those in good.h; those of other options structs are made here, all zeros, which means the defaults. usage:
# awk -v good=good.h -f cases.awk HEADER... > cases.inc

BEGIN {
    while ((getline line < good) > 0)
        if (match(line, /good_[a-z_0-9A-Z]+\(const char \*place\)/)) made[substr(line, RSTART + 5, RLENGTH - 24)] = 1
    if (!length(made)) fail("no makers in", good)
}

# ---- from text to declarations ----

FNR == 1 { guard = 0 }
/^#ifdef __cplusplus/ { guard = 1 }
/^#endif/ { if (guard) { guard = 0; next } }
guard { next }
/^#/ { while (/\\$/ && (getline > 0)) { } next }
{ text = text $0 "\n"; from[FILENAME] = 1 }

function without_comments(all,    out, start, end)
{
    while ((start = index(all, "/*")) > 0) {
        out = out substr(all, 1, start - 1)
        all = substr(all, start)
        end = index(all, "*/")
        if (!end) fail("a comment does not end", substr(all, 1, 60))
        all = " " substr(all, end + 2)
    }
    return out all
}

function fail(what, where)
{
    printf "cases.awk: %s: %s\n", what, where > "/dev/stderr"
    broken = 1
    exit 1
}

function trim(s) { gsub(/[ \t\n]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s); return s }

# Where the brackets opened at `start` close.
function closing(s, start, open, close_,    i, c, depth)
{
    for (i = start; i <= length(s); i++) {
        c = substr(s, i, 1)
        if (c == open) depth++
        if (c == close_ && --depth == 0) return i
    }
    fail("brackets do not close", substr(s, 1, 60))
}

# The declarations, one a call: a ';' or a body outside of brackets ends one.
function each_declaration(all,    i, c, one, end)
{
    for (i = 1; i <= length(all); i++) {
        c = substr(all, i, 1)
        if (c == "{") {
            end = closing(all, i, "{", "}")
            if (one ~ /\)[ \n]*$/) { body(trim(one)); one = "" } # a function with its body
            else { one = one "{}"; inside = substr(all, i + 1, end - i - 1) }
            i = end
        } else if (c == ";") { declaration(trim(one)); one = "" }
        else one = one c
    }
    if (trim(one) != "") fail("text behind the last declaration", trim(one))
}

function body(one)
{
    if (one !~ /^static inline /) fail("a function with a body in a header", one)
}

function declaration(one,    name)
{
    if (one ~ /^typedef enum /) { name = one; sub(/.*\}[ ]*/, "", name); is_enum[name] = 1; return }
    if (one ~ /^typedef struct [a-z_0-9]*_opts \{\}/) { name = one; sub(/.*\}[ ]*/, "", name); inside_of[name] = inside; return }
    if (one ~ /^typedef / || one ~ /^extern const / || one ~ /^(struct|enum) [a-z_0-9]+( ?\{\})?$/ || one ~ /^_Static_assert/) return
    prototype[++prototypes] = one
}

# ---- from declarations to calls ----

# The type of "const char *name", "char text[32]", without its name.
function type_of(parameter,    s)
{
    s = parameter
    if (s ~ /\[[A-Za-z_0-9 +]*\]$/) { sub(/\[[A-Za-z_0-9 +]*\]$/, "", s); pointer = "*" } else pointer = ""
    if (s !~ /^[a-zA-Z_0-9 *]*[a-zA-Z_0-9]$/) fail("a parameter", parameter)
    name_found = s
    sub(/.*[ *]/, "", name_found)
    sub(/[a-zA-Z_0-9]+$/, "", s)
    if (trim(s) == "") fail("a parameter without a name", parameter)
    s = trim(s)
    if (pointer) s = s (s ~ /\*$/ ? "*" : " *")
    return s
}

# "const lathe_tensor *" -> lathe_tensor_p: the name of what makes good ones.
function maker_of(type,    s)
{
    s = " " type " "
    gsub(/ const /, " ", s); gsub(/\*const /, "* ", s); gsub(/ struct /, " ", s)
    gsub(/\*/, "_p", s)
    gsub(/ /, "", s)
    return s
}

# The group of bad values for a type.
function bad_of(type, maker)
{
    if (type ~ /^const char \*$/) return "text"
    if (maker == "lathe_tensor_p") return "tensor"
    if (type ~ /^const [a-z_0-9]*_opts \*$/) return "opts"
    if (type ~ /\*$/) return "pointer"
    if (maker == "lathe_shape") return "shape"
    return bad_number(maker)
}

function bad_number(maker)
{
    if (maker in is_enum) return "choice"
    if (maker ~ /^(int|size_t|uint64_t|uint32_t|int64_t|double)$/) return maker
    return "none"
}

function function_of(one,    open, close_, head, name, list, n, i, depth, c, part, type, arguments, result, lines, table, maker, bad)
{
    sub(/ *__attribute__.*$/, "", one)
    open = index(one, "(")
    if (!open) fail("neither a type nor a function", one)
    close_ = closing(one, open, "(", ")")
    if (close_ != length(one)) fail("text behind a prototype", one)
    head = trim(substr(one, 1, open - 1))
    list = trim(substr(one, open + 1, close_ - open - 1))
    if (match(head, /lathe_[a-z_0-9]+$/) == 0) fail("a function's name", one)
    name = substr(head, RSTART)
    result = trim(substr(head, 1, RSTART - 1))
    if (result == "") fail("a function's result", one)

    n = 0
    part = ""
    for (i = 1; i <= length(list) + 1; i++) {
        c = substr(list, i, 1)
        if (c == "(") depth++
        if (c == ")") depth--
        if (i > length(list) || (c == "," && !depth)) { parameter[n++] = trim(part); part = "" }
        else part = part c
    }
    if (n == 1 && parameter[0] == "void") n = 0
    for (i = 0; i < n; i++) {
        if (parameter[i] == "...") { arguments = arguments ", NULL"; n = i; break }
        if (parameter[i] ~ /\(\*[a-z_]+\)\(/) { # a pointer to a function, written out
            name_found = parameter[i]
            sub(/.*\(\*/, "", name_found); sub(/\).*/, "", name_found)
            lines = lines sprintf("    %s = bad == %d ? NULL : good_%s(\"%s.%s\");\n", with_name(parameter[i], "a" i), i, name_found, name, name_found)
            bad = "pointer"
        } else {
            type = type_of(parameter[i])
            maker = type == "char *" ? "buffer" : maker_of(type)
            bad = bad_of(type, maker)
            if (!(maker in made)) maker_for(maker)
            lines = lines argument_of(i, plain(type), bad, maker, name "." name_found)
        }
        table = table sprintf(" { \"%s\", BAD_%s, %s },", name_found, bad, bad == "opts" ? substr(maker, 1, length(maker) - 2) "_fields" : "NULL")
        arguments = arguments ", a" i
        parameters++
    }
    sub(/^, /, "", arguments)
    count++
    printf "static seen call_%s(int bad, int value)\n{\n    (void)bad, (void)value;\n%s", name, lines
    if (result == "void") printf "    %s(%s);\n    return SEEN_NOTHING;\n}\n\n", name, arguments
    else if (result ~ /\*$/) printf "    return seen_pointer((const void *)%s(%s));\n}\n\n", name, arguments
    else if (result == "lathe_status" ) printf "    return seen_status(%s(%s));\n}\n\n", name, arguments
    else printf "    (void)%s(%s);\n    return SEEN_NOTHING;\n}\n\n", name, arguments
    rows = rows sprintf("    { \"%s\", call_%s, %d, {%s } },\n", name, name, n, table == "" ? " { NULL, BAD_none, NULL }" : table)
}

# The line that makes argument number i, bad or good.
function argument_of(i, type, bad, maker, place,    good_one)
{
    good_one = sprintf("good_%s(\"%s\")", maker, place)
    if (bad == "none") return sprintf("    %s a%d = %s;\n", type, i, good_one)
    if (bad == "opts") return sprintf("    %s a%d = bad == %d ? bad_opts(value, %s, %s_fields) : %s;\n", type, i, i, good_one, substr(maker, 1, length(maker) - 2), good_one)
    if (bad == "shape") return sprintf("    %s a%d = bad == %d ? bad_shape(value) : %s;\n", type, i, i, good_one)
    return sprintf("    %s a%d = bad == %d ? (%s)bad_%s(value) : %s;\n", type, i, i, type, bad, good_one)
}

# The members of an options struct that can be bad by themselves, as a table.
function fields_of(name, members,    n, i, j, k, member, list, type, m, rows, bad)
{
    n = split(members, member, ";")
    for (i = 1; i <= n; i++) {
        m = trim(member[i])
        if (m == "" || m ~ /\*/ && m !~ /^const char \*[a-z_]+$/) continue
        if (m !~ /^[a-z][a-zA-Z_0-9 ]* \*?[a-z]/) fail("a member of " name, m)
        type = m ~ /^const char \*/ ? "const char *" : m
        if (type == m) sub(/ [a-z_0-9]+(\[[A-Z_0-9a-z]+\])?(, .*)?$/, "", type)
        bad = type == "const char *" ? "text" : bad_number(type)
        m = substr(m, length(type) + 1)
        k = split(m, list, ",")
        for (j = 1; j <= k; j++) {
            sub(/\[.*/, "", list[j])
            if (bad != "none") rows = rows sprintf("    { \"%s\", offsetof(%s, %s), BAD_%s },\n", trim(list[j]), name, trim(list[j]), bad)
        }
    }
    printf "static const bad_field %s_fields[] = {\n%s    { NULL, 0, BAD_none }\n};\n\n", name, rows
}

function maker_for(maker)
{
    if (maker !~ /_opts_p$/) fail("good.h has no maker for", maker)
    made[maker] = 1
    printf "static void *good_%s(const char *place)\n{\n    (void)place;\n    return room();\n}\n\n", maker
}

function with_name(declared, name) { sub(/\(\*[a-z_]+\)/, "(*" name ")", declared); return declared }

# The type as a variable has it: no const of the pointer itself.
function plain(type) { sub(/\*const$/, "*", type); return type }

END {
    if (broken) exit 1
    for (file in from) files++
    each_declaration(without_comments(text))
    print "/* Generated by cases.awk from the public headers. */"
    for (name in inside_of) fields_of(name, inside_of[name])
    for (i = 1; i <= prototypes; i++) function_of(prototype[i])
    if (broken) exit 1
    printf "static const function functions[] = {\n%s};\n", rows
    printf "enum { HEADERS = %d, FUNCTIONS = %d, PARAMETERS = %d };\n", files, count, parameters
}
