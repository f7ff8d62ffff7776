"""What back-ends are shown, and who asks for it where."""

import base64
import json
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from mediation.endpoints.oauth import Tokens
from mediation.errors import AuthenticationFailed, ConnectionFailed
from mediation.transports.http import HTTP
from tests.mediation.http_backend import free_port_url, http_backend

from .support import address, endpoint, message


@pytest.fixture
async def backend():
    async with http_backend() as backend:
        yield backend
    await HTTP.aclose()


class TokenServer:
    """Gives ``token-1``, ``token-2``, ... and keeps what it was asked."""

    def __init__(self, server):
        self.url = server.url + "/token"
        self.server = server
        self.status = 200
        self.more = {"expires_in": 3600}
        server.answer = self._answer

    async def _answer(self, request):
        said = {"access_token": f"token-{len(self.server.seen)}", **self.more}
        return web.Response(text=json.dumps(said), status=self.status, content_type="application/json")

    @property
    def asked(self):
        return [{name: values[0] for name, values in parse_qs(seen.body.decode()).items()} for seen in self.server.seen]


@pytest.fixture
async def tokens(backend):
    async with http_backend() as server:
        yield TokenServer(server)


def http(url, authentication):
    return endpoint(f'<http uri-template="{url}"><authentication>{authentication}</authentication></http>')


def oauth(url, token_url, grant="clientCredentials", more=""):
    said = f"<clientId>me</clientId><clientSecret>s/cret</clientSecret><tokenUrl>{token_url}</tokenUrl>{more}"
    return http(url, f"<oauth><{grant}>{said}</{grant}></oauth>")


async def asked(target, ctx=None):
    return (await target.send(ctx or message())).status


async def test_basic_authentication_takes_the_place_of_the_messages_own(backend):
    target = http(
        backend.url, "<basicAuth><username>me</username><password>{get-property('secret')}</password></basicAuth>"
    )
    ctx = message()
    ctx.set("secret", "pass:wörd")
    ctx.set("Authorization", "Bearer of the client", "transport")
    await asked(target, ctx)
    expected = "Basic " + base64.b64encode("me:pass:wörd".encode()).decode()
    assert backend.seen[0].get_all("Authorization") == [expected]
    assert ctx.get("Authorization", "transport") == "Bearer of the client"


async def test_the_next_endpoint_of_a_group_does_not_get_the_credentials(backend):
    authentication = "<basicAuth><username>me</username><password>x</password></basicAuth>"
    down = f'<http uri-template="{free_port_url()}"><authentication>{authentication}</authentication></http>'
    first = f"<endpoint>{down}</endpoint>"
    await asked(endpoint(f"<failover>{first}{address(backend.url)}</failover>"))
    assert backend.seen[0].get("Authorization") is None


async def test_a_token_is_fetched_once_and_used_again(backend, tokens):
    target = oauth(backend.url, tokens.url)
    for _ in range(2):
        assert await asked(target) == 200
    assert [seen.get("Authorization") for seen in backend.seen] == ["Bearer token-1"] * 2
    assert tokens.asked == [{"grant_type": "client_credentials"}]
    assert tokens.server.seen[0].get("Authorization") == "Basic " + base64.b64encode(b"me:s%2Fcret").decode()


async def test_a_refused_token_is_replaced_once(backend, tokens):
    async def only_the_second(request):
        return web.Response(status=200 if request.headers["Authorization"] == "Bearer token-2" else 401)

    backend.answer = only_the_second
    target = oauth(backend.url, tokens.url)
    assert await asked(target) == 200
    assert [seen.body for seen in backend.seen] == [b"<a/>", b"<a/>"]
    assert await asked(target) == 200
    assert len(tokens.asked) == 2


async def test_a_back_end_that_refuses_all_tokens_is_asked_twice(backend, tokens):
    backend.answers(b"no", 401)
    assert await asked(oauth(backend.url, tokens.url)) == 401
    assert len(backend.seen) == 2


async def test_the_clients_credentials_may_be_in_the_body(backend, tokens):
    more = (
        "<authMode>Payload</authMode><requestParameters><parameter name='scope'>{get-property('s')}</parameter>"
        "</requestParameters>"
    )
    ctx = message()
    ctx.set("s", "read write")
    await asked(oauth(backend.url, tokens.url, more=more), ctx)
    assert tokens.asked == [
        {"grant_type": "client_credentials", "client_id": "me", "client_secret": "s/cret", "scope": "read write"}
    ]
    assert tokens.server.seen[0].get("Authorization") is None


async def test_a_password_is_shown_to_the_token_server_alone(backend, tokens):
    await asked(oauth(backend.url, tokens.url, "passwordCredentials", "<username>u</username><password>p</password>"))
    assert tokens.asked == [{"grant_type": "password", "username": "u", "password": "p"}]


async def test_a_refresh_token_that_came_with_a_token_takes_the_place_of_the_first(backend, tokens):
    tokens.more = {"refresh_token": "second"}
    backend.answers(b"", 401)
    await asked(oauth(backend.url, tokens.url, "authorizationCode", "<refreshToken>first</refreshToken>"))
    assert [each["refresh_token"] for each in tokens.asked] == ["first", "second"]


async def test_credentials_of_messages_do_not_mix(backend, tokens):
    target = http(
        backend.url,
        "<oauth><clientCredentials><clientId>{get-property('who')}</clientId><clientSecret>s</clientSecret>"
        f"<tokenUrl>{tokens.url}</tokenUrl></clientCredentials></oauth>",
    )
    for who in ("a", "b", "a"):
        ctx = message()
        ctx.set("who", who)
        await asked(target, ctx)
    assert [seen.get("Authorization") for seen in backend.seen] == [
        "Bearer token-1",
        "Bearer token-2",
        "Bearer token-1",
    ]


@pytest.mark.parametrize(
    ("more", "seconds"),
    [({"expires_in": 3600}, 3570), ({"expires_in": "100"}, 70), ({"expires_in": 10}, 5), ({}, 3600)],
)
async def test_a_token_is_not_used_to_its_very_end(tokens, more, seconds):
    now = [1000.0]
    tokens.more = more
    known = Tokens(oauth("http://h", tokens.url).authentication._tokens._grant, lambda: now[0])
    ctx = message()
    await known.authorization(ctx)
    now[0] += seconds - 1
    assert await known.authorization(ctx) == "Bearer token-1"
    now[0] += 2
    assert await known.authorization(ctx) == "Bearer token-2"


@pytest.mark.parametrize(
    ("status", "more", "expected"),
    [(400, {}, "it answered with 400"), (200, {"access_token": None}, "there is none in the answer")],
)
async def test_no_token_is_303003_and_suspends_nobody(backend, tokens, status, more, expected):
    tokens.status, tokens.more = status, more
    target = oauth(backend.url, tokens.url)
    with pytest.raises(AuthenticationFailed, match=expected) as failure:
        await asked(target)
    assert failure.value.code == 303003
    assert target.is_ready(message())
    assert backend.seen == []


async def test_a_token_server_that_is_down_is_said_so(backend):
    with pytest.raises(AuthenticationFailed, match=r"no access token from http://127\.0\.0\.1") as failure:
        await asked(oauth(backend.url, free_port_url()))
    assert isinstance(failure.value.__cause__, ConnectionFailed)
