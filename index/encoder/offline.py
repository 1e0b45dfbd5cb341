"""The Hugging Face libraries: kept off the network, and off the user's terminal."""

from __future__ import annotations

import os


def go_offline() -> None:
    """Keep the Hugging Face libraries off the network in this process, before their import."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def quiet() -> None:
    """Keep the progress bars and load reports of transformers off the user's terminal."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
