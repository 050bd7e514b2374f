"""Reading one request and the catalogue, and who may."""

from __future__ import annotations

import pytest

from management.office import JURISDICTION, Office, make_key, problem

NEVER_MADE = "o311_live_AAAAAAAA_" + "B" * 43


def test_staff_sees_everything_but_the_contact(office: Office) -> None:
    identity = office.report(
        **{"service_code": "0042", "attribute[fault]": "dark", "attribute[colour]": "red", "email": "ann@mail.example"}
    )
    answer = office.get(f"requests/{identity}")
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["cache-control"] == "no-store"
    seen = answer.json()
    assert seen["service_request_id"] == identity
    assert (seen["version"], seen["status"], seen["detailed_status"]) == (1, "open", "received")
    assert (seen["visibility"], seen["moderation"], seen["channel"]) == ("public", "approved", "api")
    assert seen["department"] == {"code": "lighting", "name": "Public Lighting"}
    assert seen["location"] == {"lat": 52.1, "long": 5.05}
    assert seen["attributes"] == [{"name": "fault", "code": "dark", "label": "What is wrong?", "value": "Completely dark"}]
    assert seen["extra_answers"] == {"colour": "red"}
    assert seen["requested_datetime"] == office.public(identity)["requested_datetime"]
    assert "contact" not in seen
    assert "ann@mail.example" not in answer.text


def test_a_contact_is_asked_for_by_name_and_with_its_scope(office: Office) -> None:
    identity = office.report(email="ann@mail.example", first_name="Ann")
    path = f"requests/{identity}?include=contact"
    contact = office.read(path, key=office.private)["contact"]
    assert (contact["email"], contact["first_name"], contact["phone"]) == ("ann@mail.example", "Ann", None)
    assert "requests:read_private" in problem(office.get(path), 403)["detail"]
    assert office.read(f"requests/{office.report()}?include=contact", key=office.private)["contact"] is None
    assert problem(office.get(f"requests/{identity}?include=everything"), 422)["errors"][0]["field"] == "include"


def test_keys_are_checked_before_anything_is_said(office: Office) -> None:
    identity = office.report()
    for path in (f"requests/{identity}", "requests/nothing", "services", "jurisdictions"):
        for key in (None, NEVER_MADE, "x" * 2000):
            answer = office.get(path, key=key)
            problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
        problem(office.get(path, key=office.app), 403)
    bearer = office.get("services", key=None, headers={"Authorization": f"Bearer {office.staff}"})
    assert bearer.status_code == 200


@pytest.mark.bad_input(157)
@pytest.mark.parametrize("name", ["api_key", "API_KEY", "%61pi_key"])
def test_a_key_in_the_address_is_refused(office: Office, name: str) -> None:
    for key in (None, office.staff):
        answer = office.get(f"services?{name}={office.staff}", key=key)
        assert "X-Api-Key" in problem(answer, 401)["detail"]
        assert office.staff not in answer.text


@pytest.mark.parametrize("identity", ["nothing", "a%00b", "%ff", "%ed%a0%80", "a/b", "%0a", "x" * 3000, "'--"])
def test_what_is_not_there_is_not_found(office: Office, identity: str) -> None:
    problem(office.get(f"requests/{identity}"), 404)


def test_another_citys_request_is_not_there(office: Office) -> None:
    identity = office.report()
    foreign = make_key(office.env, "requests:manage", "requests:read_private", jurisdictions=("lakeside.example",))
    problem(office.get(f"requests/{identity}", key=foreign), 404)
    problem(office.get(f"requests/{identity}", key=foreign, params={"jurisdiction_id": JURISDICTION}), 404)
    problem(office.get(f"requests/{identity}", params={"jurisdiction_id": "nowhere.example"}), 404)


def test_a_key_of_several_cities_says_which(office: Office) -> None:
    identity = office.report()
    admin = make_key(office.env, "admin", jurisdictions=())
    refusal = problem(office.get(f"requests/{identity}", key=admin), 422)
    assert refusal["errors"][0]["field"] == "jurisdiction_id"
    assert JURISDICTION in refusal["detail"]
    assert office.read(f"requests/{identity}?jurisdiction_id={JURISDICTION}", key=admin)["service_request_id"] == identity
    problem(office.get(f"requests/{identity}?jurisdiction_id=lakeside.example", key=admin), 404)


def test_the_catalogue_is_there_to_read(office: Office) -> None:
    services = {item["service_code"]: item for item in office.read("services")["items"]}
    assert services["tree-down"]["department"] == {"code": "parks", "name": "Parks"}
    assert services["hotline"]["type"] == "blackbox"
    assert any(question["code"] == "fault" for question in services["0042"]["attributes"])
    departments = {item["code"]: item for item in office.read("departments")["items"]}
    assert departments["triage"]["triage"]
    assert not departments["parks"]["triage"]
    statuses = {item["code"]: item for item in office.read("statuses")["items"]}
    assert (statuses["fixed"]["status"], statuses["fixed"]["default"]) == ("closed", True)
    assert [item["jurisdiction_id"] for item in office.read("jurisdictions")["items"]] == [JURISDICTION]


def test_unknown_addresses_and_methods_are_problems_too(office: Office) -> None:
    problem(office.get("nothing"), 404)
    refused = office.call("DELETE", f"requests/{office.report()}")
    problem(refused, 405)
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"
