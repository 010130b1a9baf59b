"""The distribution function of Student's t, from the regularised incomplete beta function.

    T_nu(t) = 1 - I_x(nu / 2, 1 / 2) / 2   for t >= 0,   x = nu / (nu + t^2),   T_nu(-t) = 1 - T_nu(t)

I_x by its continued fraction (Abramowitz & Stegun 26.5.8), summed with Lentz's method as in Press et al., Numerical
Recipes (3rd ed.), §6.4; nu need not be whole.
"""

from __future__ import annotations

import math

_TINY = 1e-300
_EXACT = 1e-14
_MOST_TERMS = 500


def student_cdf(t: float, nu: float) -> float:
    """P(T <= t) for nu > 0 degrees of freedom.

    >>> round(student_cdf(0.0, 4.0), 12), round(student_cdf(1.0, 1.0), 12)  # the second is Cauchy: 1/2 + atan(1)/pi
    (0.5, 0.75)
    """
    tail = incomplete_beta(nu / 2, 0.5, nu / (nu + t * t)) / 2
    return 1 - tail if t >= 0 else tail


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), regularised: 0 at x = 0, 1 at x = 1."""
    if not 0 < x < 1:
        return 0.0 if x <= 0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):  # where the fraction converges fast; else by symmetry
        return math.exp(log_front) * _fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """1 / (1 + d1 / (1 + d2 / (1 + ...))) with A&S's coefficients d."""
    c, d = 1.0, 1 / _far_from_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _far_from_zero(1 + term * d)
            c = _far_from_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return value


def _far_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
