"""Where adoption should stand on a day if it grows evenly."""


def planned_rate(day: int, *, go_live: int, target_by: int, target_rate: float, baseline: float | None) -> float | None:
    """Linear from the baseline (else 0) at go-live to the target at `target_by`, flat after it.

    Days are ordinals, rates 0 to 1. None before go-live. A target due at go-live or earlier is the plan
    from go-live on.
    """
    if day < go_live:
        return None
    if day >= target_by:
        return target_rate
    start = baseline if baseline is not None else 0.0
    return start + (target_rate - start) * (day - go_live) / (target_by - go_live)
