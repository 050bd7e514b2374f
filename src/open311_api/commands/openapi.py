"""The command that writes the OpenAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from open311_api.commands.running import messages


def openapi(
    output: Annotated[Path, typer.Option(help="Folder for openapi.json and openapi.yaml; made if it is missing.")] = Path(
        "openapi"
    ),
) -> None:
    """Write the OpenAPI 3.1 document as JSON and YAML.

    Needs no database. A running server has the same at /openapi.json and /openapi.yaml.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in openapi_files().items():
            (output / name).write_text(text, encoding="utf-8")
            messages.print(f"Written: {output / name}", soft_wrap=True)
    except OSError as error:
        messages.print(f"[red]Error:[/] {output} cannot be written: {error.strerror}", soft_wrap=True)
        raise typer.Exit(1) from None


def openapi_files() -> dict[str, str]:
    """Text of each file by its name."""
    import orjson

    from open311_api.app import bare_app
    from open311_api.config import Settings
    from open311_api.georeport.openapi.document import openapi_document, to_yaml

    document = openapi_document(bare_app(Settings.model_construct()))
    as_json = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return {"openapi.json": as_json.decode(), "openapi.yaml": to_yaml(document)}
