"""The database proves to be it: TLS against certificates of made-up authorities, before a real PostgreSQL (12.3.4)."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

# A dependency of moto, which tests stand on anyway.
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bizcall import database, migrate, tls
from bizcall.errors import Unavailable
from local.postgres import Postgres
from tests.statements import Recorded

ROOT = Path(__file__).parents[2]
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("db.internal")


@cache
def authority(name: str) -> tuple[str, Callable[[x509.GeneralName], bytes]]:
    """An authority that nobody knows: its certificate in PEM, and what makes a server's with its key."""
    key = ec.generate_private_key(ec.SECP256R1())

    def signed(subject: str, of: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .public_key(of)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - timedelta(days=1))
            .not_valid_after(datetime.now(UTC) + timedelta(days=1))
            .add_extension(extension, critical=True)
            .sign(key, hashes.SHA256())
        )
        return made.public_bytes(Encoding.PEM)

    def serving(host: x509.GeneralName) -> bytes:
        own = ec.generate_private_key(ec.SECP256R1())
        private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private + signed("server", own.public_key(), x509.SubjectAlternativeName([host]))

    return signed(name, key.public_key(), x509.BasicConstraints(ca=True, path_length=None)).decode(), serving


@asynccontextmanager
async def served(postgres: Postgres, certificate: bytes, folder: Path) -> AsyncIterator[int]:
    """The port of a server that speaks TLS as PostgreSQL does, and hands all else on to the real one."""
    path = folder / "server.pem"
    path.write_bytes(certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    tasks = set[asyncio.Task[None]]()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(context)
            inner, outer = await asyncio.open_connection("127.0.0.1", postgres.port)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            return
        for ends in ((reader, outer), (inner, writer)):
            task = asyncio.create_task(pump(*ends))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()


def address(postgres: Postgres, port: int, role: str = "app", **asked: str) -> str:
    """That of the real server through another port."""
    parts = urlsplit(postgres.url("owner" if role == "owner" else "app"))
    netloc = parts.netloc.replace(f":{parts.port}", f":{port}")
    return parts._replace(netloc=netloc, query=urlencode(asked)).geturl()


async def answer(postgres: Postgres, url: str) -> object:
    """What the pool answers by this address; afterwards it is again as the other tests expect."""
    await database.disconnect()
    try:
        await database.connect(url, size=1)
        async with database.directory():
            [row] = await database.query("SELECT 1 AS one, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        return row["one"]
    finally:
        await database.disconnect()
        await database.connect(postgres.url("app"), size=5, connection_class=Recorded)


async def test_a_certificate_of_the_authority_for_the_host_is_trusted(
    db: None, postgres: Postgres, tmp_path: Path
) -> None:
    known, serving = authority("ours")
    async with served(postgres, serving(HERE), tmp_path) as port:
        assert await answer(postgres, address(postgres, port, authority=known)) == 1
        assert await answer(postgres, address(postgres, port, sslmode="verify-full", authority=known)) == 1
        assert await migrate.apply(address(postgres, port, "owner", authority=known)) == []


@pytest.mark.parametrize(
    ("signer", "host", "trusted"),
    [
        ("another", HERE, "ours"),
        ("ours", ELSEWHERE, "ours"),
        ("ours", HERE, None),
    ],
    ids=["of another authority", "of another host", "of none that the machine knows"],
)
async def test_any_other_certificate_ends_the_connection_before_anything_is_said(
    db: None,
    postgres: Postgres,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    signer: str,
    host: x509.GeneralName,
    trusted: str | None,
) -> None:
    asked = {} if trusted is None else {"authority": authority(trusted)[0]}
    async with served(postgres, authority(signer)[1](host), tmp_path) as port:
        with pytest.raises(Unavailable), caplog.at_level(logging.ERROR):
            await answer(postgres, address(postgres, port, **asked))
        with pytest.raises(ssl.SSLCertVerificationError):
            await tls.connect(address(postgres, port, **asked))
    assert "the database's certificate could not be verified" in caplog.text


async def test_a_server_without_tls_is_not_talked_to_unless_the_address_says_so(db: None, postgres: Postgres) -> None:
    known, _ = authority("ours")
    for asked in ({}, {"authority": known}, {"sslmode": "verify-full"}):
        with pytest.raises(Unavailable):
            await answer(postgres, address(postgres, postgres.port, **asked))
    assert await answer(postgres, address(postgres, postgres.port, sslmode="disable")) == 1


@pytest.mark.parametrize("mode", ["require", "prefer", "allow", "verify-ca", "", "Disable"])
async def test_what_verifies_nothing_is_refused_before_anybody_is_asked(mode: str) -> None:
    url = f"postgresql://app:secret@127.0.0.1:1/bizcall?sslmode={mode}"
    if not mode:
        url += "&authority=none"
    with pytest.raises(tls.Unverified) as refusal:
        tls.arguments(url)
    assert "secret" not in str(refusal.value)


START = """
import sys
from bizcall import aws, database
from bizcall.settings import Settings
from lambdas.runtime import InvocationFailed, Process

class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return 10_000

async def handle(event, services):
    async with database.directory():
        await database.query("SELECT 1")

try:
    Process(Settings(stage=sys.argv[2], database_url=aws.database_url(sys.argv[1]))).run(handle, {}, Context())
    print("started")
except InvocationFailed as failure:
    print(failure)
"""


def test_a_function_starts_only_where_the_database_is_verified(postgres: Postgres) -> None:
    """In production; a laptop's server is this machine's."""
    parts = urlsplit(postgres.url("app"))
    secret = {"host": parts.hostname, "port": parts.port, "username": "app", "dbname": "bizcall"}
    cases: list[tuple[dict[str, str], str, str]] = [
        ({}, "production", "Unavailable"),  # This server has no certificate at all.
        ({"sslmode": "require"}, "production", "Unverified"),
        ({"sslmode": "disable"}, "production", "Unverified"),
        ({"authority": "-----BEGIN CERTIFICATE-----\nnone"}, "production", "Unverified"),
        ({"sslmode": "disable"}, "local", "started"),
    ]
    running = []
    for held, stage, told in cases:
        text = json.dumps({**secret, "password": parts.password, **held})
        command = [sys.executable, "-c", START, text, stage]
        running.append((subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True), told))
    for process, told in running:
        answered, _ = process.communicate(timeout=60)
        assert answered.splitlines()[-1] == told
