"""The same answer as a table: CSV for whoever opens figures in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields
from marshmallow.validate import OneOf

View = Callable[..., Any]
CSV = "text/csv"
_OF_ALL = ("status", "coverage")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula, and runs."""


class TableSchema(Schema):
    """How an answer may be asked for that has a table in it."""

    format = fields.String(
        validate=OneOf(["json", "csv"]),
        metadata={"description": "csv: the figures as a table, as `Accept: text/csv` answers too."},
    )


def tabular(schema: type[Schema], rows: Callable[[Mapping[str, Any]], Sequence[Any]]) -> Callable[[View], View]:
    """Answers the `rows` of an answer as CSV where that is asked for; `schema` names the columns.

    What lies inside a row stands in columns of its own, named after both; lists are left out. What is said of the whole
    answer, whether it is known and how much of it was reported, stands in each row. That an answer is stale says a
    header, and its status as well, because there may be no row.
    """
    columns = list(_columns(schema()))

    def decorate(view: View) -> View:
        @wraps(view)
        def tabled(query: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
            body, headers = view(query, *args, **kwargs)
            headers = {**headers, "Vary": "Accept"}
            if not _wanted(query):
                return body, headers
            whole = {name: body[name] for name in _OF_ALL if name in body and (name,) not in columns}
            dumped = [row | whole for row in schema(many=True).dump(rows(body))]
            said = {"Takehold-Stale": "true"} if body.get("stale") else {}
            said |= {"Takehold-Status": body["status"]} if "status" in body else {}
            shown = [*columns, *((name,) for name in whole)]
            return Response(_text(shown, dumped), mimetype=CSV, headers={**headers, **said})

        return tabled

    return decorate


def _wanted(query: Mapping[str, Any]) -> bool:
    if "format" in query:
        return bool(query["format"] == "csv")
    # With `*/*` both are as good, and the first of them is what everybody else gets.
    return request.accept_mimetypes.best_match(["application/json", CSV]) == CSV


def _columns(schema: Schema, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in schema.dump_fields.items():
        path = (*above, field.data_key or name)
        if isinstance(field, fields.Nested):
            yield from _columns(field.schema, path)
        elif not isinstance(field, fields.List):
            yield path


def _text(columns: Sequence[tuple[str, ...]], rows: Sequence[Mapping[str, Any]]) -> str:
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\r\n")
    out.writerow("_".join(path) for path in columns)
    out.writerows([_cell(_at(row, path)) for path in columns] for row in rows)
    return written.getvalue()


def _at(row: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = row
    for name in path:
        value = value.get(name) if value else None
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return repr(value)
