"""A webhook's target must prove by its certificate that it is the host in the address."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from common.errors import ProviderUnavailable
from common.outbound import PublicHttp
from tests.unit.outbound.test_http import Target

NAME = "shop.example"


@dataclass(frozen=True)
class TlsServer:
    """A server with a certificate of its own authority."""

    port: int
    trust: ssl.SSLContext
    posted: list[Any]


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "shop.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    file = certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Target)
    server.posted = []
    server.handle_error = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield TlsServer(server.server_address[1], ssl.create_default_context(cafile=str(file)), server.posted)
    server.shutdown()
    thread.join()
    server.server_close()


class LocalHttp(PublicHttp):
    """Resolves every name to this machine; everything else is the production client."""

    def _place(self, url: str) -> tuple[str, str, int]:
        host, _, port = url.removeprefix("https://").partition("/")[0].partition(":")
        return "127.0.0.1", host, int(port)


def test_the_certificate_is_checked_for_the_host_name(shop: TlsServer) -> None:
    """The connection goes to an address, the certificate must be for the name."""
    answer = LocalHttp(trust=shop.trust).post(f"https://{NAME}:{shop.port}/204", headers={}, body="{}")

    assert answer.taken
    assert shop.posted[-1][1]["Host"] == f"{NAME}:{shop.port}"


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_sent_to_a_server_with_a_wrong_certificate(shop: TlsServer, known: bool) -> None:
    """One for another name, or of an unknown authority."""
    count = len(shop.posted)
    http = LocalHttp(trust=shop.trust if known else None)
    host = "other.example" if known else NAME

    with pytest.raises(ProviderUnavailable):
        http.post(f"https://{host}:{shop.port}/204", headers={}, body="{}")
    assert len(shop.posted) == count
