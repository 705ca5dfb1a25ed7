#include <stdio.h>
#include <string.h>

#include "pickle_impl.h"
#include "text.h"

/* Values come from the arena in chunks: one allocation for each would waste most of it. */
enum { CHUNK = 256, LONGEST_TEXT = 1 << 20 };

typedef struct machine {
    const unsigned char *bytes;
    size_t size, at;
    lathe_arena *arena;
    const lathe_pickle_opts *opts;
    lathe_pickle_value *chunk;
    size_t values, items;           /* made so far; put into containers so far */
    lathe_pickle_value *persistent; /* the list of all */
    lathe_pickle_value **stack, **memo;
    size_t depth, stack_room, memos, memo_room;
    size_t *mark;
    size_t marks, mark_room;
} machine;

/* ---- memory -------------------------------------------------------------------------------------------- */

static lathe_status refuse(const machine *m, const char *why)
{
    return lathe_fail(LATHE_EFORMAT, "%s: pickle: byte %zu: %s", m->opts->name, m->at, why);
}

/* Room for one more of `count` objects: a larger copy in the arena. NULL after a failure. */
static void *grown(machine *m, void *old, size_t count, size_t *room, size_t size)
{
    if (count < *room) return old;
    const size_t wanted = *room ? *room * 2 : 8;
    if (wanted > LATHE_PICKLE_VALUES * 2) return refuse(m, "too many values"), NULL;
    void *larger = lathe_arena_alloc(m->arena, wanted, size);
    if (!larger) return NULL;
    if (count) memcpy(larger, old, count * size);
    *room = wanted;
    return larger;
}

static lathe_pickle_value *make(machine *m, lathe_pickle_kind kind)
{
    if (m->values >= LATHE_PICKLE_VALUES) return refuse(m, "too many values"), NULL;
    if (m->values % CHUNK == 0) m->chunk = lathe_arena_zeroed(m->arena, CHUNK, sizeof *m->chunk);
    if (!m->chunk) return NULL;
    lathe_pickle_value *value = &m->chunk[m->values++ % CHUNK];
    value->kind = kind;
    return value;
}

static bool push(machine *m, lathe_pickle_value *value)
{
    if (!value) return false;
    if (m->depth >= LATHE_PICKLE_STACK) return refuse(m, "too many values on the stack"), false;
    lathe_pickle_value **stack = grown(m, m->stack, m->depth, &m->stack_room, sizeof *stack);
    if (!stack) return false;
    m->stack = stack;
    m->stack[m->depth++] = value;
    return true;
}

/* The stack's bottom for opcodes that do not go past a mark. */
static size_t bottom(const machine *m) { return m->marks ? m->mark[m->marks - 1] : 0; }

static lathe_pickle_value *pop(machine *m)
{
    if (m->depth <= bottom(m)) return refuse(m, "a value is missing on the stack"), NULL;
    return m->stack[--m->depth];
}

static lathe_pickle_value *top(machine *m)
{
    if (m->depth <= bottom(m)) return refuse(m, "a value is missing on the stack"), NULL;
    return m->stack[m->depth - 1];
}

static bool set_mark(machine *m)
{
    size_t *mark = grown(m, m->mark, m->marks, &m->mark_room, sizeof *mark);
    if (!mark) return false;
    m->mark = mark;
    m->mark[m->marks++] = m->depth;
    return true;
}

/* Take the values above the last mark: *count of them, valid until the next push. */
static lathe_pickle_value **take_marked(machine *m, size_t *count)
{
    static lathe_pickle_value *none[1];
    if (!m->marks) return refuse(m, "a mark is missing"), NULL;
    const size_t begin = m->mark[--m->marks];
    *count = m->depth - begin;
    m->depth = begin;
    return m->stack ? m->stack + begin : none;
}

static bool add(machine *m, lathe_pickle_value *list, lathe_pickle_value *const *item, size_t count)
{
    m->items += count;
    if (m->items > LATHE_PICKLE_ITEMS) return refuse(m, "too many values in its containers"), false;
    for (size_t i = 0; i < count; i++) {
        lathe_pickle_value **items = grown(m, list->item, list->count, &list->room, sizeof *items);
        if (!items) return false;
        list->item = items;
        list->item[list->count++] = item[i];
    }
    return true;
}

/* ---- reading bytes ------------------------------------------------------------------------------------- */

/* The next `count` bytes; NULL if the pickle ends before. */
static const unsigned char *next(machine *m, uint64_t count)
{
    if (count > m->size - m->at) return refuse(m, "ends too early"), NULL;
    const unsigned char *bytes = m->bytes + m->at;
    m->at += (size_t)count;
    return bytes;
}

/* The next number of 1, 2, 4 or 8 bytes, lowest first. */
static bool next_count(machine *m, int bytes, uint64_t *count)
{
    const unsigned char *from = next(m, (uint64_t)bytes);
    *count = 0;
    for (int i = bytes; from && i--;) *count = *count << 8 | from[i];
    return from != NULL;
}

/* A text or bytes whose length comes before it. */
static lathe_pickle_value *sized(machine *m, lathe_pickle_kind kind, int length_bytes)
{
    uint64_t length;
    if (!next_count(m, length_bytes, &length)) return NULL;
    if (length > LONGEST_TEXT) return refuse(m, "a text above 1 MiB"), NULL;
    const unsigned char *from = next(m, length);
    char *text = from ? lathe_arena_alloc(m->arena, (size_t)length + 1, 1) : NULL;
    lathe_pickle_value *value = text ? make(m, kind) : NULL;
    if (!value) return NULL;
    memcpy(text, from, (size_t)length);
    text[length] = '\0';
    value->text = text;
    value->length = (size_t)length;
    return value;
}

static lathe_pickle_value *utf8(machine *m, int length_bytes)
{
    lathe_pickle_value *value = sized(m, LATHE_PICKLE_TEXT, length_bytes);
    for (const char *at = value ? value->text : ""; value && at < value->text + value->length;) {
        const int length = lathe_utf8_length(at);
        if (length <= 0) return refuse(m, "a text that is not UTF-8"), NULL;
        at += length;
    }
    return value;
}

static lathe_pickle_value *integer(machine *m, int bytes)
{
    uint64_t number;
    lathe_pickle_value *value = next_count(m, bytes, &number) ? make(m, LATHE_PICKLE_INTEGER) : NULL;
    if (value) value->integer = bytes == 4 ? (int64_t)(int32_t)number : (int64_t)number;
    return value;
}

/* An integer of any length, in two's complement. */
static lathe_pickle_value *long_integer(machine *m, int length_bytes)
{
    lathe_pickle_value *value = sized(m, LATHE_PICKLE_LONG, length_bytes);
    if (!value || value->length > 8) return value;
    uint64_t number = value->length && (signed char)value->text[value->length - 1] < 0 ? UINT64_MAX : 0;
    for (size_t i = value->length; i--;) number = number << 8 | (unsigned char)value->text[i];
    value->kind = LATHE_PICKLE_INTEGER;
    value->integer = (int64_t)number;
    return value;
}

static lathe_pickle_value *boolean(machine *m, bool is_true)
{
    lathe_pickle_value *value = make(m, LATHE_PICKLE_BOOL);
    if (value) value->integer = is_true;
    return value;
}

/* A double, highest byte first. */
static lathe_pickle_value *floating(machine *m)
{
    const unsigned char *from = next(m, 8);
    uint64_t bits = 0;
    for (int i = 0; from && i < 8; i++) bits = bits << 8 | from[i];
    lathe_pickle_value *value = from ? make(m, LATHE_PICKLE_NUMBER) : NULL;
    if (value) memcpy(&value->number, &bits, sizeof bits);
    return value;
}

/* ---- globals and calls --------------------------------------------------------------------------------- */

static lathe_pickle_value *global(machine *m, const char *module, size_t module_length, const char *name,
    size_t name_length)
{
    char whole[160];
    if (module_length + name_length + 2 > sizeof whole)
        return refuse(m, "the name of a global is too long"), NULL;
    snprintf(whole, sizeof whole, "%.*s.%.*s", (int)module_length, module, (int)name_length, name);
    if (!m->opts->knows(whole)) {
        for (char *c = whole; *c; c++)
            if (*c < ' ' || *c > '~') *c = '?';
        lathe_fail(LATHE_EFORMAT,
            "%s: its pickle names %.120s, which is no part of a file of weights; refused", m->opts->name,
            whole);
        return NULL;
    }
    lathe_pickle_value *value = make(m, LATHE_PICKLE_GLOBAL);
    if (value) value->text = lathe_arena_strdup(m->arena, whole);
    return value && value->text ? value : NULL;
}

/* "module\nname\n". */
static lathe_pickle_value *global_lines(machine *m)
{
    const char *line[2];
    size_t length[2];
    for (int i = 0; i < 2; i++) {
        line[i] = (const char *)m->bytes + m->at;
        const char *end = memchr(line[i], '\n', m->size - m->at);
        if (!end) return refuse(m, "ends too early"), NULL;
        length[i] = (size_t)(end - line[i]);
        m->at += length[i] + 1;
    }
    return global(m, line[0], length[0], line[1], length[1]);
}

static lathe_pickle_value *global_of_stack(machine *m)
{
    const lathe_pickle_value *name = pop(m), *module = name ? pop(m) : NULL;
    if (!module) return NULL;
    if (name->kind != LATHE_PICKLE_TEXT || module->kind != LATHE_PICKLE_TEXT)
        return refuse(m, "the name of a global is no text"), NULL;
    return global(m, module->text, module->length, name->text, name->length);
}

static bool is_pair(const lathe_pickle_value *value)
{
    return (value->kind == LATHE_PICKLE_TUPLE || value->kind == LATHE_PICKLE_LIST) && value->count == 2;
}

/* An ordered dictionary is a dictionary: of nothing, or of a list of pairs. */
static lathe_pickle_value *ordered_dict(machine *m, const lathe_pickle_value *arguments)
{
    lathe_pickle_value *dict = make(m, LATHE_PICKLE_DICT);
    const lathe_pickle_value *pairs = arguments->count ? arguments->item[0] : NULL;
    for (size_t i = 0; dict && pairs && i < pairs->count; i++) {
        if (!is_pair(pairs->item[i])) return refuse(m, "an OrderedDict without pairs"), NULL;
        if (!add(m, dict, pairs->item[i]->item, 2)) return NULL;
    }
    return dict;
}

/* What stands for calling a global with arguments. */
static lathe_pickle_value *call(machine *m)
{
    lathe_pickle_value *arguments = pop(m), *what = arguments ? pop(m) : NULL;
    if (!what) return NULL;
    if (what->kind != LATHE_PICKLE_GLOBAL || arguments->kind != LATHE_PICKLE_TUPLE)
        return refuse(m, "a call of something that is no global"), NULL;
    if (!strcmp(what->text, "collections.OrderedDict")) return ordered_dict(m, arguments);
    lathe_pickle_value *value = make(m, LATHE_PICKLE_CALL);
    lathe_pickle_value *const parts[] = { what, arguments };
    return value && add(m, value, parts, 2) ? value : NULL;
}

static lathe_pickle_value *persistent(machine *m)
{
    lathe_pickle_value *id = pop(m), *value = id ? make(m, LATHE_PICKLE_PERSISTENT) : NULL;
    return value && add(m, value, &id, 1) && add(m, m->persistent, &value, 1) ? value : NULL;
}

/* ---- containers ---------------------------------------------------------------------------------------- */

static lathe_pickle_value *marked(machine *m, lathe_pickle_kind kind)
{
    size_t count;
    lathe_pickle_value **item = take_marked(m, &count), *value = item ? make(m, kind) : NULL;
    if (value && kind == LATHE_PICKLE_DICT && count % 2) return refuse(m, "a key without a value"), NULL;
    return value && add(m, value, item, count) ? value : NULL;
}

static lathe_pickle_value *tuple(machine *m, size_t count)
{
    lathe_pickle_value *value = make(m, LATHE_PICKLE_TUPLE);
    if (!value) return NULL;
    if (m->depth - bottom(m) < count) return refuse(m, "a value is missing on the stack"), NULL;
    m->depth -= count;
    return add(m, value, m->stack + m->depth, count) ? value : NULL;
}

/* Add values to the list or dictionary on the stack: those above the mark, or the last `count`. */
static bool extend(machine *m, lathe_pickle_kind kind, size_t count, bool by_mark)
{
    lathe_pickle_value *const *item = m->stack;
    if (by_mark) {
        item = take_marked(m, &count);
        if (!item) return false;
    } else {
        if (m->depth - bottom(m) < count) return refuse(m, "a value is missing on the stack"), false;
        m->depth -= count;
        item = m->stack + m->depth;
    }
    lathe_pickle_value *to = top(m);
    if (!to) return false;
    if (to->kind != kind) return refuse(m, "something else than a list or a dictionary grows"), false;
    if (kind == LATHE_PICKLE_DICT && count % 2) return refuse(m, "a key without a value"), false;
    return add(m, to, item, count);
}

/* ---- the memo ------------------------------------------------------------------------------------------ */

/* Places come in rising order; Python 2 begins with 1, so one may be left out. */
static bool remember(machine *m, uint64_t place)
{
    lathe_pickle_value *value = top(m);
    if (!value) return false;
    if (place > m->memos + 1) return refuse(m, "a memo out of order"), false;
    while (place >= m->memos) {
        lathe_pickle_value **memo = grown(m, m->memo, m->memos, &m->memo_room, sizeof *memo);
        if (!memo) return false;
        m->memo = memo;
        m->memo[m->memos++] = NULL;
    }
    m->memo[place] = value;
    return true;
}

static bool recall(machine *m, int bytes)
{
    uint64_t place;
    if (!next_count(m, bytes, &place)) return false;
    if (place >= m->memos || !m->memo[place]) return refuse(m, "a memo that was not made"), false;
    return push(m, m->memo[place]);
}

static bool remember_at(machine *m, int bytes)
{
    uint64_t place;
    return next_count(m, bytes, &place) && remember(m, place);
}

/* ---- the opcodes --------------------------------------------------------------------------------------- */

static bool skip(machine *m, int bytes) { return next(m, (uint64_t)bytes) != NULL; }

static bool drop(machine *m) { return pop(m) != NULL; }

static bool drop_marked(machine *m)
{
    size_t count;
    return take_marked(m, &count) != NULL;
}

/* What changes the stack without making a value. *known becomes false for an unknown opcode. */
static bool act(machine *m, int opcode, bool *known)
{
    switch (opcode) {
    case 0x80: return skip(m, 1);                            /* PROTO */
    case 0x95: return skip(m, 8);                            /* FRAME */
    case '(': return set_mark(m);                            /* MARK */
    case '0': return drop(m);                                /* POP */
    case '1': return drop_marked(m);                         /* POP_MARK */
    case '2': return push(m, top(m));                        /* DUP */
    case 'a': return extend(m, LATHE_PICKLE_LIST, 1, false); /* APPEND */
    case 'e': return extend(m, LATHE_PICKLE_LIST, 0, true);  /* APPENDS */
    case 0x90: return extend(m, LATHE_PICKLE_LIST, 0, true); /* ADDITEMS */
    case 's': return extend(m, LATHE_PICKLE_DICT, 2, false); /* SETITEM */
    case 'u': return extend(m, LATHE_PICKLE_DICT, 0, true);  /* SETITEMS */
    case 'b': return drop(m);                                /* BUILD: attributes are not read */
    case 'q': return remember_at(m, 1);                      /* BINPUT */
    case 'r': return remember_at(m, 4);                      /* LONG_BINPUT */
    case 0x94: return remember(m, m->memos);                 /* MEMOIZE */
    case 'h': return recall(m, 1);                           /* BINGET */
    case 'j': return recall(m, 4);                           /* LONG_BINGET */
    default: *known = false; return false;
    }
}

/* What makes a value. *known becomes false for an unknown opcode. */
static lathe_pickle_value *value_of(machine *m, int opcode, bool *known)
{
    switch (opcode) {
    case 'N': return make(m, LATHE_PICKLE_NONE);
    case 0x88: return boolean(m, true);                    /* NEWTRUE */
    case 0x89: return boolean(m, false);                   /* NEWFALSE */
    case 'J': return integer(m, 4);                        /* BININT */
    case 'K': return integer(m, 1);                        /* BININT1 */
    case 'M': return integer(m, 2);                        /* BININT2 */
    case 0x8a: return long_integer(m, 1);                  /* LONG1 */
    case 0x8b: return long_integer(m, 4);                  /* LONG4 */
    case 'G': return floating(m);                          /* BINFLOAT */
    case 'X': return utf8(m, 4);                           /* BINUNICODE */
    case 0x8c: return utf8(m, 1);                          /* SHORT_BINUNICODE */
    case 0x8d: return utf8(m, 8);                          /* BINUNICODE8 */
    case 'U': return utf8(m, 1);                           /* SHORT_BINSTRING, of Python 2 */
    case 'T': return utf8(m, 4);                           /* BINSTRING, of Python 2 */
    case 'C': return sized(m, LATHE_PICKLE_BYTES_KIND, 1); /* SHORT_BINBYTES */
    case 'B': return sized(m, LATHE_PICKLE_BYTES_KIND, 4); /* BINBYTES */
    case 0x8e: return sized(m, LATHE_PICKLE_BYTES_KIND, 8);
    case ']': return make(m, LATHE_PICKLE_LIST);   /* EMPTY_LIST */
    case 0x8f: return make(m, LATHE_PICKLE_LIST);  /* EMPTY_SET */
    case 'l': return marked(m, LATHE_PICKLE_LIST); /* LIST */
    case ')': return make(m, LATHE_PICKLE_TUPLE);  /* EMPTY_TUPLE */
    case 't': return marked(m, LATHE_PICKLE_TUPLE);
    case 0x85: return tuple(m, 1);
    case 0x86: return tuple(m, 2);
    case 0x87: return tuple(m, 3);
    case '}': return make(m, LATHE_PICKLE_DICT); /* EMPTY_DICT */
    case 'd': return marked(m, LATHE_PICKLE_DICT);
    case 'c': return global_lines(m);     /* GLOBAL */
    case 0x93: return global_of_stack(m); /* STACK_GLOBAL */
    case 'R': return call(m);             /* REDUCE */
    case 0x81: return call(m);            /* NEWOBJ */
    case 'Q': return persistent(m);       /* BINPERSID */
    default: *known = false; return NULL;
    }
}

static bool one(machine *m, int opcode)
{
    bool known = true;
    if (act(m, opcode, &known)) return true;
    if (known) return false;
    known = true;
    if (push(m, value_of(m, opcode, &known))) return true;
    char why[64];
    snprintf(why, sizeof why, "opcode 0x%02x is not known", (unsigned)opcode);
    if (!known) refuse(m, why);
    return false;
}

lathe_status lathe_pickle_read(const void *bytes, size_t size, lathe_arena *arena,
    const lathe_pickle_opts *opts, lathe_pickle *pickle)
{
    machine m = { .bytes = bytes, .size = size, .arena = arena, .opts = opts };
    if (m.size > LATHE_PICKLE_BYTES) m.size = LATHE_PICKLE_BYTES;
    m.persistent = make(&m, LATHE_PICKLE_LIST);
    if (!m.persistent) return lathe_error();
    for (;;) {
        const unsigned char *opcode = next(&m, 1);
        if (!opcode) return lathe_error();
        if (*opcode == '.') break;
        if (!one(&m, *opcode)) return lathe_error();
    }
    if (m.marks) return refuse(&m, "a mark is left over");
    *pickle = (lathe_pickle){ .root = pop(&m), .persistent = m.persistent, .used = m.at };
    return pickle->root ? LATHE_OK : lathe_error();
}

const lathe_pickle_value *lathe_pickle_get(const lathe_pickle_value *dict, const char *key)
{
    for (size_t i = 0; dict->kind == LATHE_PICKLE_DICT && i < dict->count; i += 2)
        if (dict->item[i]->kind == LATHE_PICKLE_TEXT && !strcmp(dict->item[i]->text, key))
            return dict->item[i + 1];
    return NULL;
}
