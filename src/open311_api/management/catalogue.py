"""What the city is made of, for its own staff: services, departments, statuses, jurisdictions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request

from open311_api.management import documents, schemas
from open311_api.management.access import READ_CATALOG, Staff, StaffRoute, caller_of, needs, served_cities
from open311_api.management.answers import READ_PROBLEMS, SECURITY
from open311_api.web.runtime import runtime_of

router = APIRouter(route_class=StaffRoute, tags=["Catalogue"], responses=READ_PROBLEMS)
_Reader = Annotated[Staff, needs(*READ_CATALOG)]


@router.get("/services", operation_id="list_catalog_services", summary="List services", openapi_extra=SECURITY)
async def services(staff: _Reader) -> schemas.CatalogServices:
    """Every service with its department and its questions, retired ones too."""
    city = staff.city
    return schemas.CatalogServices(items=[documents.service_document(item, city) for item in city.content.services])


@router.get("/departments", operation_id="list_departments", summary="List departments", openapi_extra=SECURITY)
async def departments(staff: _Reader) -> schemas.CatalogDepartments:
    """Who answers reports; the triage desk, too."""
    return schemas.CatalogDepartments(items=[documents.department_document(item) for item in staff.city.content.departments])


@router.get("/statuses", operation_id="list_statuses", summary="List detailed statuses", openapi_extra=SECURITY)
async def statuses(staff: _Reader) -> schemas.CatalogStatuses:
    """Where a request can stand, what the public sees of it, and what may follow."""
    return schemas.CatalogStatuses(items=[documents.status_document(item) for item in staff.city.content.statuses])


@router.get("/jurisdictions", operation_id="list_jurisdictions", summary="List jurisdictions", openapi_extra=SECURITY)
async def jurisdictions(request: Request) -> schemas.CatalogJurisdictions:
    """The cities that your key serves."""
    found = served_cities(runtime_of(request), caller_of(request, READ_CATALOG))
    found.sort(key=lambda city: city.jurisdiction.jurisdiction_id)
    return schemas.CatalogJurisdictions(items=[documents.jurisdiction_document(city.jurisdiction) for city in found])
