"""95 % intervals for samples: survey answers, pulses, experiments. Telemetry is a census and has none."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev

Z_95 = 1.959964
SMALLEST_SAMPLE = 5


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float] | None:
    """Low and high of a proportion, from 0 to 1; None for n = 0, where nothing was observed.

    The score interval without continuity correction: E. B. Wilson, JASA 22 (1927) 209-212; method 3 of
    R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872. Raises ValueError unless 0 <= successes <= n.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n: {successes} of {n}")
    if n == 0:
        return None
    share = successes / n
    centre = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # The exact limits of 0 of n and n of n are 0 and 1; floating point misses them by a hair on either side.
    low = 0.0 if successes == 0 else (centre - reach) / scale
    high = 1.0 if successes == n else (centre + reach) / scale
    return low, high


def student_t(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, in error by less than 0.001 from 4 degrees of freedom on.

    M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), formula 26.7.5.
    """
    z = Z_95
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * freedom**4)
    )


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Low and high of the mean, in the unit of the values: mean +- t * s / sqrt(n), Student (1908).

    Values that are all alike give an interval of no width. Raises ValueError below five values.
    """
    if len(values) < SMALLEST_SAMPLE:
        raise ValueError(f"the interval of a mean needs at least {SMALLEST_SAMPLE} values, not {len(values)}")
    mean = fmean(values)
    reach = student_t(len(values) - 1) * stdev(values) / sqrt(len(values))
    return mean - reach, mean + reach
