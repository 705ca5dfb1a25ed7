#include "split_folders_impl.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

int lathe_split_named(const char *word)
{
    static const struct {
        const char *word;
        lathe_split split;
    } words[] = { { "train", LATHE_SPLIT_TRAIN }, { "training", LATHE_SPLIT_TRAIN },
        { "val", LATHE_SPLIT_VAL }, { "valid", LATHE_SPLIT_VAL }, { "validation", LATHE_SPLIT_VAL },
        { "dev", LATHE_SPLIT_VAL }, { "test", LATHE_SPLIT_TEST }, { "testing", LATHE_SPLIT_TEST } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcasecmp(word, words[i].word)) return (int)words[i].split;
    return -1;
}

bool lathe_split_in_name(const char *name)
{
    static const char *const joined[] = { "trainset", "testset", "valset", "devset" };
    for (const char *at = name; *at;) {
        char word[16];
        size_t length = 0;
        while (isalpha((unsigned char)at[length])) length++;
        if (length && length < sizeof word) {
            memcpy(word, at, length);
            word[length] = '\0';
            if (lathe_split_named(word) >= 0) return true;
            for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++)
                if (!strcasecmp(word, joined[i])) return true;
        }
        at += length ? length : 1;
    }
    return false;
}

lathe_status lathe_split_folders_find(const char *dir, const lathe_listing *inside,
    lathe_split_folders *found)
{
    *found = (lathe_split_folders){ 0 };
    for (size_t i = 0; i < inside->count; i++) {
        const char *name = inside->name[i];
        int split = lathe_split_named(name);
        if (split >= 0 && found->of[split])
            return lathe_fail(LATHE_EFORMAT,
                "%s: has %s/ and %s/, which mean the same part: keep one of them", dir, found->of[split],
                name);
        if (split >= 0) found->of[split] = name;
        else if (!found->others++) found->other = name;
    }
    return LATHE_OK;
}

bool lathe_split_folders_pair(const lathe_split_folders *found)
{
    return found->of[LATHE_SPLIT_TRAIN] && (found->of[LATHE_SPLIT_VAL] || found->of[LATHE_SPLIT_TEST]);
}

lathe_status lathe_split_folders_check(const char *dir, const lathe_split_folders *found, lathe_split split)
{
    if (split != LATHE_SPLIT_VAL ||
        (found->of[LATHE_SPLIT_TRAIN] && found->of[LATHE_SPLIT_VAL] && found->of[LATHE_SPLIT_TEST]))
        return LATHE_OK;
    return lathe_fail(LATHE_ESTATE, "%s: has no train/, val/ and test/", dir);
}

const char *lathe_split_folder(const lathe_split_folders *found, lathe_split split)
{
    if (split == LATHE_SPLIT_TRAIN) return found->of[LATHE_SPLIT_TRAIN];
    const char *val = found->of[LATHE_SPLIT_VAL], *test = found->of[LATHE_SPLIT_TEST];
    return val && (split == LATHE_SPLIT_VAL || !test) ? val : test;
}
