# SPDX-License-Identifier: GPL-2.0-or-later
"""The few statistics that reports need."""
import math
import random
import statistics

RESAMPLES = 2000


def median(values):
    """The middle value."""
    return statistics.median(values)


def quantile(values, share):
    """The least value that this share of them does not exceed (nearest rank): always one of them."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def interval(values, level=0.95):
    """A confidence interval of the median by resampling, the same for the same values."""
    if len(values) < 3:
        return min(values), max(values)
    choose = random.Random(len(values))
    medians = sorted(statistics.median(choose.choices(values, k=len(values)))
                     for _ in range(RESAMPLES))
    cut = int((1 - level) / 2 * RESAMPLES)
    return medians[cut], medians[-1 - cut]


def balance(values):
    """Ideal share by largest share: 1 when all are alike."""
    return sum(values) / len(values) / max(values) if values and max(values) else 0.0
