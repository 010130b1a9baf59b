"""A Git server over TLS: `git http-backend` behind a server that can ask for a login and fail on command."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from support.fake_files import FakeFiles

IDENTITY = {f"GIT_{who}_{what}": "fake" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *arguments: str) -> str:
    """One command in a repository, with nobody's settings."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/none", "GIT_CONFIG_NOSYSTEM": "1", **IDENTITY}
    command = ("git", "-c", "protocol.file.allow=always", *arguments)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, bytes], *more: str) -> str:
    """These files instead of those of the commit before; its id. `more` are options of `git init`."""
    if not (folder / ".git").exists():
        folder.mkdir(exist_ok=True)
        git(folder, "init", "--quiet", "--initial-branch=main", *more)
    for path in folder.iterdir():
        if path.name not in {".git", ".gitmodules"} and path.is_file():
            path.unlink()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=change")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class FakeGit(FakeFiles):
    """Serves the repositories below `root`; `login` is who may read, `given` the logins that came."""

    root: Path = Path("/none")
    login: tuple[str, str] | None = None
    given: list[str] = field(default_factory=list)

    def at(self, repository: str) -> str:
        return f"git+https://{self.host}/{repository}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("Git-Protocol", "")))
        if "Authorization" in request.headers:
            self.given.append(request.headers["Authorization"])
        if self.silent:
            await self._gone.wait()
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        if request.path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[request.path]})
        if self.login is not None and self.given[-1:] != [_basic(self.login)]:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="fake"'})
        return await self._backend(request)

    async def _backend(self, request: web.Request) -> web.StreamResponse:
        program = shutil.which("git") or "git"
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        process = await asyncio.create_subprocess_exec(
            program, "http-backend", env=environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate(await request.read())  # decompressed by aiohttp
        head, _, body = printed.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status = int(headers.pop("Status", "200").split(" ")[0])
        return await self._sent(request, web.StreamResponse(status=status, headers=headers), body)

    async def _sent(self, request: web.Request, answer: web.StreamResponse, body: bytes) -> web.StreamResponse:
        await answer.prepare(request)
        if self.breaks and len(body) > self.breaks[0]:
            await self._write(answer, body[: self.breaks.pop(0)])
            assert request.transport is not None
            request.transport.close()
            return answer
        await self._write(answer, body)
        return answer


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()
