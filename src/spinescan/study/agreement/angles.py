"""Agreement on angles: intraclass correlation, Bland-Altman, error of measurement."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MeanSquares:
    """The two-way analysis of variance of n films by k raters, one value each.

    `films` (BMS), `raters` (JMS), `error` (EMS) and `within` (WMS) are mean squares (b,); `n` is
    the number of films in each draw. Names in brackets are those of Shrout and Fleiss.
    """

    films: Floats
    raters: Floats
    error: Floats
    within: Floats
    n: Floats
    k: int

    @classmethod
    def of(cls, values: Floats, weights: Floats | None = None) -> "MeanSquares":
        """Of values (n, k) without gaps, in which film i counts `weights[:, i]` times.

        Raises
        ------
        ValueError
            There are fewer than two raters, or a value is not finite.
        """
        if values.ndim != 2 or values.shape[1] < 2 or not np.isfinite(values).all():
            raise ValueError(
                f"need values (n, k) without gaps of two raters or more, got {values.shape}"
            )
        k = values.shape[1]
        chosen = np.ones((1, len(values))) if weights is None else weights
        n = chosen.sum(axis=1)
        centred = values - values.mean() if values.size else values  # keeps the sums exact
        rows = centred.mean(axis=1)
        total = np.maximum(n, 1)
        grand = chosen @ rows / total
        columns = chosen @ centred / total[:, None]
        all_squares = chosen @ (centred**2).sum(axis=1) - k * n * grand**2
        between_films = k * (chosen @ rows**2 - n * grand**2)
        between_raters = n * ((columns - grand[:, None]) ** 2).sum(axis=1)
        left = np.maximum(all_squares - between_films - between_raters, 0)
        within = np.maximum(all_squares - between_films, 0)
        one_less = np.where(n > 1, n - 1, np.nan)  # one film has no variance
        return cls(
            films=np.maximum(between_films, 0) / one_less,
            raters=between_raters / (k - 1),
            error=left / (one_less * (k - 1)),
            within=within / np.where(n > 0, n * (k - 1), np.nan),
            n=n,
            k=k,
        )

    def icc_1_1(self) -> Floats:
        """One-way random effects, one rating: ICC(1,1)."""
        return _ratio(self.films - self.within, self.films + (self.k - 1) * self.within)

    def icc_2_1(self) -> Floats:
        """Two-way random effects, absolute agreement, one rating: ICC(2,1), or ICC(A,1).

        P. E. Shrout, J. L. Fleiss, Psychol Bull 1979;86:420; K. O. McGraw, S. P. Wong, Psychol
        Methods 1996;1:30.
        """
        k = self.k
        offset = k * (self.raters - self.error) / np.maximum(self.n, 1)
        return _ratio(self.films - self.error, self.films + (k - 1) * self.error + offset)

    def icc_3_1(self) -> Floats:
        """Two-way, raters fixed, consistency, one rating: ICC(3,1), or ICC(C,1)."""
        return _ratio(self.films - self.error, self.films + (self.k - 1) * self.error)

    def standard_error(self) -> Floats:
        """Standard error of measurement (agreement): what one rater's value may be off.

        The square root of the variance of raters plus that of the error, in the values' unit; a
        variance of raters that comes out negative counts as none (H. C. W. de Vet and others,
        J Clin Epidemiol 2006;59:1033).
        """
        offset = np.maximum(self.raters - self.error, 0) / np.maximum(self.n, 1)
        error: Floats = np.sqrt(self.error + offset)
        return error

    def smallest_detectable_change(self) -> Floats:
        """What two measurements by any two raters must differ by to be a change at 95 %."""
        change: Floats = 1.96 * 2**0.5 * self.standard_error()
        return change


def bland_altman(first: Floats, second: Floats, weights: Floats | None = None) -> dict[str, Floats]:
    """Bias of `second` less `first`, its 95 % limits of agreement, the mean absolute difference.

    J. M. Bland, D. G. Altman, Lancet 1986;327:307. Values (n,) without gaps, in one unit.
    """
    difference = second - first
    chosen = np.ones((1, len(difference))) if weights is None else weights
    n = chosen.sum(axis=1)
    bias = _ratio(chosen @ difference, n)
    squares = chosen @ difference**2 - n * bias**2
    spread = np.sqrt(np.maximum(squares, 0) / np.where(n > 1, n - 1, np.nan))
    return {
        "bias": bias,
        "lower_limit": bias - 1.96 * spread,
        "upper_limit": bias + 1.96 * spread,
        "mean_absolute_difference": _ratio(chosen @ np.abs(difference), n),
    }


def mean_absolute_difference(values: Floats, weights: Floats | None = None) -> Floats:
    """Of all pairs of raters of one film, over films: values (n, k) without gaps."""
    k = values.shape[1]
    one, other = np.triu_indices(k, 1)
    by_film = np.abs(values[:, one] - values[:, other]).mean(axis=1)
    chosen = np.ones((1, len(values))) if weights is None else weights
    return _ratio(chosen @ by_film, chosen.sum(axis=1))


def _ratio(over: Floats, under: Floats) -> Floats:
    ratio: Floats = np.divide(over, under, out=np.full(under.shape, np.nan), where=under > 1e-9)
    return ratio
