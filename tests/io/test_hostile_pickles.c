/* Files of weights made to do harm: pickles that call something, and two thousand mutants of good files. */
#include "support/folder.h"
#include "support/support.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MUTANTS = 2000, ROOM = 1 << 16 };

/* Would make a file if a shell or Python ever got it; all hostile pickles have it as their argument. */
#define HARM "X\5\0\0\0touch"

typedef struct attack {
    const char *bytes;
    size_t size;
    const char *why;
} attack;

#define ATTACK(text, reason) \
    { \
        "\x80\x02" text, sizeof("\x80\x02" text) - 1, reason \
    }

static const attack attacks[] = {
    /* REDUCE of a global */
    ATTACK("cos\nsystem\n" HARM "\x85R.", "names os.system"),
    ATTACK("cposix\nsystem\n" HARM "\x85R.", "names posix.system"),
    ATTACK("csubprocess\nPopen\n" HARM "\x85R.", "names subprocess.Popen"),
    ATTACK("c__builtin__\neval\n" HARM "\x85R.", "names __builtin__.eval"),
    ATTACK("cbuiltins\nexec\n" HARM "\x85R.", "names builtins.exec"),
    ATTACK("cbuiltins\ngetattr\n" HARM "\x85R.", "names builtins.getattr"),
    ATTACK("coperator\nattrgetter\n" HARM "\x85R.", "names operator.attrgetter"),
    ATTACK("cfunctools\npartial\n" HARM "\x85R.", "names functools.partial"),
    ATTACK("crunpy\n_run_code\n" HARM "\x85R.", "names runpy._run_code"),
    ATTACK("ctorch.serialization\nload\n" HARM "\x85R.", "names torch.serialization.load"),
    ATTACK("ctorch\nload\n" HARM "\x85R.", "names torch.load"),
    ATTACK("ctorch.jit\n_unwrap\n" HARM "\x85R.", "names torch.jit._unwrap"),
    ATTACK("cnumpy.core.multiarray\n_reconstruct\n" HARM "\x85R.", "names numpy.core.multiarray"),
    ATTACK("ccollections\ndefaultdict\n" HARM "\x85R.", "names collections.defaultdict"),
    /* names that begin or end as known ones */
    ATTACK("ccollections\nOrderedDict.__class__\n)R.", "names collections.OrderedDict.__class__"),
    ATTACK("ctorch._utils\n_rebuild_tensor_v2.__globals__\n)R.", "names torch._utils._rebuild_tensor_v2."),
    ATTACK("ctorch\n_utils._rebuild_tensor_v3\n)R.", "names torch._utils._rebuild_tensor_v3"),
    ATTACK("ccollections\n OrderedDict\n)R.", "names collections. OrderedDict"),
    ATTACK("cos\0x\nsystem\n)R.", "names os"),
    ATTACK("c\n\n)R.", "names ."),
    /* other ways to a global or a call */
    ATTACK("(" HARM "ios\nsystem\n.", "opcode 0x69"),      /* INST */
    ATTACK("(cos\nsystem\n" HARM "o.", "names os.system"), /* OBJ */
    ATTACK("(ccollections\nOrderedDict\n" HARM "o.", "opcode 0x6f"),
    ATTACK("cos\nsystem\n" HARM "\x85\x81.", "names os.system"),  /* NEWOBJ */
    ATTACK("cos\nsystem\n" HARM "\x85}\x92.", "names os.system"), /* NEWOBJ_EX */
    ATTACK("ccollections\nOrderedDict\n)}\x92.", "opcode 0x92"),
    ATTACK("\x8c\2os\x8c\6system\x93" HARM "\x85R.", "names os.system"), /* STACK_GLOBAL */
    ATTACK("\x82\1" HARM "\x85R.", "opcode 0x82"),                       /* EXT1 */
    ATTACK("\x83\1\0" HARM "\x85R.", "opcode 0x83"),
    ATTACK("\x84\1\0\0\0" HARM "\x85R.", "opcode 0x84"),
    ATTACK("Ptouch\n.", "opcode 0x50"), /* PERSID */
    ATTACK("\x96\1\0\0\0\0\0\0\0x.", "opcode 0x96"),
    ATTACK("\x97.", "opcode 0x97"),
    ATTACK("cos\nsystem\nq\0" HARM "h\0R.", "names os.system"),
    /* the memo: names kept and put together later, a place taken twice, a text in place of a global */
    ATTACK("\x8c\2osq\0\x8c\6systemq\0010h\0h\1\x93" HARM "\x85R.", "names os.system"),
    ATTACK("ccollections\nOrderedDict\nq\0000\x8c\tos.systemq\0000h\0)R.", "a call of something"),
    ATTACK("\x8c\tos.system" HARM "\x85R.", "a call of something"),
    ATTACK("h\5.", "a memo that was not made"),
    ATTACK("Nr\xff\xff\xff\x7f.", "a memo out of order"),
    /* BUILD, and calls of known names that make no file of weights */
    ATTACK("ctorch._utils\n_rebuild_tensor_v2\n)R}b.", "not of torch.save"),
    ATTACK("ccollections\nOrderedDict\n)R}X\10\0\0\0__dict__" HARM "sb.", "not of torch.save"),
    ATTACK("ccollections\nOrderedDict\n](K\1K\2e\x85R.", "without pairs"),
    ATTACK("ctorch._utils\n_rebuild_parameter\nctorch._utils\n_rebuild_parameter\n\x85R.",
        "not of torch.save"),
    /* containers that hold themselves, and marks that are missing */
    ATTACK("]q\0h\0a.", "not of torch.save"),
    ATTACK("}q\0NXh\0\0\0.", "too early"),
    ATTACK("t.", "a mark is missing"),
    ATTACK("(.", "a mark is left over"),
    ATTACK("N0.", "missing on the stack"),
};

static const char *write_bytes(const void *bytes, size_t size)
{
    const char *path = test_path("w.pth");
    test_write(path, bytes, size);
    return path;
}

static void nothing_is_called(void **state)
{
    (void)state;
    const int before = test_folder_entries();
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        if (lathe_weights_read(write_bytes(attacks[i].bytes, attacks[i].size)))
            fail_msg("attack %zu was read", i);
        if (!strstr(lathe_error_message(), attacks[i].why))
            fail_msg("attack %zu, %s: %s", i, attacks[i].why, lathe_error_message());
        assert_failed(LATHE_EFORMAT, attacks[i].why);
    }
    assert_int_equal(test_folder_entries(), before + 1); /* w.pth */
}

static char *add(char *to, const char *from, size_t size)
{
    memcpy(to, from, size);
    return to + size;
}

/* A small file may not ask for any amount of memory: many dictionaries are made of one list of pairs. */
static void dictionaries_of_one_list_are_bounded(void **state)
{
    (void)state;
    enum { PAIRS = 60000, CALLS = 20000 };
    static const char begin[] = "\x80\x02"
                                "ccollections\nOrderedDict\nq", /* memo 0 */
        pair[] = "0KaKb\x86q\1"
                 "0](", /* memo 1, and a list */
        list[] = "eq\2"
                 "0("; /* memo 2 */
    char *bytes = malloc(PAIRS * 2 + CALLS * 6 + 100), *to = bytes;
    to = add(to, begin, sizeof begin); /* with its 0 */
    to = add(to, pair, sizeof pair - 1);
    for (int i = 0; i < PAIRS; i++) to = add(to, "h\1", 2);
    to = add(to, list, sizeof list - 1);
    for (int i = 0; i < CALLS; i++) to = add(to, "h\0h\2\x85R", 6);
    to = add(to, "t.", 2);
    assert_null(lathe_weights_read(write_bytes(bytes, (size_t)(to - bytes))));
    assert_failed(LATHE_EFORMAT, "too many values in its containers");
    free(bytes);
}

/* ---- mutants ------------------------------------------------------------------------------------------- */

typedef struct mutant {
    uint8_t bytes[ROOM];
    size_t size;
} mutant;

static size_t below(lathe_rng *rng, size_t count) { return (size_t)lathe_rng_below(rng, count ? count : 1); }

/* Bytes are replaced, flipped, cut out, put in, copied, or become opcodes and large numbers. */
static void change(mutant *m, lathe_rng *rng)
{
    static const uint8_t opcodes[] =
        "(.012NRQcbdehijlopqrstu}]\x81\x82\x85\x86\x87\x8a\x8c\x90\x92\x93\x94\x95";
    static const uint8_t numbers[] = { 0, 1, 0x7f, 0x80, 0xff };
    const size_t at = below(rng, m->size), length = 1 + below(rng, 8), from = below(rng, m->size);
    switch (below(rng, 7)) {
    case 0: m->bytes[at] = (uint8_t)below(rng, 256); break;
    case 1: m->bytes[at] ^= (uint8_t)(1 << below(rng, 8)); break;
    case 2: m->bytes[at] = opcodes[below(rng, sizeof opcodes - 1)]; break;
    case 3:
        for (size_t i = at; i < at + length && i < m->size; i++) m->bytes[i] = numbers[below(rng, 5)];
        break;
    case 4:
        for (size_t i = 0; i < length && at + i < m->size && from + i < m->size; i++)
            m->bytes[at + i] = m->bytes[from + i];
        break;
    case 5:
        if (m->size < length + 1 || at + length > m->size) break;
        memmove(m->bytes + at, m->bytes + at + length, m->size - at - length);
        m->size -= length;
        break;
    default:
        if (m->size + length > ROOM) break;
        memmove(m->bytes + at + length, m->bytes + at, m->size - at);
        for (size_t i = 0; i < length; i++) m->bytes[at + i] = opcodes[below(rng, sizeof opcodes - 1)];
        m->size += length;
    }
}

static uint32_t number_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Correct the checksums of an archive, so that its pickle is read in spite of the change. */
static void mend(mutant *m)
{
    for (size_t at = 0; at + 46 <= m->size; at++) {
        if (memcmp(m->bytes + at, "PK\1\2", 4) != 0) continue;
        const size_t size = number_at(m->bytes + at + 24), local = number_at(m->bytes + at + 42);
        if (local + 30 > m->size) continue;
        const size_t begin = local + 30 + m->bytes[local + 26] + 256u * m->bytes[local + 27] +
            m->bytes[local + 28] + 256u * m->bytes[local + 29];
        if (begin > m->size || size > m->size - begin) continue;
        const uint32_t sum = lathe_crc32(0, m->bytes + begin, size);
        for (int i = 0; i < 4; i++) m->bytes[at + 16 + (size_t)i] = (uint8_t)(sum >> 8 * i);
    }
}

/* Read or refuse it; all numbers of what was read are looked at. Returns true if it was read. */
static bool try(const mutant *m)
{
    lathe_safetensors *file = lathe_weights_read(write_bytes(m->bytes, m->size));
    if (!file && !*lathe_error_message()) fail_msg("refused without a message");
    for (size_t i = 0; file && i < file->tensors; i++) {
        const size_t count = file->tensor[i].count;
        assert_true(count <= 4 * m->size);
        lathe_real *values = malloc((count + 1) * sizeof *values);
        lathe_safetensors_get(file, &file->tensor[i], values, count);
        free(values);
    }
    lathe_error_clear();
    const bool was_read = file != NULL;
    lathe_safetensors_free(file);
    return was_read;
}

static void mutants_are_read_or_refused(void **state)
{
    (void)state;
    static const char *const seeds[] = { "zip", "old", "nested", "parameter" };
    int count[2] = { 0 };
    for (int i = 0; i < MUTANTS; i++) {
        static mutant m;
        char path[1024];
        size_t size;
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/weights/%s", LATHE_TEST_SOURCE, seeds[i % 4]);
        char *bytes = test_bytes(path, &size);
        assert_true(size <= ROOM);
        memcpy(m.bytes, bytes, size);
        m.size = size;
        free(bytes);
        lathe_rng rng = lathe_rng_at(20, lathe_rng_stream("tests/mutants"), (uint64_t)i);
        for (size_t k = 1 + below(&rng, 4); k; k--) change(&m, &rng);
        if (i % 8 < 6 && m.bytes[0] == 'P') mend(&m);
        count[try(&m)]++;
    }
    print_message("mutants: %d read, %d refused\n", count[1], count[0]);
    assert_true(count[0] > MUTANTS / 10 && count[1] > MUTANTS / 20);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_called),
        cmocka_unit_test(dictionaries_of_one_list_are_bounded),
        cmocka_unit_test(mutants_are_read_or_refused) };
    test_folder();
    return cmocka_run_group_tests(tests, NULL, clean);
}
