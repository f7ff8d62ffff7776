"""What browsers of other origins are told."""

from mediation.api import Cors, DirectAnswer, Dispatched
from mediation.headers import Headers

from .support import api, find, resource

SHOP = "https://shop.example"


def fields(cors: Cors, origin: str | None = SHOP) -> dict[str, str]:
    return dict(cors.fields(Headers([("Origin", origin)] if origin else []), "GET, POST"))


def test_nothing_is_allowed_unless_it_is_said():
    assert fields(Cors()) == {}
    assert fields(Cors(("https://other.example",))) == {}
    assert fields(Cors(("*",)), None) == {}


def test_an_origin_that_is_listed_is_told_so_and_caches_are_told_why():
    assert fields(Cors((SHOP,), "x-key", allow_credentials=True)) == {
        "Access-Control-Allow-Origin": SHOP,
        "Vary": "Origin",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "x-key",
    }


def test_all_origins_are_allowed_without_credentials():
    assert fields(Cors(("*",), allowed_methods="GET", allow_credentials=True)) == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET",
    }


def test_preflights_and_answers_get_the_fields():
    cors = Cors(("*",))
    allowed = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "GET"))
    shop = api(resource('methods="GET"'))

    preflight = find("/a", shop, method="OPTIONS", cors=cors, Origin=SHOP)
    assert preflight == DirectAnswer(200, (("Allow", "GET"), *allowed))
    found = find("/a", shop, cors=cors, Origin=SHOP)
    assert isinstance(found, Dispatched)
    assert found.fields == allowed


def test_a_handler_of_the_api_counts_instead_of_the_server_s():
    handler = (
        '<handlers><handler class="CORSRequestHandler"><property name="allowedOrigins" value=""/></handler></handlers>'
    )
    found = find("/a", api(f"<resource/>{handler}"), cors=Cors(("*",)), Origin=SHOP)

    assert isinstance(found, Dispatched)
    assert found.fields == ()
