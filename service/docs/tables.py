"""Settings, Prometheus metrics and problem codes, from the modules that declare them."""

from __future__ import annotations

from textwrap import wrap

from prometheus_client.metrics import MetricWrapperBase

from service import metrics
from service.docs.markdown import table
from service.problems import PROBLEMS
from service.settings import Settings


def settings() -> str:
    """A row for each setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"TAKEHOLD_{name.upper()}"
        default = "" if field.default is None else f"`{field.default}`"
        rows.append((f"`{variable}`", default, field.description or "", f"`{variable}_FILE`"))
    return table(("variable", "default", "what it does", "or name a file that holds it"), rows)


def environment() -> str:
    """Each setting as a commented line with its default, below what it does."""
    lines = []
    for name, field in Settings.model_fields.items():
        lines += [f"# {line}" for line in wrap(field.description or "", 118)]
        lines += [f"# TAKEHOLD_{name.upper()}={'' if field.default is None else field.default}", ""]
    return "\n".join(lines)


def prometheus() -> str:
    """A row for each metric that the service declares."""
    rows = []
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            # What describe() tells has no labels, and the library shows them nowhere else.
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            for told in metric.describe():
                name = f"{told.name}_total" if told.type == "counter" else told.name
                rows.append((f"`{name}`", told.type, labels, told.documentation))
    return table(("metric", "kind", "labels", "what it tells"), rows)


def problems() -> str:
    """A heading for each code, so that the `type` of an answer leads to it."""
    told = []
    for code, kind in PROBLEMS.items():
        statuses = " or ".join(str(status) for status in kind.statuses)
        told.append(f"### {code}\n\n{statuses}. {kind.meaning}\n")
    return "\n".join(told)
