"""Ask one source by HTTP: redirects to hosts that are allowed, and a login where the source asks for one.

| the source answers                   | then                                                                       |
|--------------------------------------|----------------------------------------------------------------------------|
| a redirect                           | at most five, each to a host that is allowed; the login stays behind       |
| 401 and Basic                        | once more, with the login of the class's Secret, by HTTPS only             |
| 401 and Bearer                       | a token from its realm, a host that is allowed; then once more             |
| 408, 425, 429, 5xx                   | Interrupted                                                                |
| anything else                        | Refused                                                                    |

Basic is RFC 7617; Bearer is the token authentication of the distribution project, which OCI registries speak.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from edgewarm.fetch.credentials import Credentials, Login
from edgewarm.fetch.order import Interrupted, Limits, Refused, host_of

MOST_REDIRECTS = 5
MOST_TOKEN_BYTES = 1 << 20
LATER = frozenset({408, 425, 429})
PARAMETER = re.compile(r'([a-zA-Z]+)="((?:[^"\\]|\\.)*)"')


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


@dataclass
class Asking:
    """`origin` is the address of the order, the only one that is given a login. `session` must not follow redirects by
    itself."""

    session: aiohttp.ClientSession
    limits: Limits
    origin: str
    credentials: Credentials = field(default_factory=Credentials)
    scope: str = ""
    _authorization: str = field(default="", repr=False)

    @asynccontextmanager
    async def opened(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer with a body: of status 200, 206 or 416."""
        begun, before, renewed = url, "", False
        for _ in range(MOST_REDIRECTS + 2):
            self.limits.check(url, before)
            sent = {**headers, **self._login_header(url)}
            async with self.session.get(url, headers=sent, allow_redirects=False) as answer:
                target = answer.headers.get("Location")
                if answer.status in {301, 302, 303, 307, 308} and target:
                    url, before = urljoin(url, target), url
                    continue
                if answer.status == 401 and not renewed and self._is_origin(url):
                    renewed = await self._renewed(url, answer.headers.getall("WWW-Authenticate", []))
                    continue
                _check_status(url, answer.status)
                yield answer
                return
        raise Refused(f"{begun} redirects more than {MOST_REDIRECTS} times")

    def _login_header(self, url: str) -> Mapping[str, str]:
        return {"Authorization": self._authorization} if self._authorization and self._is_origin(url) else {}

    def _is_origin(self, url: str) -> bool:
        """Scheme, host and port are the order's own."""
        one, other = urlsplit(url), urlsplit(self.origin)
        return (one.scheme, host_of(one)) == (other.scheme, host_of(other))

    def _login(self) -> Login | None:
        """By HTTPS only: nobody may read a password on its way."""
        parts = urlsplit(self.origin)
        return self.credentials.find(host_of(parts), parts.path.lstrip("/")) if parts.scheme == "https" else None

    async def _renewed(self, url: str, challenges: Sequence[str]) -> bool:
        """A login as the source asks for it; Refused where there is none."""
        login, told = (
            self._login(),
            {kind.lower(): rest for kind, _, rest in (one.partition(" ") for one in challenges)},
        )
        if "bearer" in told:
            self._authorization = await self._token(dict(PARAMETER.findall(told["bearer"])), login)
        elif "basic" in told and login is not None:
            self._authorization = login.basic
        else:
            raise Refused(f"{url} answers 401, and {_lack(self.origin)}")
        return True

    async def _token(self, asked: Mapping[str, str], login: Login | None) -> str:
        """From the realm, which is given the login."""
        realm = asked.get("realm", "")
        self.limits.check(realm, self.origin)
        scope = asked.get("scope") or self.scope
        query = {"service": asked.get("service", ""), "scope": scope}
        headers = {"Authorization": login.basic} if login is not None and realm.startswith("https:") else {}
        wanted = {name: value for name, value in query.items() if value}
        async with self.session.get(realm, params=wanted, headers=headers, allow_redirects=False) as answer:
            if answer.status in {401, 403}:
                raise Refused(f"{realm} gives no token for {scope}: " + _refusal(self.origin, login))
            _check_status(realm, answer.status)
            return f"Bearer {_token_of(realm, await read(answer, MOST_TOKEN_BYTES))}"


async def read(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """The whole of a small answer; Refused where it is larger."""
    found = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        found += chunk
        if len(found) > most:
            raise Refused(f"{answer.url} answers with more than {most} bytes")
    return bytes(found)


def _check_status(url: str, status: int) -> None:
    if status in {200, 206, 416}:
        return
    if status in LATER or status >= 500:
        raise Interrupted(f"{url} answers {status}")
    raise Refused(f"{url} answers {status}")


def _token_of(realm: str, raw: bytes) -> str:
    try:
        told = msgspec.json.decode(raw, type=_Token)
    except msgspec.DecodeError:
        raise Refused(f"{realm} answers with something else than a token") from None
    found = told.token or told.access_token
    if not found.isascii() or not found.isprintable() or not found:
        raise Refused(f"{realm} answers without a token")
    return found


def _lack(origin: str) -> str:
    if origin.startswith("http:"):
        return "a login is only sent by HTTPS"
    return f"the fetcher class's Secret has no login for {host_of(urlsplit(origin))}"


def _refusal(origin: str, login: Login | None) -> str:
    return _lack(origin) if login is None else f"it does not take the login {login.name}"
