"""What a request wants, in the form that its route knows."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from index import UsageError
from index.translation import text


class Form(BaseModel):
    """The fields of a request; others are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Form = TypeVar("_Form", bound=Form)


def wanted(form: type[_Form], given: object) -> _Form:
    """``given`` as ``form``. Raises UsageError, which names the field that is not as it should."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False, include_context=False, include_input=False)
        field = ".".join(str(part) for part in first["loc"])[:100]
        raise UsageError(
            text('The request has no valid "{field}".', field=field)
            if field
            else text("The request is no JSON object.")
        ) from None
