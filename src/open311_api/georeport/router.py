"""The routes of GeoReport and their place in the OpenAPI document."""

from __future__ import annotations

from fastapi import APIRouter

from open311_api.georeport import endpoints, posting

router = APIRouter(prefix="/open311/v2", tags=["GeoReport v2"])

router.add_api_route("/requests/{service_request_id}.{format}", endpoints.service_request, name="service_request")
router.add_api_route("/requests.{format}", endpoints.service_requests, name="service_requests")
router.add_api_route(
    "/requests.{format}", posting.create_service_request, methods=["POST"], status_code=201, name="create_service_request"
)
router.add_api_route("/services.{format}", endpoints.services, name="services")
router.add_api_route("/services/{service_code}.{format}", endpoints.service_definition, name="service_definition")
router.add_api_route("/tokens/{token}.{format}", endpoints.token, name="token")
router.add_api_route("/discovery.{format}", endpoints.discovery, name="discovery")
router.add_api_route("/coverage.{format}", endpoints.coverage, name="coverage")
router.add_api_route("/", endpoints.home, include_in_schema=False)

bulk_router = APIRouter(prefix="/open311/bulk", tags=["GeoReport Bulk"])
bulk_router.add_api_route("/requests.{format}", endpoints.bulk, name="bulk_requests")
