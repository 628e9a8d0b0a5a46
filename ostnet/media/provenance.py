"""Machine-readable marks of generated files: IPTC's digital source type, signed if wanted.

It is in XMP (ISO 16684), at the place that XMP's specification (part 3) gives for each container.
Matroska and WebM have no place for XMP: there it is a tag.
"""

import struct
import uuid
import zlib
from pathlib import Path

from ostnet.media.signing import SOURCE_TYPE, Signer

TAG = "DIGITAL_SOURCE_TYPE"
"""Name of the tag in Matroska and WebM."""

XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}" xmp:CreatorTool="OSTNet"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)

_BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
_PNG_HEADER = 33
"""Length of a PNG file's signature and first chunk."""


def muxer_options(suffix: str) -> list[str]:
    """Return ffmpeg's options for the containers in which ffmpeg writes the digital source type."""
    if suffix == ".mov":
        return ["-metadata", f"xmp={XMP}"]
    return ["-metadata", f"{TAG}={SOURCE_TYPE}"] if suffix in (".mkv", ".webm") else []


def mark_generated(file: Path, suffix: str, signer: Signer | None) -> None:
    """Mark a finished file, which is changed in place.

    Args:
        file: an MP4, MOV, Matroska, WebM, GIF or PNG file.
        suffix: which of them, such as ``.mp4``. Videos except MP4 and GIF need
            :func:`muxer_options` when they are written.
        signer: adds a signed manifest; see :func:`ostnet.media.signing.signer`.

    Raises:
        OSError: the file cannot be signed or written.
    """
    _embed(file, suffix)
    if signer is not None:
        signer.sign(file, suffix)


def _embed(file: Path, suffix: str) -> None:
    packet = XMP.encode()
    if suffix in (".mp4", ".m4v"):
        with file.open("ab") as end:
            end.write(struct.pack(">I", 24 + len(packet)) + b"uuid" + _BOX + packet)
    elif suffix == ".gif":
        # after the packet, bytes that lead any reader of data blocks to the end of the extension
        lead_out = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
        insert_gif_extension(file, b"\xff\x0bXMP DataXMP" + packet + lead_out)
    elif suffix == ".png":
        chunk = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
        length, check = len(chunk) - 4, zlib.crc32(chunk)
        _insert(file, _PNG_HEADER, struct.pack(">I", length) + chunk + struct.pack(">I", check))


def insert_gif_comment(file: Path, comment: str) -> None:
    """Insert a comment into a GIF file; letters beyond ASCII become question marks."""
    words = comment.encode("ascii", "replace")
    blocks = (words[at : at + 255] for at in range(0, len(words), 255))
    data = b"".join(bytes([len(block)]) + block for block in blocks)
    insert_gif_extension(file, b"\xfe" + data + b"\x00")


def insert_gif_extension(file: Path, content: bytes) -> None:
    """Insert an extension block before the first picture of a GIF file."""
    with file.open("rb") as start:
        flags = start.read(11)[10]  # after signature and size
    palette = 3 << (flags & 7) + 1 if flags & 0x80 else 0  # the global one, in bytes
    _insert(file, 13 + palette, b"\x21" + content)


def _insert(file: Path, at: int, data: bytes) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:at] + data + content[at:])
