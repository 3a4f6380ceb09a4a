"""What commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from events.database import Busy
from service.schema import NewerSchema
from service.settings import Settings
from service.takehold import NoWorkspace, Takehold


@contextmanager
def opened() -> Iterator[Takehold]:
    """The service, closed at the end; what goes wrong with the stores is told in a sentence."""
    takehold: Takehold | None = None
    try:
        takehold = Takehold(Settings())
        yield takehold
    except NoWorkspace as missing:
        raise click.ClickException(f"There is no workspace {missing}. Run: takehold init") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise click.ClickException(f"TAKEHOLD_{name}: {first['msg']}") from None
    except OperationalError as error:
        raise click.ClickException(f"The database does not answer: {type(error.orig).__name__}") from None
    except (NewerSchema, Busy) as error:
        raise click.ClickException(str(error)) from None
    finally:
        if takehold:
            takehold.close()
