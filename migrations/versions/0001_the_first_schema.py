"""The first schema

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # PostGIS is not a trusted extension: a role that may not create it finds it made by its administrator.
    for extension in ("postgis", "pg_trgm", "unaccent"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    # No stemming: one configuration serves every language, and accents do not matter.
    op.execute("CREATE TEXT SEARCH CONFIGURATION open311 (COPY = simple)")
    op.execute("ALTER TEXT SEARCH CONFIGURATION open311 ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple")
    op.create_table(
        "api_key",
        sa.Column("api_key_key", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("jurisdiction_keys", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("api_key_key", name=op.f("pk_api_key")),
    )
    op.create_table(
        "event",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("type", sa.Text(collation="C"), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("request_key", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("service_key", sa.Integer(), nullable=True),
        sa.Column("department_key", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("api_key_key", sa.BigInteger(), nullable=True),
        sa.Column("import_key", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_key", "event_key", name=op.f("pk_event")),
    )
    op.create_index(
        "ix_event_import",
        "event",
        ["jurisdiction_key", "import_key", "event_key"],
        unique=False,
        postgresql_where=sa.text("import_key IS NOT NULL"),
    )
    op.create_index(
        "ix_event_position",
        "event",
        ["jurisdiction_key", "position"],
        unique=False,
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.create_index(
        "ix_event_unpublished",
        "event",
        ["event_key"],
        unique=False,
        postgresql_where=sa.text("position IS NULL AND import_key IS NULL"),
    )
    op.create_index("uq_event_sequence", "event", ["jurisdiction_key", "request_key", "sequence"], unique=True)
    op.create_table(
        "feed_position",
        sa.Column("jurisdiction_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_key", name=op.f("pk_feed_position")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "idempotency_record",
        sa.Column("api_key_key", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(collation="C"), nullable=False),
        sa.Column("idempotency_key", sa.Text(collation="C"), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status_code", sa.SmallInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("api_key_key", "operation", "idempotency_key", name=op.f("pk_idempotency_record")),
    )
    op.create_index("ix_idempotency_record_created_at", "idempotency_record", ["created_at"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("import_key", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "counts",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("jurisdiction_key", "import_key", name=op.f("pk_import_run")),
    )
    op.create_index(
        "ix_import_run_unpublished",
        "import_run",
        ["import_key"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_geospatial_table(
        "jurisdiction",
        sa.Column("jurisdiction_key", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("jurisdiction_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("locale", sa.Text(), server_default="en", nullable=False),
        sa.Column("request_id_format", sa.Text(), server_default="SR-{year}-{number:06}", nullable=False),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "settings",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("catalog_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("catalog_changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction_key", name=op.f("pk_jurisdiction")),
        sa.UniqueConstraint("jurisdiction_id", name=op.f("uq_jurisdiction_jurisdiction_id")),
    )
    op.create_table(
        "api_key_secret",
        sa.Column("key_id", sa.Text(collation="C"), nullable=False),
        sa.Column("api_key_key", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["api_key_key"], ["api_key.api_key_key"], name=op.f("fk_api_key_secret_api_key_key")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key_secret")),
    )
    op.create_index("ix_api_key_secret_api_key_key", "api_key_secret", ["api_key_key"], unique=False)
    op.create_table(
        "area_set",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("area_set_key", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"], name=op.f("fk_area_set_jurisdiction_key")),
        sa.PrimaryKeyConstraint("jurisdiction_key", "area_set_key", name=op.f("pk_area_set")),
    )
    op.create_index("uq_area_set_code", "area_set", ["jurisdiction_key", "code"], unique=True)
    op.create_table(
        "department",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("department_key", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("triage", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("public", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "contact",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key"], ["jurisdiction.jurisdiction_key"], name=op.f("fk_department_jurisdiction_key")
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "department_key", name=op.f("pk_department")),
    )
    op.create_index("uq_department_code", "department", ["jurisdiction_key", "code"], unique=True)
    op.create_index("uq_department_triage", "department", ["jurisdiction_key"], unique=True, postgresql_where=sa.text("triage"))
    op.create_table(
        "detailed_status",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("citysdk_word", sa.Text(), nullable=False),
        sa.Column("update_word", sa.Text(), nullable=False),
        sa.Column("allowed_next", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_detailed_status_status")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key"], ["jurisdiction.jurisdiction_key"], name=op.f("fk_detailed_status_jurisdiction_key")
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "code", name=op.f("pk_detailed_status")),
    )
    op.create_index(
        "uq_detailed_status_default",
        "detailed_status",
        ["jurisdiction_key", "status"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_geospatial_table(
        "area",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("area_set_key", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "properties",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "area_set_key"],
            ["area_set.jurisdiction_key", "area_set.area_set_key"],
            name=op.f("fk_area_jurisdiction_key_area_set_key"),
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "area_set_key", "version", "code", name=op.f("pk_area")),
    )
    op.create_geospatial_index("ix_area_geometry", "area", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={})
    op.create_table(
        "service",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("service_key", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="realtime", nullable=False),
        sa.Column("keywords", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("description_required", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("visibility", sa.Text(), server_default="public", nullable=False),
        sa.Column("department_key", sa.Integer(), nullable=True),
        sa.Column("definition_version", sa.Integer(), nullable=True),
        sa.Column(
            "translations",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "settings",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint("type IN ('realtime', 'batch', 'blackbox')", name=op.f("ck_service_type")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "department_key"],
            ["department.jurisdiction_key", "department.department_key"],
            name=op.f("fk_service_jurisdiction_key_department_key"),
        ),
        sa.ForeignKeyConstraint(["jurisdiction_key"], ["jurisdiction.jurisdiction_key"], name=op.f("fk_service_jurisdiction_key")),
        sa.PrimaryKeyConstraint("jurisdiction_key", "service_key", name=op.f("pk_service")),
    )
    op.create_index("uq_service_code", "service", ["jurisdiction_key", "code"], unique=True)
    op.create_table(
        "service_area",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("service_key", sa.Integer(), nullable=False),
        sa.Column("area_set_key", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "area_set_key"],
            ["area_set.jurisdiction_key", "area_set.area_set_key"],
            name=op.f("fk_service_area_jurisdiction_key_area_set_key"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "service_key"],
            ["service.jurisdiction_key", "service.service_key"],
            name=op.f("fk_service_area_jurisdiction_key_service_key"),
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "service_key", "area_set_key", "area_code", name=op.f("pk_service_area")),
    )
    op.create_table(
        "service_definition",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("service_key", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "service_key"],
            ["service.jurisdiction_key", "service.service_key"],
            name=op.f("fk_service_definition_jurisdiction_key_service_key"),
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "service_key", "version", name=op.f("pk_service_definition")),
    )
    op.create_geospatial_table(
        "service_request",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_request_id", sa.Text(collation="C"), nullable=True),
        sa.Column("token", sa.Text(collation="C"), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("service_key", sa.Integer(), nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=True),
        sa.Column("department_key", sa.Integer(), nullable=False),
        sa.Column("pending_strategies", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("detailed_status", sa.Text(collation="C"), nullable=False),
        sa.Column("status_notes", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="public", nullable=False),
        sa.Column("moderation", sa.Text(), server_default="approved", nullable=False),
        sa.Column(
            "listed",
            sa.Boolean(),
            sa.Computed("service_request_id IS NOT NULL AND visibility <> 'private' AND moderation = 'approved'", persisted=True),
            nullable=False,
        ),
        sa.Column("channel", sa.Text(), server_default="api", nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("service_notice", sa.Text(), nullable=True),
        sa.Column("requested_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_datetime", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_datetime", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_id", sa.Text(), nullable=True),
        sa.Column("zipcode", sa.Text(), nullable=True),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("media_urls", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column(
            "attribute_answers",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "extended_attributes",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "extra_answers",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("service_object_type", sa.Text(), nullable=True),
        sa.Column("service_object_id", sa.Text(), nullable=True),
        sa.Column("duplicate", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("parent_request_key", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("api_key_key", sa.BigInteger(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('open311'::regconfig, coalesce(title, '') || ' ' || coalesce(description, '') || ' ' || coalesce(address, '') || ' ' || coalesce(service_request_id, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("moderation IN ('approved', 'pending', 'rejected')", name=op.f("ck_service_request_moderation")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_service_request_status")),
        sa.CheckConstraint("visibility IN ('public', 'masked', 'private')", name=op.f("ck_service_request_visibility")),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "department_key"],
            ["department.jurisdiction_key", "department.department_key"],
            name=op.f("fk_service_request_jurisdiction_key_department_key"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "detailed_status"],
            ["detailed_status.jurisdiction_key", "detailed_status.code"],
            name=op.f("fk_service_request_jurisdiction_key_detailed_status"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "service_key"],
            ["service.jurisdiction_key", "service.service_key"],
            name=op.f("fk_service_request_jurisdiction_key_service_key"),
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key"], ["jurisdiction.jurisdiction_key"], name=op.f("fk_service_request_jurisdiction_key")
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "request_key", name=op.f("pk_service_request")),
    )
    op.create_index(
        "ix_service_request_department",
        "service_request",
        [
            "jurisdiction_key",
            "department_key",
            sa.literal_column("requested_datetime DESC"),
            sa.literal_column("service_request_id DESC NULLS LAST"),
        ],
        unique=False,
        postgresql_include=["version", "listed", "status"],
    )
    op.create_geospatial_index(
        "ix_service_request_location",
        "service_request",
        ["location"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_service_request_object",
        "service_request",
        ["jurisdiction_key", "service_object_type", "service_object_id"],
        unique=False,
        postgresql_where=sa.text("service_object_id IS NOT NULL"),
    )
    op.create_index(
        "ix_service_request_open",
        "service_request",
        [
            "jurisdiction_key",
            sa.literal_column("requested_datetime DESC"),
            sa.literal_column("service_request_id DESC NULLS LAST"),
        ],
        unique=False,
        postgresql_include=["version", "listed", "service_key", "department_key"],
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_service_request_parent",
        "service_request",
        ["jurisdiction_key", "parent_request_key"],
        unique=False,
        postgresql_where=sa.text("parent_request_key IS NOT NULL"),
    )
    op.create_index(
        "ix_service_request_requested",
        "service_request",
        [
            "jurisdiction_key",
            sa.literal_column("requested_datetime DESC"),
            sa.literal_column("service_request_id DESC NULLS LAST"),
        ],
        unique=False,
        postgresql_include=["version", "listed", "status"],
    )
    op.create_index("ix_service_request_search", "service_request", ["search"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_service_request_service",
        "service_request",
        [
            "jurisdiction_key",
            "service_key",
            sa.literal_column("requested_datetime DESC"),
            sa.literal_column("service_request_id DESC NULLS LAST"),
        ],
        unique=False,
        postgresql_include=["version", "listed", "status"],
    )
    op.create_index(
        "ix_service_request_trigram",
        "service_request",
        [sa.literal_column("(coalesce(title, '') || ' ' || coalesce(address, '')) gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_service_request_unnumbered",
        "service_request",
        ["jurisdiction_key", "request_key"],
        unique=False,
        postgresql_where=sa.text("service_request_id IS NULL"),
    )
    op.create_index(
        "ix_service_request_updated",
        "service_request",
        [
            "jurisdiction_key",
            sa.literal_column("updated_datetime DESC"),
            sa.literal_column("service_request_id DESC NULLS LAST"),
        ],
        unique=False,
        postgresql_include=["version", "listed", "status"],
    )
    op.create_index(
        "uq_service_request_id",
        "service_request",
        ["jurisdiction_key", "service_request_id"],
        unique=True,
        postgresql_include=["version", "listed"],
    )
    op.create_index(
        "uq_service_request_token",
        "service_request",
        ["jurisdiction_key", "token"],
        unique=True,
        postgresql_where=sa.text("token IS NOT NULL"),
    )
    op.create_table(
        "client_reference",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("api_key_key", sa.BigInteger(), nullable=False),
        sa.Column("service_key", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(collation="C"), nullable=False),
        sa.Column("reference", sa.Text(collation="C"), nullable=False),
        sa.Column("request_key", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "request_key"],
            ["service_request.jurisdiction_key", "service_request.request_key"],
            name=op.f("fk_client_reference_jurisdiction_key_request_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "jurisdiction_key", "api_key_key", "service_key", "kind", "reference", name=op.f("pk_client_reference")
        ),
    )
    op.create_index("ix_client_reference_request_key", "client_reference", ["jurisdiction_key", "request_key"], unique=False)
    op.create_table(
        "contact",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "request_key"],
            ["service_request.jurisdiction_key", "service_request.request_key"],
            name=op.f("fk_contact_jurisdiction_key_request_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "request_key", name=op.f("pk_contact")),
    )
    op.create_index(
        "ix_contact_email_hash",
        "contact",
        ["email_hash"],
        unique=False,
        postgresql_where=sa.text("email_hash IS NOT NULL"),
    )
    op.create_index(
        "ix_contact_phone_hash",
        "contact",
        ["phone_hash"],
        unique=False,
        postgresql_where=sa.text("phone_hash IS NOT NULL"),
    )
    op.create_table(
        "note",
        sa.Column("jurisdiction_key", sa.Integer(), nullable=False),
        sa.Column("request_key", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_key", "request_key"],
            ["service_request.jurisdiction_key", "service_request.request_key"],
            name=op.f("fk_note_jurisdiction_key_request_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_key", "request_key", "sequence", "public", name=op.f("pk_note")),
    )
    # Lists are found in indexes alone, and only what was vacuumed can be: new rows must not wait for a tenth of the table.
    for table in ("service_request", "event"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02)")


def downgrade() -> None:
    op.drop_table("note")
    op.drop_index("ix_contact_phone_hash", table_name="contact", postgresql_where=sa.text("phone_hash IS NOT NULL"))
    op.drop_index("ix_contact_email_hash", table_name="contact", postgresql_where=sa.text("email_hash IS NOT NULL"))
    op.drop_table("contact")
    op.drop_index("ix_client_reference_request_key", table_name="client_reference")
    op.drop_table("client_reference")
    op.drop_index("uq_service_request_token", table_name="service_request", postgresql_where=sa.text("token IS NOT NULL"))
    op.drop_index("uq_service_request_id", table_name="service_request", postgresql_include=["version", "listed"])
    op.drop_index("ix_service_request_unnumbered", table_name="service_request")
    op.drop_index("ix_service_request_updated", table_name="service_request", postgresql_include=["version", "listed", "status"])
    op.drop_index("ix_service_request_trigram", table_name="service_request", postgresql_using="gin")
    op.drop_index("ix_service_request_service", table_name="service_request", postgresql_include=["version", "listed", "status"])
    op.drop_index("ix_service_request_search", table_name="service_request", postgresql_using="gin")
    op.drop_index("ix_service_request_requested", table_name="service_request", postgresql_include=["version", "listed", "status"])
    op.drop_index(
        "ix_service_request_parent",
        table_name="service_request",
        postgresql_where=sa.text("parent_request_key IS NOT NULL"),
    )
    op.drop_index(
        "ix_service_request_open",
        table_name="service_request",
        postgresql_include=["version", "listed", "service_key", "department_key"],
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_index(
        "ix_service_request_object",
        table_name="service_request",
        postgresql_where=sa.text("service_object_id IS NOT NULL"),
    )
    op.drop_geospatial_index(
        "ix_service_request_location", table_name="service_request", postgresql_using="gist", column_name="location"
    )
    op.drop_index(
        "ix_service_request_department",
        table_name="service_request",
        postgresql_include=["version", "listed", "status"],
    )
    op.drop_geospatial_table("service_request")
    op.drop_table("service_definition")
    op.drop_table("service_area")
    op.drop_index("uq_service_code", table_name="service")
    op.drop_table("service")
    op.drop_geospatial_index("ix_area_geometry", table_name="area", postgresql_using="gist", column_name="geometry")
    op.drop_geospatial_table("area")
    op.drop_index("uq_detailed_status_default", table_name="detailed_status", postgresql_where=sa.text("is_default"))
    op.drop_table("detailed_status")
    op.drop_index("uq_department_triage", table_name="department", postgresql_where=sa.text("triage"))
    op.drop_index("uq_department_code", table_name="department")
    op.drop_table("department")
    op.drop_index("uq_area_set_code", table_name="area_set")
    op.drop_table("area_set")
    op.drop_index("ix_api_key_secret_api_key_key", table_name="api_key_secret")
    op.drop_table("api_key_secret")
    op.drop_geospatial_table("jurisdiction")
    op.drop_index("ix_import_run_unpublished", table_name="import_run", postgresql_where=sa.text("position IS NULL"))
    op.drop_table("import_run")
    op.drop_index("ix_idempotency_record_created_at", table_name="idempotency_record")
    op.drop_table("idempotency_record")
    op.drop_table("feed_position")
    op.drop_index("uq_event_sequence", table_name="event")
    op.drop_index("ix_event_unpublished", table_name="event", postgresql_where=sa.text("position IS NULL AND import_key IS NULL"))
    op.drop_index("ix_event_position", table_name="event", postgresql_where=sa.text("position IS NOT NULL"))
    op.drop_index("ix_event_import", table_name="event", postgresql_where=sa.text("import_key IS NOT NULL"))
    op.drop_table("event")
    op.drop_table("api_key")
    op.execute("DROP TEXT SEARCH CONFIGURATION open311")
