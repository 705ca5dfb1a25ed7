#include "support/folder.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file of the given header and data; the header's true length before it. */
static const char *write_raw(const char *header, size_t header_length, const void *data, size_t size)
{
    uint64_t length = header_length;
    const char *path = test_path("raw.safetensors");
    lathe_bytes parts[] = { { &length, 8 }, { header, header_length }, { data, size } };
    assert_int_equal(lathe_file_write(path, parts, 3), LATHE_OK);
    return path;
}

static void write_two(const char *path)
{
    static const lathe_real a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { (lathe_real)-0.5 };
    static const lathe_metadata metadata[] = { { "lathe.note", "two\nlines \"and\" \xc3\xa9" }, { "x", "" } };
    const lathe_saved tensors[] = {
        { NULL, "0.weight", { 2, { 2, 3 } }, a },
        { "optimizer.", "step", { 0, { 0 } }, b },
    };
    assert_int_equal(lathe_safetensors_write(path, tensors, 2, metadata, 2), LATHE_OK);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const char *path = test_path("a.safetensors");
    write_two(path);
    lathe_safetensors *file = lathe_safetensors_read(path);
    assert_non_null(file);
    assert_int_equal(file->tensors, 2);
    assert_string_equal(lathe_safetensors_text(file, "lathe.note"), "two\nlines \"and\" \xc3\xa9");
    assert_string_equal(lathe_safetensors_text(file, "x"), "");
    assert_null(lathe_safetensors_text(file, "y"));
    const lathe_safetensor *tensor = lathe_safetensors_find(file, "0.weight");
    assert_non_null(tensor);
    assert_int_equal(tensor->rank, 2);
    assert_true(tensor->dim[0] == 2 && tensor->dim[1] == 3);
    lathe_real values[6];
    assert_int_equal(lathe_safetensors_get(file, tensor, values, 6), LATHE_OK);
    for (int i = 0; i < 6; i++) assert_true(values[i] == (lathe_real)(i + 1));
    assert_int_equal(lathe_safetensors_get(file, tensor, values, 5), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "has 6 numbers, expected 5");
    tensor = lathe_safetensors_find(file, "optimizer.step");
    assert_int_equal(tensor->rank, 0);
    assert_int_equal(lathe_safetensors_get(file, tensor, values, 1), LATHE_OK);
    assert_true(values[0] == (lathe_real)-0.5);
    assert_null(lathe_safetensors_find(file, "step"));
    lathe_safetensors_free(file);

    /* The numbers begin at a multiple of eight, and the same content gives the same bytes. */
    size_t size, again;
    char *bytes = test_bytes(path, &size), *other;
    uint64_t length;
    memcpy(&length, bytes, 8);
    assert_int_equal(length % 8, 0);
    write_two(test_path("b.safetensors"));
    other = test_bytes(test_path("b.safetensors"), &again);
    assert_int_equal(size, again);
    assert_memory_equal(bytes, other, size);
    free(bytes);
    free(other);
}

/* A file made by hand, as other programs write them: no checksums, keys in another order, blanks, escapes, an
 * empty tensor. */
static void a_foreign_file_is_read(void **state)
{
    (void)state;
    static const char header[] =
        "{ \"half\" : { \"shape\" : [ 2 ] , \"data_offsets\":[4,8],\"dtype\":\"F16\"},"
        "\"\\u00e9\\ud83d\\ude00\\/\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},\n"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[8,8]},"
        "\"brain\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[8,10]},"
        "\"count\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[10,18]},"
        "\"wide\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[18,26]},"
        "\"small\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[26,30]},"
        "\"bytes\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[30,32]}}   ";
    unsigned char data[32] = { 0, 0, 0x20, 0x41, /* 10 as F32 */ 0x00, 0xc0, 0xff,
        0x03, /* -2 and 1023 * 2^-24 as F16 */
        0x40, 0x40 /* 3 as BF16 */ };
    int64_t count = -7;
    double wide = 0.1;
    int32_t small = 1 << 30;
    memcpy(data + 10, &count, 8);
    memcpy(data + 18, &wide, 8);
    memcpy(data + 26, &small, 4);
    lathe_safetensors *file = lathe_safetensors_read(write_raw(header, sizeof header - 1, data, sizeof data));
    assert_non_null(file);
    assert_int_equal(file->tensors, 8);
    static const struct {
        const char *name;
        size_t count;
        double value[2];
    } expected[] = { { "\xc3\xa9\xf0\x9f\x98\x80/", 1, { 10 } }, { "half", 2, { -2, 1023.0 / (1 << 24) } },
        { "none", 0, { 0 } }, { "brain", 1, { 3 } }, { "count", 1, { -7 } }, { "wide", 1, { 0.1 } },
        { "small", 1, { 1 << 30 } } };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        lathe_real got[2];
        const lathe_safetensor *tensor = lathe_safetensors_find(file, expected[i].name);
        assert_non_null(tensor);
        assert_int_equal(lathe_safetensors_get(file, tensor, got, expected[i].count), LATHE_OK);
        for (size_t k = 0; k < expected[i].count; k++)
            assert_true(got[k] == (lathe_real)expected[i].value[k]);
    }
    lathe_real got[2];
    assert_int_equal(lathe_safetensors_get(file, lathe_safetensors_find(file, "bytes"), got, 2),
        LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "of type F8_E4M3, which cannot be converted");
    lathe_safetensors_free(file);
}

/* Halves that are not numbers. */
static void special_halves_are_converted(void **state)
{
    (void)state;
    static const char header[] = "{\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]}}";
    static const uint16_t data[] = { 0x7c00, 0xfc00, 0x7e00, 0x8000 };
    lathe_safetensors *file = lathe_safetensors_read(write_raw(header, sizeof header - 1, data, sizeof data));
    lathe_real got[4];
    assert_int_equal(lathe_safetensors_get(file, &file->tensor[0], got, 4), LATHE_OK);
    assert_true(isinf(got[0]) && got[0] > 0 && isinf(got[1]) && got[1] < 0 && isnan(got[2]) && got[3] == 0 &&
        signbit(got[3]));
    lathe_safetensors_free(file);
}

#define ONE "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"

static void malformed_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        const char *reason;
    } cases[] = {
        { "", 0, "does not begin with '{'" },
        { " {}", 0, "does not begin with '{'" },
        { "[]", 0, "does not begin with '{'" },
        { "{", 0, "expected a string" },
        { "{\"a", 0, "ends in a string" },
        { "{" ONE, 4, "expected ',' or '}'" },
        { "{" ONE ",}", 4, "expected a string" },
        { "{" ONE "}x", 4, "something follows the object" },
        { "{" ONE "}}", 4, "something follows the object" },
        { "{" ONE "," ONE "}", 4, "overlaps another" },
        { "{" ONE ",\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "occurs twice" },
        { "{" ONE "}", 5, "1 bytes follow the last tensor" },
        { "{}", 1, "1 bytes follow the last tensor" },
        { "{" ONE "}", 3, "lies outside the file" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}", 5, "leaves a gap" },
        { "{" ONE ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[5,9]}}", 9, "leaves a gap" },
        { "{" ONE ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}", 6, "overlaps" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "lies outside" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
            "another size than its shape" },
        { "{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown dtype" },
        { "{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown dtype" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "whole number" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "expected ',' or ']'" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e0],\"data_offsets\":[0,4]}}", 4, "expected ',' or ']'" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}", 4, "whole number" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4,
            "above 2^64" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
            "more numbers than" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,1],\"data_offsets\":[0,0]}}", 0,
            "more bytes than" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
            "too many numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4, "too many numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}", 4, "lacks" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "lacks" },
        { "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "lacks" },
        { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "lacks" },
        { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "one twice" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "one twice" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "unknown key" },
        { "{\"a\":{}}", 4, "expected a string" },
        { "{\"a\":null}", 4, "expected '{'" },
        { "{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "expected a string" },
        { "{\"\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "is empty" },
        { "{\"a\\u0000b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "stands for no character" },
        { "{\"a\\ud800\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "stands for no character" },
        { "{\"a\\udc00\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "stands for no character" },
        { "{\"a\\n\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "control character" },
        { "{\"a\n\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "control character" },
        { "{\"a\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "not UTF-8" },
        { "{\"a\\x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "unknown escape" },
        { "{\"a\\u12g4\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
            "stands for no character" },
        { "{\"__metadata__\":{\"a\":\"b\",\"a\":\"b\"}}", 0, "metadata 'a' occurs twice" },
        { "{\"__metadata__\":{\"a\":1}}", 0, "expected a string" },
        { "{\"__metadata__\":[]}", 0, "expected '{'" },
        { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ occurs twice" },
        { "{\"__metadata__\":{\"lathe.data_crc32\":\"00000000\"}}", 0, "damaged: the header's checksum" },
        { "{\"__metadata__\":{\"lathe.header_crc32\":\"00000000\"}}", 0, "damaged: the header's checksum" },
    };
    static const char data[16];
    int count = (int)(sizeof cases / sizeof cases[0]);
    for (int i = 0; i < count; i++) {
        if (lathe_safetensors_read(write_raw(cases[i].header, strlen(cases[i].header), data, cases[i].data)))
            fail_msg("case %d was taken: %s", i, cases[i].header);
        if (!strstr(lathe_error_message(), cases[i].reason))
            fail_msg("case %d: %s", i, lathe_error_message());
        assert_failed(LATHE_EFORMAT, "raw.safetensors: ");
    }
    print_message("malformed headers %d/%d\n", count, count);
}

static void lengths_are_checked_first(void **state)
{
    (void)state;
    const char *path = test_path("length.safetensors");
    static const uint64_t lengths[] = { 3, 1 << 20, (1 << 20) + 1, 100000000, UINT64_MAX,
        (uint64_t)INT64_MAX + 1 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        lathe_bytes parts[] = { { &lengths[i], 8 }, { "{}", 2 } };
        assert_int_equal(lathe_file_write(path, parts, 2), LATHE_OK);
        assert_null(lathe_safetensors_read(path));
        assert_failed(LATHE_EFORMAT, "allowed are 2");
    }
    assert_int_equal(lathe_file_write_text(path, "1234567"), LATHE_OK);
    assert_null(lathe_safetensors_read(path));
    assert_failed(LATHE_EFORMAT, "has only 7 bytes");
    char name[300], header[512];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    int length = snprintf(header, sizeof header,
        "{\"%s\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", name);
    assert_null(lathe_safetensors_read(write_raw(header, (size_t)length, NULL, 0)));
    assert_failed(LATHE_EFORMAT, "longer than 255");
}

/* Legal but for its length: JSON may end in spaces. */
static void headers_have_a_greatest_length(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        size_t length = LATHE_SAFETENSORS_HEADER + more;
        char *header = malloc(length);
        assert_non_null(header);
        memset(header, ' ', length);
        header[0] = '{', header[1] = '}';
        lathe_safetensors *file = lathe_safetensors_read(write_raw(header, length, NULL, 0));
        free(header);
        if (!more) assert_non_null(file);
        else assert_null(file);
        lathe_safetensors_free(file);
    }
    assert_failed(LATHE_EFORMAT, "a header of 100000001 bytes, allowed are 100000000");
}

/* Tens of thousands of class names are one text of megabytes. What is checked has room to grow. */
static void texts_may_be_long(void **state)
{
    (void)state;
    enum { LONG = 3 << 20, TOO_LONG = 60 * 1000 * 1000 };
    const char *path = test_path("long.safetensors");
    char *text = malloc(TOO_LONG + 1);
    assert_non_null(text);
    memset(text, 'a', TOO_LONG + 1);
    text[LONG] = '\0';
    const lathe_metadata note = { "names", text };
    const lathe_real one = 1;
    const lathe_saved tensor = { NULL, "w", { 1, { 1 } }, &one };
    assert_int_equal(lathe_safetensors_writable(&tensor, 1, &note, 1), LATHE_OK);
    assert_int_equal(lathe_safetensors_write(path, &tensor, 1, &note, 1), LATHE_OK);
    lathe_safetensors *file = lathe_safetensors_read(path);
    assert_non_null(file);
    assert_string_equal(lathe_safetensors_text(file, "names"), text);
    lathe_safetensors_free(file);
    text[LONG] = 'a', text[TOO_LONG] = '\0';
    assert_int_equal(lathe_safetensors_writable(&tensor, 1, &note, 1), LATHE_EARG);
    assert_failed(LATHE_EARG, "its header takes 49475712");
    const lathe_saved bad = { "optimizer.", "\t", { 1, { 1 } }, NULL };
    assert_int_equal(lathe_safetensors_writable(&bad, 1, NULL, 0), LATHE_EARG);
    assert_failed(LATHE_EARG, "has a control character");
    free(text);
}

/* A file of lathe's of exactly 4 KiB: the note takes what numbers and header leave. */
static char *whole_page(const char *path, size_t *size)
{
    enum { NUMBERS = 3584 / sizeof(lathe_real), PAGE = 4096 };
    lathe_real values[NUMBERS];
    char text[PAGE] = "some text";
    fill_normal(values, NUMBERS, 1);
    const lathe_saved tensor = { NULL, "w", { 1, { NUMBERS } }, values };
    char *bytes = NULL;
    do {
        free(bytes);
        const lathe_metadata note = { "note", text };
        assert_int_equal(lathe_safetensors_write(path, &tensor, 1, &note, 1), LATHE_OK);
        bytes = test_bytes(path, size);
        strcat(text, ".");
    } while (*size < PAGE);
    assert_int_equal(*size, PAGE);
    return bytes;
}

/* Each bit turned, each shorter length, some more bytes: all refused. */
static void damage_is_found(void **state)
{
    (void)state;
    const char *path = test_path("whole.safetensors"), *damaged = test_path("damaged.safetensors");
    size_t size;
    char *bytes = whole_page(path, &size);
    int flips = 0, cuts = 0, longer = 0;
    FILE *out = fopen(damaged, "wb+");
    assert_non_null(out);
    fwrite(bytes, 1, size, out);
    fflush(out);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        char turned = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        fseek(out, (long)(bit / 8), SEEK_SET);
        fputc(turned, out);
        fflush(out);
        lathe_safetensors *file = lathe_safetensors_read(damaged);
        if (file) fail_msg("bit %zu of byte %zu turned was not noticed", bit % 8, bit / 8);
        flips++;
        fseek(out, (long)(bit / 8), SEEK_SET);
        fputc(bytes[bit / 8], out);
    }
    fflush(out);
    for (size_t length = size; length-- > 0; cuts++) {
        assert_int_equal(ftruncate(fileno(out), (off_t)length), 0);
        if (lathe_safetensors_read(damaged)) fail_msg("%zu of %zu bytes were taken", length, size);
    }
    fclose(out);
    for (size_t more = 1; more <= 64; more++, longer++) {
        lathe_bytes parts[] = { { bytes, size }, { bytes, more } };
        assert_int_equal(lathe_file_write(damaged, parts, 2), LATHE_OK);
        assert_null(lathe_safetensors_read(damaged));
    }
    lathe_error_clear();
    print_message("flips %d/%d, truncations %d/%d, longer %d/64\n", flips, (int)(8 * size), cuts, (int)size,
        longer);
    free(bytes);
}

/* The most memory of a process that reads the file, over that of one that does not, in KiB. */
static long memory_of_reading(const char *path)
{
    int pipes[2];
    struct rusage usage[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (!child) {
        getrusage(RUSAGE_SELF, &usage[0]);
        lathe_safetensors *file = lathe_safetensors_read(path);
        getrusage(RUSAGE_SELF, &usage[1]);
        long more = file ? usage[1].ru_maxrss - usage[0].ru_maxrss : -1;
        _exit(write(pipes[1], &more, sizeof more) == sizeof more ? 0 : 1);
    }
    int result;
    long more = -1;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(read(pipes[0], &more, sizeof more), sizeof more);
    close(pipes[0]);
    close(pipes[1]);
    return more;
}

/* Not more than twice the file and 1 MiB. */
static void memory_is_by_the_files_size(void **state)
{
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* four bytes of its own for each that is used would be counted too */
#endif
    enum { NUMBERS = 1 << 21 };
    const char *path = test_path("large.safetensors");
    lathe_real *values = calloc(NUMBERS, sizeof *values);
    assert_non_null(values);
    const lathe_saved tensor = { NULL, "w", { 1, { NUMBERS } }, values };
    assert_int_equal(lathe_safetensors_write(path, &tensor, 1, NULL, 0), LATHE_OK);
    free(values);
    long file = NUMBERS * (long)sizeof(lathe_real) / 1024, more = memory_of_reading(path);
    if (more < 0 || more > 2 * file + 1024) fail_msg("%ld KiB for a file of %ld KiB", more, file);
    assert_int_equal(unlink(path), 0);
}

static lathe_tensor plain_tensor(const char *name, lathe_shape shape, lathe_real *data)
{
    return (lathe_tensor){ .shape = shape, .stored = lathe_shape_count(&shape), .data = data, .name = name };
}

static void tensors_are_filled_by_name(void **state)
{
    (void)state;
    const char *path = test_path("load.safetensors");
    lathe_real from_a[6], from_b[2] = { 7, 8 }, a[6] = { 0 }, b[2] = { 0 };
    fill_normal(from_a, 6, 2);
    const lathe_saved saved[] = { { NULL, "a", { 2, { 2, 3 } }, from_a }, { NULL, "b", { 1, { 2 } }, from_b },
        { NULL, "bn.num_batches_tracked", { 1, { 2 } }, from_b },
        { "optimizer.exp_avg.", "b", { 1, { 2 } }, from_a } };
    assert_int_equal(lathe_safetensors_write(path, saved, 4, NULL, 0), LATHE_OK);
    lathe_safetensors *file = lathe_safetensors_read(path);
    lathe_tensor tensor_a = plain_tensor("a", (lathe_shape){ 2, { 2, 3 } }, a),
                 tensor_b = plain_tensor("b", (lathe_shape){ 1, { 2 } }, b);
    lathe_tensor *both[] = { &tensor_b, &tensor_a };
    assert_int_equal(lathe_safetensors_load(file, both, 2, "", true), LATHE_OK);
    assert_memory_equal(a, from_a, sizeof a);
    assert_memory_equal(b, from_b, sizeof b);
    assert_int_equal(lathe_safetensors_load(file, both, 1, "optimizer.exp_avg.", false), LATHE_OK);
    assert_memory_equal(b, from_a, sizeof b);

    /* Mismatches are listed by name, and nothing is touched. */
    lathe_real untouched[6] = { 9, 9, 9, 9, 9, 9 };
    lathe_tensor other_a = plain_tensor("a", (lathe_shape){ 2, { 3, 2 } }, untouched);
    lathe_tensor missing = plain_tensor("c", (lathe_shape){ 1, { 1 } }, untouched);
    lathe_tensor *wrong[] = { &other_a, &missing };
    assert_int_equal(lathe_safetensors_load(file, wrong, 2, "", true), LATHE_ESHAPE);
    assert_failed(LATHE_ESHAPE,
        "does not fit the model in 3 places: a is [2, 3], expected [3, 2]; c is missing; b is unknown");
    assert_true(untouched[0] == 9);
    lathe_safetensors_free(file);
}

static void bad_names_are_not_written(void **state)
{
    (void)state;
    const char *path = test_path("names.safetensors");
    static const lathe_real one[1];
    static const char *const names[] = { "", "__metadata__", "a\n", "\xff", NULL };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const lathe_saved tensor = { NULL, names[i], { 0, { 0 } }, one };
        assert_int_equal(lathe_safetensors_write(path, &tensor, 1, NULL, 0), LATHE_EARG);
        assert_failed(LATHE_EARG, "lathe_safetensors_write: the name");
    }
    const lathe_saved twice[] = { { NULL, "a.b", { 0, { 0 } }, one }, { "a.", "b", { 0, { 0 } }, one } };
    assert_int_equal(lathe_safetensors_write(path, twice, 2, NULL, 0), LATHE_EFORMAT);
    assert_failed(LATHE_EFORMAT, "'a.b' occurs twice");
    const lathe_saved empty = { NULL, "a", { 0, { 0 } }, NULL };
    assert_int_equal(lathe_safetensors_write(path, &empty, 1, NULL, 0), LATHE_EARG);
    assert_failed(LATHE_EARG, "has no values");
    assert_false(lathe_file_exists(path));
}

static void memory_may_run_out(void **state)
{
    (void)state;
    const char *path = test_path("memory.safetensors");
    write_two(path);
    size_t points = 0;
    for (lathe_safetensors *file = NULL; !file; points++) {
        lathe_alloc_fail_at(points + 1, false);
        file = lathe_safetensors_read(path);
        lathe_safetensors_free(file);
    }
    lathe_status status = LATHE_ENOMEM;
    static const lathe_real one[1];
    const lathe_saved tensor = { NULL, "a", { 0, { 0 } }, one };
    for (size_t n = 1; status; n++, points++) {
        lathe_alloc_fail_at(n, false);
        status = lathe_safetensors_write(path, &tensor, 1, NULL, 0);
        if (status) assert_int_equal(status, LATHE_ENOMEM);
        lathe_alloc_fail_at(0, false);
        lathe_safetensors *file = lathe_safetensors_read(path);
        assert_int_equal(file->tensors, status ? 2 : 1);
        lathe_safetensors_free(file);
    }
    lathe_error_clear();
    print_message("allocations %zu/%zu\n", points, points);
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_foreign_file_is_read),
        cmocka_unit_test(special_halves_are_converted),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(lengths_are_checked_first),
        cmocka_unit_test(headers_have_a_greatest_length),
        cmocka_unit_test(texts_may_be_long),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(memory_is_by_the_files_size),
        cmocka_unit_test(tensors_are_filled_by_name),
        cmocka_unit_test(bad_names_are_not_written),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
