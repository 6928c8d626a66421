"""Joins what a second look at the first passages says with the order they came in."""

from collections.abc import Sequence

LATE_WEIGHT = 0.8
"""What late interaction adds at most, beside a score of 0 to about 1.5: .5 to 1 do equally well."""


def blended(fused: Sequence[float], late: Sequence[float], weight: float = LATE_WEIGHT) -> tuple[float, ...]:
    """New scores of passages, in their order: the fused score and `weight` times the late one, scaled to 0..1.

    fused: 0 to 1, of the first passages. late: of the same passages, on any scale. No score falls below its fused one,
    so that none of these passages falls behind those that were not looked at again.
    """
    if not late:
        return tuple(fused)
    low, high = min(late), max(late)
    spread = (high - low) or 1.0
    return tuple(score + weight * (again - low) / spread for score, again in zip(fused, late, strict=True))
