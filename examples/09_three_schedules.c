/*
 * What does a schedule do? Three schedules train the same net, from the same first weights, on the same
 * batches. The validation set is measured ten times an epoch: the page shows what happens inside a cycle.
 *
 *     09_three_schedules [EPOCHS [DATA [PAGE]]]      such as 09_three_schedules 4 shapes three.html
 */
#include <lathe/lathe.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONSTANT, CYCLIC, COSINE, SCHEDULES };

static const char *const names[SCHEDULES] = { "constant 0.02", "cyclic 0.001 to 0.08", "cosine 0.02 to 0" };

/* The schedules differ in nothing but the rate. A cycle is two epochs: one up, one down. */
static lathe_sched *sched_new(lathe_optim *optim, int which, uint64_t epoch, uint64_t steps)
{
    const lathe_cyclic_opts cyclic = { .base_lr = 0.001, .max_lr = 0.08, .step_size_up = epoch };
    const lathe_cosine_opts cosine = { .t_max = steps };
    return which == CYCLIC ? lathe_sched_cyclic(optim, &cyclic) :
        which == COSINE    ? lathe_sched_cosine(optim, &cosine) :
                             lathe_sched_constant(optim, NULL);
}

/* Train one schedule, and write down each step, ten measurements an epoch, and each epoch. */
static void train(lathe_feed *feed, int which, int epochs, lathe_history *history)
{
    lathe_model *model = lathe_model_new();
    const lathe_dataset *data = feed->data;
    const lathe_model_spec spec = { data->channels, data->height, data->width, data->classes };
    lathe_layer *net = lathe_model_build(model, "lenet5", &spec);
    lathe_nn_init(net, 42);   /* the same first weights */
    lathe_feed_seek(feed, 0); /* the same batches */
    lathe_optim *optim =
        lathe_optim_sgd(lathe_nn_params(net), &(lathe_sgd_opts){ .lr = 0.02, .momentum = 0.9 });
    lathe_sched *sched = sched_new(optim, which, feed->batches, feed->batches * (uint64_t)epochs);
    lathe_task *task =
        lathe_task_new(&(lathe_task_opts){ .data = data, .loss = lathe_loss_find("cross_entropy") });
    lathe_learner *learner = lathe_learner_new(net, optim, sched, task, NULL);
    lathe_loader *judge = lathe_feed_loader(feed, feed->val, true);
    lathe_history_set_metrics(history, task->type->metrics);

    for (int e = 0; e < epochs; e++) {
        lathe_step_row step;
        lathe_eval_row eval = { .step = 0 };
        lathe_epoch_row epoch = { .epoch = (uint64_t)e, .seconds = (double)NAN };
        for (lathe_batch batch; lathe_feed_next(feed, &batch);) {
            lathe_learner_step(learner, &batch, &step);
            lathe_history_add_step(history, &step);
            if (learner->step * 10 / feed->batches == step.step * 10 / feed->batches) continue;
            lathe_score score; /* a tenth of an epoch is over */
            lathe_learner_evaluate(learner, judge, NULL, &score);
            eval = (lathe_eval_row){ .step = learner->step, .loss = score.loss };
            memcpy(eval.metric, score.metric, sizeof eval.metric);
            lathe_history_add_eval(history, &eval);
        }
        lathe_learner_epoch(learner, &epoch);
        epoch.step = learner->step;
        epoch.val_loss = eval.loss;
        memcpy(epoch.val, eval.metric, sizeof epoch.val);
        lathe_history_add_epoch(history, &epoch);
        printf("%-20s  epoch %2d  rate %.4f  validation accuracy %.2f %%\n",
            names[which],
            e + 1,
            step.lr,
            100 * eval.metric[0]);
    }
    lathe_loader_free(judge);
    lathe_learner_free(learner);
    lathe_task_free(task);
    lathe_sched_free(sched);
    lathe_optim_free(optim);
    lathe_model_free(model);
}

int main(int argc, char **argv)
{
    lathe_on_error(lathe_die);
    const int epochs = argc > 1 ? atoi(argv[1]) : 8;
    const char *page = argc > 3 ? argv[3] : "three_schedules.html";
    lathe_feed *feed = lathe_feed_new(&(lathe_feed_opts){ .data = argc > 2 ? argv[2] : "fashion-mnist",
        .val_split = 0.1,
        .batch_size = 64,
        .seed = 1 });
    lathe_history history[SCHEDULES] = { { .steps = 0 } };
    lathe_named_history line[SCHEDULES];
    for (int i = 0; i < SCHEDULES; i++) {
        train(feed, i, epochs, &history[i]);
        line[i] = (lathe_named_history){ names[i], &history[i] };
    }
    lathe_report_histories(line, SCHEDULES, "Three schedules", page);
    printf("curves in %s\n", page);
    for (int i = 0; i < SCHEDULES; i++) lathe_history_free(&history[i]);
    lathe_feed_free(feed);
    return lathe_error() != LATHE_OK;
}
