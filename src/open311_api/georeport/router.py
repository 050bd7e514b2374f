"""The routes of GeoReport and their place in the OpenAPI document."""

from __future__ import annotations

from fastapi import APIRouter

from open311_api.georeport import endpoints, posting
from open311_api.georeport.openapi.operations import described

router = APIRouter(prefix="/open311/v2")

router.add_api_route("/requests/{service_request_id}.{format}", endpoints.service_request, **described("service_request"))
router.add_api_route("/requests.{format}", endpoints.service_requests, **described("service_requests"))
router.add_api_route(
    "/requests.{format}",
    posting.create_service_request,
    methods=["POST"],
    status_code=201,
    **described("create_service_request"),
)
router.add_api_route("/services.{format}", endpoints.services, **described("services"))
router.add_api_route("/services/{service_code}.{format}", endpoints.service_definition, **described("service_definition"))
router.add_api_route("/tokens/{token}.{format}", endpoints.token, **described("token"))
router.add_api_route("/discovery.{format}", endpoints.discovery, **described("discovery"))
router.add_api_route("/coverage.{format}", endpoints.coverage, **described("coverage"))
router.add_api_route("/", endpoints.home, include_in_schema=False)

bulk_router = APIRouter(prefix="/open311/bulk")
bulk_router.add_api_route("/requests.{format}", endpoints.bulk, **described("bulk_requests"))
