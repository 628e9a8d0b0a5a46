"""Signed C2PA manifests (https://c2pa.org) in videos, with the key of whoever runs the program.

They need the package c2pa-python (``pip install 'ostnet[c2pa]'``) and two environment variables.
No time-stamp authority is asked, so signing needs no network.
"""

import io
import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostnet.errors import InputError

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's digital source type: captured media (the portrait) with media from a trained network."""

CERTIFICATES = "OSTNET_C2PA_CERT"
"""Environment variable: PEM file with the certificate chain, the signer's certificate first."""

KEY = "OSTNET_C2PA_KEY"
"""Environment variable: PEM file with the signer's private key, not encrypted."""

KINDS = {
    **dict.fromkeys((".mp4", ".m4v"), "video/mp4"),
    ".mov": "video/quicktime",
    ".gif": "image/gif",
    ".png": "image/png",
}
"""Suffix -> MIME type of the files that can hold a manifest; Matroska and WebM cannot."""

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


@dataclass(frozen=True)
class Signer:
    """A certificate chain and its key."""

    algorithm: str
    """C2PA's name, such as ``es256``."""
    chain: bytes
    key: bytes

    def sign(self, file: Path, suffix: str) -> None:
        """Add a signed manifest to a finished file, which is replaced at once.

        Raises:
            OSError: it cannot be signed or written.
        """
        signed = file.with_name(f"{file.name}.signed")
        try:
            with file.open("rb") as source, signed.open("w+b") as target:
                self._sign(KINDS[suffix], source, target)
            os.replace(signed, file)
        except _errors() as error:
            raise OSError(f"'{file.name}' cannot be signed: {error}") from error
        finally:
            signed.unlink(missing_ok=True)

    def check(self) -> None:
        """Sign a picture in memory.

        Raises:
            InputError: certificate and key do not fit each other or C2PA's rules.
        """
        from PIL import Image

        picture = io.BytesIO()
        Image.new("L", (1, 1)).save(picture, "PNG")
        picture.seek(0)
        try:
            self._sign("image/png", picture, io.BytesIO())
        except _errors() as error:
            raise InputError(
                f"{CERTIFICATES}: cannot sign with {KEY} ({error}); give a chain that C2PA allows "
                "and the key of its first certificate"
            ) from error

    def _sign(self, kind: str, source: Any, target: Any) -> None:
        import c2pa

        from ostnet import __version__

        manifest = {
            "claim_generator_info": [{"name": "OSTNet", "version": __version__}],
            "assertions": [
                {
                    "label": "c2pa.actions",
                    "data": {
                        "actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}]
                    },
                }
            ],
        }
        # a thumbnail of a GIF would be a copy of it
        settings = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        info = c2pa.C2paSignerInfo(self.algorithm, self.chain, self.key, None)
        builder = c2pa.Builder.from_json(json.dumps(manifest), settings)
        builder.sign(c2pa.Signer.from_info(info), kind, source, target)


def signer(suffix: str) -> Signer | None:
    """Return the signer that the environment names; None: files are not signed.

    Args:
        suffix: kind of the files, such as ``.mp4``; a warning says that it cannot be signed.

    Raises:
        InputError: one of the variables is missing, a file cannot be read, or the package is
            not installed.
    """
    named = {name: os.environ.get(name, "").strip() for name in (CERTIFICATES, KEY)}
    if not any(named.values()):
        return None
    for name, path in named.items():
        if not path:
            raise InputError(f"{name}: not set, but signing needs {CERTIFICATES} and {KEY}")
    try:
        chain, key = (_read(name, path) for name, path in named.items())
        found = Signer(_algorithm(key), chain, key)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{CERTIFICATES}: signing needs c2pa-python; pip install 'ostnet[c2pa]'"
        ) from error
    if suffix not in KINDS:
        warnings.warn(f"output: C2PA cannot sign {suffix} files; write .mp4", stacklevel=1)
        return None
    return found


def check_signer() -> None:
    """Check that files can be signed, if the environment names a signer.

    Raises:
        InputError: they cannot; see :func:`signer` and :meth:`Signer.check`.
    """
    if (found := signer(".png")) is not None:
        found.check()


def _read(name: str, path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {path!r} cannot be read ({error.strerror})") from error


def _algorithm(key: bytes) -> str:
    """Return C2PA's name of the algorithm of a private key in PEM."""
    import c2pa  # noqa: F401 (its absence is reported like cryptography's)
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:  # TypeError: it is encrypted
        raise InputError(f"{KEY}: not a private key in PEM without a password") from error
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name in _CURVES:
        return _CURVES[found.curve.name]
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(found, rsa.RSAPrivateKey):
        return "ps256"
    raise InputError(f"{KEY}: C2PA allows keys on P-256, P-384, P-521, Ed25519 and RSA")


def _errors() -> tuple[type[Exception], ...]:
    from c2pa import C2paError

    return (C2paError, ValueError)
