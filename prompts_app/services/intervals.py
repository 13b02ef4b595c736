"""How sure a share is: 95 % intervals. Pure arithmetic.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
Journal of the American Statistical Association 22 (1927), 209-212; R. G. Newcombe, "Interval
estimation for the difference between independent proportions: comparison of eleven methods",
Statistics in Medicine 17 (1998), 873-890 (method 10).

Both are made for shares of yes or no. They hold as well for the mean of values between 0 and 1,
such as the share of checks that each test case passed: no such values vary more than yes and no of
the same mean do.
"""

from math import sqrt

# The standard normal distribution has 95 % of its weight between -Z and Z.
Z = 1.959963984540054


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the score interval of a share found over `n` cases.

    Raises ValueError for a share outside 0 to 1, or without a case.
    """
    if not 0 <= share <= 1 or n < 1:
        raise ValueError("a share between 0 and 1 of at least one case is needed")
    spread = Z * Z / n
    centre = share + spread / 2
    half = sqrt(spread * (share * (1 - share) + spread / 4))
    # At 0 and 1 the formula gives that very bound, but for rounding.
    low = 0.0 if share == 0 else (centre - half) / (1 + spread)
    high = 1.0 if share == 1 else (centre + half) / (1 + spread)
    return max(0.0, low), min(1.0, high)


def newcombe(p1: float, n1: int, p2: float, n2: int) -> tuple[float, float]:
    """Return the interval of `p1 - p2`, shares found over `n1` and `n2` cases.

    Taken as independent, which for two prompts on the same cases makes it too wide rather than too
    narrow. Raises ValueError as `wilson` does.
    """
    low1, high1 = wilson(p1, n1)
    low2, high2 = wilson(p2, n2)
    difference = p1 - p2
    return (
        difference - sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2),
        difference + sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2),
    )
