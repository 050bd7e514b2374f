"""The keys of the demo city: random for each data folder, kept there for its owner alone."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from open311_api.api_keys.create import create_key
from open311_api.api_keys.verify import verify_key
from open311_api.db.database import Database
from open311_api.errors import ConfigurationError, KeyRefused

KEYS_FILE = "demo-keys.json"


@dataclass(frozen=True, slots=True)
class DemoKeys:
    app_key: str
    """May send reports."""
    staff_key: str
    """May do everything in the demo city."""


async def ensure_demo_keys(db: Database, data_dir: Path, jurisdiction_key: int) -> DemoKeys:
    """Those kept in the data folder while they work; new ones otherwise, as after the database was made anew."""
    kept = _read(data_dir / KEYS_FILE)
    if kept is not None and await _work(db, kept):
        return kept
    app = await create_key(db, name="Demo app", scopes=["requests:write"], jurisdiction_keys=[jurisdiction_key], kind="demo")
    staff = await create_key(db, name="Demo staff", scopes=["admin"], jurisdiction_keys=[jurisdiction_key], kind="demo")
    made = DemoKeys(app_key=app.text, staff_key=staff.text)
    _write(data_dir / KEYS_FILE, made)
    return made


async def _work(db: Database, keys: DemoKeys) -> bool:
    async with db.read() as session:
        try:
            for text in (keys.app_key, keys.staff_key):
                await verify_key(session, text)
        except KeyRefused:
            return False
    return True


def _read(path: Path) -> DemoKeys | None:
    try:
        return DemoKeys(**orjson.loads(path.read_bytes()))
    except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}; run this as the user who owns it") from None


def _write(path: Path, keys: DemoKeys) -> None:
    """Readable by its owner only from the first byte, and never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(asdict(keys), option=orjson.OPT_INDENT_2) + b"\n")
    draft.replace(path)
