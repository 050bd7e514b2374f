"""Domain values as documents of the back office: everything, in the city's own time."""

from __future__ import annotations

from datetime import datetime

from open311_api.catalog.snapshot import CitySnapshot
from open311_api.catalog.types import Department, DetailedStatus, Jurisdiction, Service
from open311_api.management import schemas
from open311_api.service_requests.staff_queries import StaffRow
from open311_api.service_requests.types import ContactData


def request_document(row: StaffRow, city: CitySnapshot) -> schemas.StaffRequest:
    """Without a contact: that is asked for by name (``with_contact``)."""
    service, zone = city.by_key[row.service_key], city.jurisdiction.time_zone

    def local(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment.astimezone(zone)

    return schemas.StaffRequest(
        service_request_id=row.service_request_id,
        token=row.token,
        jurisdiction_id=city.jurisdiction.jurisdiction_id,
        version=row.version,
        status=row.status,
        detailed_status=row.detailed_status,
        status_notes=row.status_notes,
        service_code=service.code,
        service_name=service.name,
        department=_named(city.departments[row.department_key]),
        pending_strategies=row.pending_strategies,
        priority=row.priority,
        visibility=row.visibility,
        moderation=row.moderation,
        channel=row.channel,
        title=row.title,
        description=row.description,
        address=row.address,
        address_id=row.address_id,
        zipcode=row.zipcode,
        location=None if row.lat is None or row.long is None else schemas.Place(lat=row.lat, long=row.long),
        media_urls=row.media_urls,
        service_object_type=row.service_object_type,
        service_object_id=row.service_object_id,
        service_notice=row.service_notice,
        attributes=[schemas.AnswerView(**answer) for answer in row.attribute_answers],
        extra_answers=row.extra_answers,
        extended_attributes=row.extended_attributes,
        requested_datetime=row.requested_datetime.astimezone(zone),
        updated_datetime=row.updated_datetime.astimezone(zone),
        expected_datetime=local(row.expected_datetime),
        closed_datetime=local(row.closed_datetime),
        duplicate=row.duplicate,
        parent_service_request_id=row.parent_service_request_id,
    )


def with_contact(document: schemas.StaffRequest, contact: ContactData | None) -> schemas.StaffRequest:
    shown = None
    if contact is not None:
        shown = schemas.ContactView(**{name: getattr(contact, name) for name in ContactData.__slots__})
    return document.model_copy(update={"contact": shown})


def service_document(service: Service, city: CitySnapshot) -> schemas.ServiceView:
    department = None if service.department_key is None else city.departments.get(service.department_key)
    return schemas.ServiceView(
        service_code=service.code,
        service_name=service.name,
        description=service.description,
        type=service.type,
        groups=list(service.groups),
        keywords=list(service.keywords),
        active=service.active,
        visibility=service.visibility,
        description_required=service.description_required,
        department=None if department is None else _named(department),
        service_notice=service.notice,
        attributes=[attribute.to_json() for attribute in service.attributes],
    )


def department_document(department: Department) -> schemas.DepartmentView:
    return schemas.DepartmentView(
        code=department.code,
        name=department.name,
        triage=department.triage,
        public=department.public,
        active=department.active,
    )


def status_document(status: DetailedStatus) -> schemas.StatusView:
    return schemas.StatusView(
        code=status.code,
        name=status.name,
        status=status.status,
        default=status.is_default,
        allowed_next=None if status.allowed_next is None else list(status.allowed_next),
        citysdk_status=status.citysdk_word,
        update_status=status.update_word,
    )


def jurisdiction_document(jurisdiction: Jurisdiction) -> schemas.JurisdictionView:
    return schemas.JurisdictionView(
        jurisdiction_id=jurisdiction.jurisdiction_id,
        name=jurisdiction.name,
        time_zone=jurisdiction.time_zone.key,
        locale=jurisdiction.locale,
        catalog_version=jurisdiction.catalog_version,
        catalog_changed_at=jurisdiction.catalog_changed_at.astimezone(jurisdiction.time_zone),
    )


def _named(department: Department) -> schemas.DepartmentName:
    return schemas.DepartmentName(code=department.code, name=department.name)
