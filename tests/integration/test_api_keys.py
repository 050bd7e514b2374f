"""Keys: made, verified, rotated, revoked, never kept in the clear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from open311_api.api_keys.create import create_key, rotate_key
from open311_api.api_keys.queries import list_keys
from open311_api.api_keys.revoke import revoke_key
from open311_api.api_keys.verify import verify_key
from open311_api.db.database import Database
from open311_api.errors import Invalid, KeyRefused


async def _verify(db: Database, text: str) -> object:
    async with db.read() as session:
        return await verify_key(session, text)


async def test_a_new_key_is_verified_with_its_scopes_and_jurisdictions(db: Database) -> None:
    made = await create_key(db, name="app", scopes=["requests:write"], jurisdiction_keys=[7])
    async with db.read() as session:
        caller = await verify_key(session, made.text)
    assert caller.may("requests:write")
    assert not caller.may("admin")
    assert caller.serves(7)
    assert not caller.serves(8)


async def test_admin_may_everything_everywhere(db: Database) -> None:
    made = await create_key(db, name="staff", scopes=["admin"], jurisdiction_keys=None)
    async with db.read() as session:
        caller = await verify_key(session, made.text)
    assert caller.may("routing:write")
    assert caller.serves(1)


@pytest.mark.parametrize("damage", [lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"), lambda key: "", lambda key: key + "x"])
async def test_a_wrong_key_is_refused(db: Database, damage) -> None:
    made = await create_key(db, name="app", scopes=["requests:write"], jurisdiction_keys=None)
    with pytest.raises(KeyRefused):
        await _verify(db, damage(made.text))


async def test_an_expired_key_is_refused(db: Database) -> None:
    made = await create_key(
        db, name="app", scopes=["requests:write"], jurisdiction_keys=None, not_after=datetime.now(UTC) - timedelta(seconds=1)
    )
    with pytest.raises(KeyRefused):
        await _verify(db, made.text)


async def test_both_secrets_live_during_a_rotation_and_both_stop_with_a_revocation(db: Database) -> None:
    first = await create_key(db, name="app", scopes=["requests:write"], jurisdiction_keys=None)
    second = await rotate_key(db, first.key_id, grace=timedelta(hours=1))
    assert await _verify(db, first.text) == await _verify(db, second.text)
    async with db.read() as session:
        (summary,) = await list_keys(session)
    assert set(summary.key_ids) == {first.key_id, second.key_id}
    await revoke_key(db, second.key_id)
    for key in (first, second):
        with pytest.raises(KeyRefused):
            await _verify(db, key.text)


async def test_a_rotation_without_grace_stops_the_old_secret_now(db: Database) -> None:
    first = await create_key(db, name="app", scopes=["requests:write"], jurisdiction_keys=None)
    await rotate_key(db, first.key_id, grace=timedelta(0))
    with pytest.raises(KeyRefused):
        await _verify(db, first.text)


async def test_the_secret_is_nowhere_in_the_database(db: Database) -> None:
    made = await create_key(db, name="app", scopes=["requests:write"], jurisdiction_keys=None)
    secret = made.text.rsplit("_", 1)[1]
    async with db.read() as session:
        rows = await session.fetch(text("SELECT to_jsonb(k)::text || to_jsonb(s)::text AS row FROM api_key k, api_key_secret s"))
    assert rows
    assert all(secret not in row["row"] for row in rows)


async def test_a_demo_key_opens_nothing_in_production(db: Database) -> None:
    made = await create_key(db, name="demo", scopes=["requests:write"], jurisdiction_keys=None, kind="demo")
    async with db.read() as session:
        assert (await verify_key(session, made.text)).name == "demo"
        with pytest.raises(KeyRefused):
            await verify_key(session, made.text, refuse_demo=True)
        with pytest.raises(KeyRefused):
            await verify_key(session, made.text.replace("o311_demo_", "o311_live_"), refuse_demo=True)


async def test_an_unknown_scope_is_named(db: Database) -> None:
    with pytest.raises(Invalid, match="fly"):
        await create_key(db, name="app", scopes=["fly"], jurisdiction_keys=None)
