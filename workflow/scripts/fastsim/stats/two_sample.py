"""Can a classifier tell two samples apart? The classifier two-sample test (C2ST).

Lopez-Paz and Oquab, arXiv:1610.06545: train on one half of the data, test on the other; the area
under the ROC curve is 0.5 where no difference is visible to the classifier.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits


def classifier_auc(
    real: np.ndarray,
    generated: np.ndarray,
    groups_real: np.ndarray,
    groups_generated: np.ndarray,
    seed: int,
) -> float:
    """Return the AUC of boosted trees that tell ``generated`` from ``real`` rows.

    Groups, not rows, are split into halves, and both samples by the same halves, so that rows of
    one group never train and test the classifier. Each half is tested with the trees of the
    other, and the two AUCs are averaged.

    Args:
        real: float (rows, features); NaN is a value of its own. A feature that has no other in a
            half is not used there.
        generated: float (other rows, features).
        groups_real: integers (rows,), for instance the shower of each event.
        groups_generated: integers (other rows,).
        seed: of the halves and the trees.

    Returns:
        The AUC: 0.5 for samples that cannot be told apart, within its statistical error.
    """
    features = np.concatenate([real, generated])
    labels = np.repeat([0, 1], [len(real), len(generated)])
    first = halves_by_group(np.concatenate([groups_real, groups_generated]), seed)
    aucs = []
    for train, test in ((first, ~first), (~first, first)):
        # of a feature without any number, the second muon's energy where all are alone, the trees
        # cannot make bins
        known = np.isfinite(features[train]).any(axis=0)
        # validation rows drawn at random would share groups with the training rows: no early stop
        trees = HistGradientBoostingClassifier(early_stopping=False, random_state=seed)
        # many short parallel loops: on busy cores a second thread costs more than it brings
        with threadpool_limits(1, user_api="openmp"):
            trees.fit(features[train][:, known], labels[train])
            scores = trees.decision_function(features[test][:, known])
        aucs.append(roc_auc_score(labels[test], scores))
    return float(np.mean(aucs))


def auc_error(real: int, generated: int) -> float:
    """Return the standard deviation of the AUC of that many independent rows of one distribution.

    That of the Mann-Whitney statistic, sqrt((a + b + 1) / (12 a b)): other random halves of the
    same rows spread less, since they share the rows.
    """
    return float(np.sqrt((real + generated + 1) / (12.0 * real * generated)))


def halves_by_group(groups: np.ndarray, seed: int) -> np.ndarray:
    """Return bool (rows,): a random half of the groups is True, all rows of a group alike."""
    unique, inverse = np.unique(groups, return_inverse=True)
    return random_half(len(unique), np.random.default_rng(seed))[inverse]


def random_half(groups: int, rng: np.random.Generator) -> np.ndarray:
    """Return bool (groups,) with half of the entries, rounded down, True."""
    chosen = np.zeros(groups, dtype=bool)
    chosen[rng.permutation(groups)[: groups // 2]] = True
    return chosen
