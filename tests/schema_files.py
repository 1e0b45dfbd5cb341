"""The JSON Schema files in ``docs/schema``, made from the records: ``python -m tests.schema_files``.

Without ``--write`` it names the files that differ from the code and ends with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from index import (
    AddReport,
    BackupReport,
    CheckReport,
    Forgetting,
    Listing,
    Removal,
    RepairReport,
    ShownArticle,
    Status,
    SyncReport,
    form,
)
from qa.evaluation.evaluate import Evaluation
from qa.records import Answer

FOLDER = Path(__file__).parents[1] / "docs/schema"

RECORDS: dict[str, type] = {
    "answer": Answer,
    "article": ShownArticle,
    "list": Listing,
    "add": AddReport,
    "sync": SyncReport,
    "remove": Removal,
    "forget": Forgetting,
    "status": Status,
    "verify": CheckReport,
    "repair": RepairReport,
    "backup": BackupReport,
    "evaluation": Evaluation,
}
"""What each file describes; ``backup`` is what ``qa restore`` prints too."""


class _Forms(GenerateJsonSchema):
    """Describes each record by the form it has in JSON; every field is there, and no other."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        shown = _form_of(schema["cls"])
        if shown is not schema["cls"]:
            return self.generate_inner(TypeAdapter(shown).core_schema)
        described = super().dataclass_schema(schema)
        described["required"] = [field.name for field in fields(shown)]
        described["additionalProperties"] = False
        for told in described["properties"].values():
            told.pop("default", None)
        return described


def _form_of(record: type) -> type:
    """The record whose fields stand for ``record`` in JSON."""
    returned = get_type_hints(form.dispatch(record)).get("return", object)
    return returned if isinstance(returned, type) and is_dataclass(returned) else record


@cache
def described(name: str) -> str:
    """The text of a file."""
    schema: dict[str, Any] = TypeAdapter(_form_of(RECORDS[name])).json_schema(
        schema_generator=_Forms, mode="serialization"
    )
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(head | schema, ensure_ascii=False, indent=2) + "\n"


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.schema.json"


def differing() -> list[Path]:
    """The files that are not what the code says, and those that describe nothing."""
    paths = {path_of(name): name for name in RECORDS}
    changed = [
        path
        for path, name in paths.items()
        if not path.is_file() or path.read_text("utf-8") != described(name)
    ]
    return changed + [path for path in sorted(FOLDER.glob("*")) if path not in paths]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="write the files")
    if parser.parse_args().write:
        FOLDER.mkdir(exist_ok=True)
        for name in RECORDS:
            path_of(name).write_text(described(name), "utf-8")
    for path in (left := differing()):
        print(f"{path.relative_to(FOLDER.parents[1])} is not what the records are")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
