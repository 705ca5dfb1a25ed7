#!/usr/bin/env python3
"""Golden values of the metrics, from scikit-learn: writes metrics.txt beside this file. Needs sklearn 1.2 (Debian: python3-sklearn).

Each data set has NAME.scores and NAME.labels (one class a sample) or NAME.targets (0 or 1 a class); all scores are multiples of
1/8, so that a float holds them exactly and many are equal.
"""
import os
import warnings
import numpy as np
import sklearn.metrics as sk

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20240519)
out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.txt"), "w")


def put(name, values):
    flat = np.asarray(values, dtype=float).ravel()
    print(name, len(flat), *("%.17g" % v for v in flat), file=out)


def softmax(scores):
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def classwise(name, truth, predicted, classes):
    """Precision, recall, F-scores and Jaccard, each way of averaging, both values of 0/0."""
    functions = {
        "precision": sk.precision_score,
        "recall": sk.recall_score,
        "f1": sk.f1_score,
        "f2": lambda *a, **k: sk.fbeta_score(*a, beta=2, **k),
        "f0.5": lambda *a, **k: sk.fbeta_score(*a, beta=0.5, **k),
        "iou": sk.jaccard_score,
    }
    for metric, function in functions.items():
        for zero in (0, 1):
            for average in ("macro", "micro", "weighted", None):
                value = function(truth, predicted, labels=range(classes), average=average, zero_division=zero)
                put(f"{name}.{metric}.{average or 'each'}.{zero}", value)


def ranking(name, truth, scores):
    """Areas under precision against recall; truth is 0 or 1 a class."""
    classes = truth.shape[1]

    def trapezoid(t, s):
        precision, recall, _ = sk.precision_recall_curve(t, s)
        return sk.auc(recall, precision)

    each = [trapezoid(truth[:, k], scores[:, k]) for k in range(classes)]
    weights = truth.sum(0)
    for average in ("macro", "micro", "weighted", None):
        # for one class alone scikit-learn does not take an average
        ap = sk.average_precision_score(truth, scores, average=average) if classes > 1 else sk.average_precision_score(truth[:, 0], scores[:, 0])
        put(f"{name}.average_precision.{average or 'each'}", ap)
    put(f"{name}.pr_auc.macro", np.mean(each))
    put(f"{name}.pr_auc.micro", trapezoid(truth.ravel(), scores.ravel()))
    put(f"{name}.pr_auc.weighted", np.average(each, weights=weights) if weights.sum() else 0)
    put(f"{name}.pr_auc.each", each)
    for k in range(classes):
        precision, recall, thresholds = sk.precision_recall_curve(truth[:, k], scores[:, k])
        put(f"{name}.curve{k}.precision", precision)
        put(f"{name}.curve{k}.recall", recall)
        put(f"{name}.curve{k}.threshold", thresholds)


def calibration(name, probabilities, labels, bins):
    """Guo et al. 2017, straight from the paper's equations."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    gaps, parts = [], []
    for n in range(bins):
        inside = (confidence > n / bins) & (confidence <= (n + 1) / bins)
        if inside.any():
            gaps.append(abs(right[inside].mean() - confidence[inside].mean()))
            parts.append(inside.mean())
    put(f"{name}.ece.{bins}", np.dot(gaps, parts))
    put(f"{name}.mce.{bins}", max(gaps))


def labelled(name, scores, labels):
    classes = scores.shape[1]
    predicted = scores.argmax(1)
    put(name + ".shape", scores.shape)
    put(name + ".scores", scores)
    put(name + ".labels", labels)
    put(name + ".accuracy", sk.accuracy_score(labels, predicted))
    put(name + ".balanced", sk.balanced_accuracy_score(labels, predicted))
    put(name + ".confusion", sk.confusion_matrix(labels, predicted, labels=range(classes)))
    put(name + ".hamming", sk.hamming_loss(labels, predicted))
    classwise(name, labels, predicted, classes)
    truth = np.eye(classes, dtype=int)[labels]
    ranking(name, truth, scores)
    ranking(name + ".softmax", truth, softmax(scores))
    for bins in (1, 10, 15):
        calibration(name, softmax(scores), labels, bins)


def many(name, scores, targets):
    put(name + ".shape", scores.shape)
    put(name + ".scores", scores)
    put(name + ".targets", targets)
    predicted = (scores > 0.25).astype(int)
    put(name + ".hamming", sk.hamming_loss(targets, predicted))
    put(name + ".hamming_score", sk.jaccard_score(targets, predicted, average="samples", zero_division=1))
    classwise(name, targets, predicted, scores.shape[1])
    ranking(name, targets, scores)


def eighths(*shape):
    return np.round(rng.normal(size=shape) * 8) / 8


# ordinary; class 3 never occurs; class 1 is never predicted
labels = rng.integers(0, 4, 90)
scores = eighths(90, 4)
scores[np.arange(90), labels] += 0.75
labelled("ordinary", scores, labels)
labels = rng.choice([0, 1, 2, 4], 60)
scores = eighths(60, 5)
scores[:, 1] = -9
labelled("empty", scores, labels)
labelled("two", eighths(25, 2), rng.integers(0, 2, 25))

# no ties, for the k best scores: scikit-learn gives ties to the higher class
labels = rng.integers(0, 6, 80)
scores = rng.permuted(np.tile(np.arange(6) / 4, (80, 1)), axis=1)
put("top.shape", scores.shape)
put("top.scores", scores)
put("top.labels", labels)
for k in range(1, 7):
    put(f"top.{k}", sk.top_k_accuracy_score(labels, scores, k=k, labels=range(6)))

many("many", eighths(50, 4), rng.integers(0, 2, (50, 4)))
targets = rng.integers(0, 2, (40, 3))
targets[:, 1] = 0
targets[::5] = 0
scores = eighths(40, 3)
scores[::5] = -1
many("gaps", scores, targets)
many("nothing", eighths(6, 2), np.zeros((6, 2), dtype=int))
