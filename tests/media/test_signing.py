"""Signed manifests, verified by C2PA's own reader."""

from datetime import datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from ostnet.cli import main
from ostnet.errors import InputError
from ostnet.media.provenance import mark_generated
from ostnet.media.signing import check_signer, signer
from ostnet.media.video import VideoWriter, probe

c2pa = pytest.importorskip("c2pa", reason="the extra c2pa is not installed")

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
GREY = np.full((64, 96, 3), 128, np.uint8)
CERTIFICATES, KEY = "OSTNET_C2PA_CERT", "OSTNET_C2PA_KEY"


def chain() -> tuple[bytes, bytes, bytes]:
    """A signer's certificate with its issuer's, the signer's key, and the issuer's certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization as coding
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.now(timezone.utc)

    def name(common: str) -> x509.Name:
        parts = {NameOID.ORGANIZATION_NAME: "A host", NameOID.COMMON_NAME: common}
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts.items()])

    def certificate(subject: str, public, is_root: bool) -> bytes:
        # signature, four uses that are not needed, certificates, revocations, two more
        usage = x509.KeyUsage(not is_root, *[False] * 4, is_root, is_root, False, False)
        issuer = root_key.public_key()
        built = (
            x509.CertificateBuilder(name("root"), name(subject), public, 1 + is_root)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_root, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False)
        )
        if not is_root:  # C2PA refuses a signer without such a use
            use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            built = built.add_extension(use, critical=False)
        return built.sign(root_key, hashes.SHA256()).public_bytes(coding.Encoding.PEM)

    root = certificate("root", root_key.public_key(), is_root=True)
    pem = coding.Encoding.PEM, coding.PrivateFormat.PKCS8, coding.NoEncryption()
    leaf = certificate("leaf", key.public_key(), is_root=False)
    return leaf + root, key.private_bytes(*pem), root


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A host's certificate and key are set; returns the issuer's certificate."""
    folder = tmp_path / "host"
    folder.mkdir()
    certificates, key, root = chain()
    for variable, content in ((CERTIFICATES, certificates), (KEY, key)):
        (folder / variable).write_bytes(content)
        monkeypatch.setenv(variable, str(folder / variable))
    return root


def write(path):
    if path.suffix == ".png":
        Image.fromarray(GREY).save(path)
        mark_generated(path, ".png", signer(".png"))
        return path
    with VideoWriter(path, Fraction(25), generated=True) as writer:
        for _ in range(3):
            writer.write(GREY)
    return path


def read(path, root) -> tuple[dict, str, list[str]]:
    """The manifest of a file, its state for who trusts the issuer, and the codes of failures."""
    trust = {"trust": {"trust_anchors": root.decode()}, "verify": {"verify_trust": True}}
    with c2pa.Reader(str(path), context=c2pa.Context.from_dict(trust)) as reader:
        failures = reader.get_validation_results()["activeManifest"]["failure"]
        codes = [failure["code"] for failure in failures]
        return reader.get_active_manifest(), reader.get_validation_state(), codes


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".gif", ".png"])
def test_what_is_written_has_a_valid_manifest(root, tmp_path, suffix):
    path = write(tmp_path / f"out{suffix}")
    manifest, state, failures = read(path, root)
    assert (state, failures) == ("Trusted", [])
    (actions,) = [one["data"]["actions"] for one in manifest["assertions"]
                  if one["label"].startswith("c2pa.actions")]  # fmt: skip
    assert [(one["action"], one["digitalSourceType"]) for one in actions] == [
        ("c2pa.created", SOURCE_TYPE)
    ]
    assert manifest["claim_generator_info"][0]["name"] == "OSTNet"
    if suffix != ".png":
        assert (probe(path).fps, probe(path).frames) == (25, 3)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["host", path.name]


def test_a_changed_picture_is_detected(root, tmp_path):
    path = write(tmp_path / "out.mp4")
    content = bytearray(path.read_bytes())
    media = content.find(b"mdat") + 100
    content[media : media + 4] = bytes(255 - byte for byte in content[media : media + 4])
    path.write_bytes(content)
    _, state, failures = read(path, root)
    assert state == "Invalid" and "assertion.bmffHash.mismatch" in failures


def test_nothing_is_signed_without_a_certificate(tmp_path, monkeypatch):
    monkeypatch.delenv(CERTIFICATES, raising=False)
    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(c2pa.C2paError, match="ManifestNotFound"):
        c2pa.Reader(str(write(tmp_path / "out.mp4")))


@pytest.mark.parametrize("missing", [CERTIFICATES, KEY])
def test_one_of_both_is_an_error_before_any_work(root, tmp_path, missing, monkeypatch, capsys):
    monkeypatch.delenv(missing)
    for name in ("me.png", "clip.mp4"):
        (tmp_path / name).touch()  # would be an error of its own, once it is read
    words = ["--source", tmp_path / "me.png", "--driving", tmp_path / "clip.mp4"]
    assert main(["animate", *map(str, words), "--output", str(tmp_path / "out.mp4")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"ostnet: error: {missing}: not set") and said.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "content", "says"),
    [
        (KEY, None, "cannot be read"),
        (KEY, b"no key", "not a private key"),
        (KEY, chain()[1], "cannot sign"),  # of another certificate
        (CERTIFICATES, b"no certificate", "cannot sign"),
    ],
    ids=["no file", "no key", "other key", "no certificate"],
)
def test_what_cannot_sign_is_refused(root, tmp_path, variable, content, says, monkeypatch):
    path = tmp_path / "other.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(variable, str(path))
    with pytest.raises(InputError, match=rf"^OSTNET_C2PA_\w+: .*{says}"):
        check_signer()


def test_a_warning_names_the_files_that_cannot_be_signed(root, tmp_path):
    with pytest.warns(UserWarning, match=r"C2PA cannot sign \.webm files"):
        write(tmp_path / "out.webm")
