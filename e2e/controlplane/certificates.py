"""The certificate authority of one cluster and the certificates it signs."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .errors import ControlPlaneError
from .files import write_atomically

VALID_FOR = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Signed:
    """A certificate and its key as PEM text."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Authority:
    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    pem: Signed


def create_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("edgewarm-e2e-ca", "")
    usage = x509.KeyUsage(True, False, True, False, False, True, True, False, False)
    builder = _builder(name, name, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return Authority(name, key, Signed(_pem(builder.sign(key, hashes.SHA256())), _key_pem(key)))


def load_authority(folder: Path) -> Authority:
    """The authority that was saved there as `ca`."""
    pem = Signed((folder / "ca.crt").read_text(), (folder / "ca.key").read_text())
    key = serialization.load_pem_private_key(pem.key.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ControlPlaneError(f"{folder / 'ca.key'} is not a key of ours: take the cluster down and up again")
    return Authority(x509.load_pem_x509_certificate(pem.certificate.encode()).subject, key, pem)


def sign_client(authority: Authority, user: str, group: str = "") -> Signed:
    return _sign(authority, _name(user, group), ExtendedKeyUsageOID.CLIENT_AUTH, None)


def sign_server(authority: Authority, *others: str) -> Signed:
    """For a server on loopback; `others` are more addresses that it is reached by."""
    names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    addresses = ["127.0.0.1", "10.96.0.1", *others]
    alternatives = x509.SubjectAlternativeName(
        [x509.DNSName(name) for name in names]
        + [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    )
    return _sign(authority, _name("kube-apiserver", ""), ExtendedKeyUsageOID.SERVER_AUTH, alternatives)


def create_service_account_key() -> Signed:
    """The key that signs service account tokens; `certificate` holds its public half."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Signed(public.decode(), _key_pem(key))


def save(folder: Path, name: str, signed: Signed) -> None:
    write_atomically(folder / f"{name}.crt", signed.certificate)
    write_atomically(folder / f"{name}.key", signed.key)


def _sign(
    authority: Authority, subject: x509.Name, purpose: x509.ObjectIdentifier, names: x509.SubjectAlternativeName | None
) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(subject, authority.name, key.public_key())
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    return Signed(_pem(builder.sign(authority.key, hashes.SHA256())), _key_pem(key))


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + VALID_FOR)
    )


def _name(common: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
