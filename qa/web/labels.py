"""What stands on the page before anything is asked; the browser chooses its language."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from index.translation import languages, speaking, text


def labels() -> dict[str, str]:
    """What stands on the page before anything is asked, in the language spoken."""
    return {
        "ask": text("Ask"),
        "question": text("Question"),
        "example": text("For example: How highly was Scale AI valued?"),
        "settings": text("Settings"),
        "heed_time": text('Times in the question ("last week", "since 2023") set limits'),
        "recent": text("Prefer newer articles"),
        "articles": text("Articles"),
        "files": text("Files (.txt, .md, .html, .jsonl, .csv)"),
        "add": text("Add articles"),
    }


def translations() -> gr.I18n:
    """The labels in every language; the browser chooses, as it does for Gradio's own."""
    found = {}
    for code in languages():
        with speaking(code):
            found[code] = labels()
    return gr.I18n(**found)


def label(name: str) -> Any:
    """What Gradio's script puts the words of the browser's language for."""
    assert name in labels()
    return I18nData(name)
