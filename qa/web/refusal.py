"""A request that is refused, and what the one who sent it is told, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, PlainTextResponse, Response

from index.translation import text

RETRY_AFTER = "5"


def busy() -> str:
    """What is said where the server has no room for a request."""
    return text("The server is busy just now. Please try again in a moment.")


def broken() -> str:
    """What is said of an error of ours."""
    return text("That did not work. The reason is in the server's output. Please try again.")


class RefusedError(Exception):
    """``status`` and a text for the sender, with ``headers`` if the status asks for some."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


def refusal(path: str, error: RefusedError) -> Response:
    """The response: the page reads ``problem``, and Gradio's clients read ``detail``."""
    if path.startswith("/api/"):
        return JSONResponse({"problem": error.text}, error.status, error.headers)
    if path.startswith("/gradio_api/") and path != "/gradio_api/upload":
        return JSONResponse({"detail": error.text}, error.status, error.headers)
    return PlainTextResponse(error.text, error.status, error.headers)
