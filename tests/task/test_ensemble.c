/* Ensembles: the mean of probabilities, by hand. */
#include "support/tiny.h"

#include <math.h>

enum { CLASSES = 10, MOST = 64 };

/* The probabilities of the run's net over its validation set, in double. Returns the number of samples. */
static size_t probabilities(lathe_run *run, double p[MOST][CLASSES], int labels[MOST])
{
    size_t count = 0;
    lathe_loader *loader = lathe_feed_loader(run->feed, run->feed->val, false);
    for (lathe_batch batch; lathe_loader_next(loader, &batch);) {
        lathe_real scores[16 * CLASSES];
        lathe_tape_begin(run->learner->tape, LATHE_EVAL);
        lathe_tensor *output = lathe_nn_forward(run->learner->net, lathe_input(run->learner->tape, &batch));
        assert_int_equal(lathe_tensor_read(output, scores, (size_t)batch.size * CLASSES), LATHE_OK);
        for (int i = 0; i < batch.size; i++, count++) {
            double sum = 0;
            labels[count] = batch.labels[i];
            for (int k = 0; k < CLASSES; k++) sum += exp((double)scores[i * CLASSES + k]);
            for (int k = 0; k < CLASSES; k++) p[count][k] = exp((double)scores[i * CLASSES + k]) / sum;
        }
    }
    lathe_loader_free(loader);
    return count;
}

static lathe_run *run_of(const char *seed)
{
    lathe_settings settings = tiny_settings(NULL, (const tiny_pair[]){ { "epochs", "3" }, { NULL, NULL } });
    tiny_set(&settings, "seed", seed);
    return tiny_train(&settings);
}

static void the_probabilities_of_two_nets_are_averaged(void **state)
{
    (void)state;
    static double p[2][MOST][CLASSES];
    int labels[MOST];
    lathe_score score;
    lathe_run *run[] = { run_of("1"), run_of("2") };
    lathe_learner *first = run[0]->learner;
    lathe_loader *loader = lathe_feed_loader(run[0]->feed, run[0]->feed->val, false);
    lathe_ensemble *ensemble = lathe_ensemble_new(first->task, run[0]->feed->val->count);
    assert_int_equal(lathe_ensemble_score(ensemble, first->tape, loader, NULL, &score), LATHE_ESTATE);
    size_t count = probabilities(run[0], p[0], labels);
    assert_int_equal(lathe_ensemble_add(ensemble, first->net, first->tape, loader), LATHE_OK);
    /* the second net on the first one's pictures */
    lathe_tensor *const *from, *const *to;
    int tensors;
    from = lathe_nn_state(run[1]->learner->net, &tensors);
    to = lathe_nn_state(first->net, &tensors);
    for (int i = 0; i < tensors; i++)
        for (size_t k = 0; k < to[i]->stored; k++) to[i]->data[k] = from[i]->data[k];
    probabilities(run[0], p[1], labels);
    assert_int_equal(lathe_ensemble_add(ensemble, first->net, first->tape, loader), LATHE_OK);
    assert_int_equal(lathe_ensemble_score(ensemble, first->tape, loader, NULL, &score), LATHE_OK);

    double loss = 0, right = 0;
    for (size_t i = 0; i < count; i++) {
        int best = 0;
        for (int k = 1; k < CLASSES; k++)
            if (p[0][i][k] + p[1][i][k] > p[0][i][best] + p[1][i][best]) best = k;
        right += best == labels[i];
        loss -= log((p[0][i][labels[i]] + p[1][i][labels[i]]) / 2);
    }
    assert_int_equal(score.count, count);
    assert_true(fabs(score.loss - loss / (double)count) < 1e-5);
    assert_true(fabs(score.metric[0] - right / (double)count) < 1e-12);
    lathe_ensemble_free(ensemble);
    lathe_loader_free(loader);
    for (int i = 0; i < 2; i++) lathe_run_free(run[i]);
}

static void one_net_alone_scores_as_it_is(void **state)
{
    (void)state;
    lathe_score alone, score;
    lathe_run *run = run_of("1");
    lathe_learner *l = run->learner;
    lathe_loader *loader = lathe_feed_loader(run->feed, run->feed->val, false);
    lathe_ensemble *ensemble = lathe_ensemble_new(l->task, run->feed->val->count);
    assert_int_equal(lathe_run_evaluate(run, run->feed->val, NULL, &alone), LATHE_OK);
    assert_int_equal(lathe_ensemble_add(ensemble, l->net, l->tape, loader), LATHE_OK);
    assert_int_equal(lathe_ensemble_score(ensemble, l->tape, loader, NULL, &score), LATHE_OK);
    assert_true(fabs(score.loss - alone.loss) < 1e-5 && score.metric[0] == alone.metric[0]);
    lathe_loader *other = lathe_feed_loader(run->feed, run->feed->train, false);
    assert_int_equal(lathe_ensemble_add(ensemble, l->net, l->tape, other), LATHE_EARG);
    lathe_loader_free(other);
    lathe_ensemble_free(ensemble);
    lathe_loader_free(loader);
    lathe_run_free(run);
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
        cmocka_unit_test(the_probabilities_of_two_nets_are_averaged),
        cmocka_unit_test(one_net_alone_scores_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
