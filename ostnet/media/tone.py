"""High dynamic range brought down to the standard one, by ffmpeg's filters."""

HIGH_RANGE = ("smpte2084", "arib-std-b67")
"""Curves of PQ (Dolby Vision and HDR10) and of HLG, as ffmpeg calls them."""

WHITE = 203
"""Candelas a square metre of a white page in such a picture (ITU-R BT.2408)."""

KNEE = 0.8
"""Share of that white up to which light stays as it is; what is brighter is compressed."""


def to_standard_range(transfer: str) -> list[str]:
    """Filters from BT.2020 video of that curve to full-range RGB of BT.709."""
    return [
        f"zscale=tin={transfer}:min=bt2020nc:pin=bt2020:t=linear:npl={WHITE}",
        "format=gbrpf32le",
        "zscale=p=bt709",
        f"tonemap=mobius:param={KNEE}:desat=0",
        "zscale=t=bt709:r=full",
        "format=gbrp",
    ]
