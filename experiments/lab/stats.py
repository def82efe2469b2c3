# SPDX-License-Identifier: GPL-2.0-or-later
"""The few statistics that reports need."""
import random
import statistics

RESAMPLES = 2000


def median(values):
    """The middle value."""
    return statistics.median(values)


def quantile(values, share):
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


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
