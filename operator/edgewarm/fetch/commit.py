"""Git at a commit: one shallow fetch of exactly that commit by the git client, then its files, and no history.

| guard                         | how                                                                                |
|-------------------------------|------------------------------------------------------------------------------------|
| nothing but the address asked | HTTPS only, no redirects, through a tunnel to that one host (fetch.tunnel)         |
| it is what was pinned         | an object's name is the hash of its bytes, and git checks that of each             |
| nothing of it is run          | no hooks, no filters, no submodules; attributes do not change a byte of a file     |
| nothing else has a say        | no shell, no settings but those below; a login goes by the environment, not as one |
|                               | of the arguments, which others see                                                 |

There is no way to go on where a fetch of a commit stopped: the next try begins again.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edgewarm.fetch.credentials import Credentials
from edgewarm.fetch.order import Interrupted, Limits, Order, Refused, host_of
from edgewarm.fetch.store import Store, sync_files
from edgewarm.fetch.transfer import Tell
from edgewarm.fetch.tunnel import Tunnel

FINAL = re.compile(
    r"not our ref|could ?n.t find remote ref|not found|returned error: (3\d\d|40[0134])|redirect"
    r"|Authentication failed|could not read (Username|Password)|dumb http|mismatched algorithms|is not a valid object"
)
"""What git says where another try changes nothing."""
PLAIN = "* -text -eol -ident -working-tree-encoding -filter\n"
"""Attributes above those of the commit: every file is checked out as it is."""
SETTINGS = {
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "http.followRedirects": "false",
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "core.bigFileThreshold": "1m",  # larger files are streamed, or each would be in memory as a whole
    "core.deltaBaseCacheLimit": "8m",
    "core.packedGitLimit": "32m",
    "pack.threads": "1",
}


@dataclass(frozen=True)
class Commits:
    """Fetches commits into a store."""

    store: Store
    limits: Limits
    credentials: Credentials
    tell: Tell = lambda have, whole: None

    async def bring(self, order: Order) -> None:
        """One try; Refused, or Interrupted."""
        program, tunnel = shutil.which("git"), Tunnel(order, self.limits, self.tell)
        if program is None:
            raise Refused("the image of the fetcher class has no git client: build it with GIT=1")
        self.store.guard(order.size, self.limits.spare_bytes)
        with self._repository(order) as folder:
            async with tunnel.open() as proxy:
                git = _Git(program, folder, self._settings(order, proxy))
                try:
                    await self._fetch(git, order)
                except (Interrupted, Refused):
                    if tunnel.refusal:  # of which git knows only that its connection is gone
                        raise Refused(tunnel.refusal) from None
                    raise
            await self._check_out(git, order)

    @contextmanager
    def _repository(self, order: Order) -> Iterator[Path]:
        """A place for the objects, which goes whatever comes."""
        folder = self.store.partial(f"{order.digest}.git")
        self.store.remove(folder)
        try:
            yield folder
        finally:
            self.store.remove(folder)

    def _settings(self, order: Order, proxy: str) -> Mapping[str, str]:
        found = {**SETTINGS, "http.proxy": proxy}
        parts = urlsplit(order.address)
        login = self.credentials.find(host_of(parts), parts.path.lstrip("/"))
        if login is not None:
            found[f"http.{parts.scheme}://{parts.netloc}/.extraHeader"] = f"Authorization: {login.basic}"
        if self.credentials.authorities is not None:
            found["http.sslCAInfo"] = str(self.credentials.authorities)
        return found

    async def _fetch(self, git: _Git, order: Order) -> None:
        """The commit, its folders and files; Refused where it is something else."""
        commit = commit_of(order)
        form = "sha256" if len(commit) == 64 else "sha1"
        await git.run("init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(git.folder))
        (git.folder / "info").mkdir(exist_ok=True)
        (git.folder / "info" / "attributes").write_text(PLAIN)
        fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
        await git.run(*fetch, order.address, commit)
        kind = (await git.run("cat-file", "-t", commit)).strip()
        if kind != "commit":
            raise Refused(f"{order.url}: {commit} is no commit but a {kind}")

    async def _check_out(self, git: _Git, order: Order) -> None:
        commit, (most, told) = commit_of(order), self.limits.most(order)
        size = listed_bytes(await git.run("ls-tree", "-r", "-l", "-z", commit))
        if size > most:
            raise Refused(f"{order.url} at {commit} has {size} bytes, {told}")
        self.store.guard(size, self.limits.spare_bytes)
        await git.run("read-tree", commit)
        with self.store.draft(order.digest) as draft:
            await git.run(f"--work-tree={draft}", "checkout-index", "--all", "--force")
            await asyncio.to_thread(sync_files, draft)


def commit_of(order: Order) -> str:
    """Its whole id."""
    return order.digest.partition(":")[2]


def listed_bytes(told: str) -> int:
    """The bytes of all files that `git ls-tree -l -z` lists; a submodule has none.

    >>> listed_bytes("100644 blob 0123      12\\ta\\0160000 commit 4567       -\\tb\\0")
    12
    """
    sizes = (line.partition("\t")[0].split()[3] for line in told.split("\0") if line)
    return sum(int(size) for size in sizes if size != "-")


@dataclass(frozen=True)
class _Git:
    """The client, with nothing of the machine's and the user's own settings."""

    program: str
    folder: Path
    settings: Mapping[str, str]

    async def run(self, *arguments: str) -> str:
        """What it prints; Refused or Interrupted by what it says where it fails."""
        process = await asyncio.create_subprocess_exec(
            self.program,
            f"--git-dir={self.folder}",
            *arguments,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            printed, said = await process.communicate()
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            told = " ".join(said.decode(errors="replace").split())[-500:]
            problem = f"git {_verb(arguments)}: {told or f'it ended with {process.returncode}'}"
            raise Refused(problem) if FINAL.search(told) else Interrupted(problem)
        return printed.decode(errors="surrogateescape")

    def _environment(self) -> Mapping[str, str]:
        found = {
            "PATH": os.defpath,
            "HOME": os.devnull,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": str(len(self.settings)),
        }
        for index, (key, value) in enumerate(self.settings.items()):
            found |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
        return found


def _verb(arguments: Sequence[str]) -> str:
    return next((one for one in arguments if not one.startswith("-")), "")
