"""Kinds of video files that can be written, and how."""

from dataclasses import dataclass

# BT.601, which players and readers assume at this size, and say so in the file.
_PIXELS = (
    *("-vf", "scale=out_color_matrix=bt601:out_range=tv"),
    *("-pix_fmt", "yuv420p", "-colorspace", "smpte170m", "-color_range", "tv"),
)


@dataclass(frozen=True)
class Container:
    """Options of ffmpeg for one kind of file."""

    codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "fast")
    pixels: tuple[str, ...] = _PIXELS
    sound: tuple[str, ...] = ("-c:a", "aac", "-b:a", "192k")
    """What becomes of the sound; none: the file has none."""
    copied: str = "aac"
    """Codec of a sound track that is taken over as it is."""
    layout: tuple[str, ...] = ()
    quality: str = "17"
    """Constant rate factor of the codec: lower is better and larger."""


MP4 = Container(layout=("-movflags", "+faststart"))
WEBM = Container(
    codec=("-c:v", "libvpx-vp9", "-b:v", "0", "-cpu-used", "4", "-row-mt", "1"),
    sound=("-c:a", "libopus", "-b:a", "128k"),
    copied="opus",
    quality="24",
)
LOSSLESS = Container(("-c:v", "libx264rgb", "-preset", "ultrafast"), (), (), quality="0")
"""From which a GIF is made, whose palette is only known at the end."""

CONTAINERS = {
    **dict.fromkeys((".mp4", ".m4v", ".mov"), MP4),
    ".mkv": Container(),
    ".webm": WEBM,
    ".gif": LOSSLESS,
}
"""By the ending of a file's name."""

FASTEST_GIF = 50
"""Frames a second of a GIF at most: viewers slow faster ones down."""

EACH_ONCE = ("-fps_mode", "passthrough")


def gif_passes(picture: str, palette: str, target: str, fps: float) -> list[tuple[str, ...]]:
    """Two commands of ffmpeg: the palette of a whole clip, then the clip in it, looped."""
    rate = [f"fps={FASTEST_GIF}"] if fps > FASTEST_GIF else []
    colours = ",".join([*rate, "palettegen=stats_mode=diff"])
    drawn = ",".join([*rate, "paletteuse=dither=sierra2_4a:diff_mode=rectangle"])
    source = ("-i", f"file:{picture}")
    drawn_in = ("-f", "png_pipe", "-i", f"file:{palette}")  # "%d" in a folder's name is no pattern
    return [
        (*source, "-vf", colours, "-frames:v", "1", "-update", "1", f"file:{palette}"),
        (*source, *drawn_in, "-lavfi", drawn, *EACH_ONCE, "-loop", "0", f"file:{target}"),
    ]


def gif_with_comment(content: bytes, comment: str) -> bytes:
    """A GIF file with a comment block before its first picture."""
    flags = content[10]  # after signature and size
    start = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)  # after the palette for all
    words = comment.encode("ascii", "replace")
    blocks = (words[at : at + 255] for at in range(0, len(words), 255))
    told = b"".join(bytes([len(block)]) + block for block in blocks)
    return content[:start] + b"\x21\xfe" + told + b"\x00" + content[start:]
