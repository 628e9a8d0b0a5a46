"""One training run as a documented dataclass. Named sets of values: training/recipes.py."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ostnet.config import PRESETS
from ostnet.errors import InputError

PARTS = ("transform", "embedding", "encoder-embedding", "decoder-embedding")
"""Of the scale machinery, that ``without`` can leave out."""

CHOICES = {
    "schedule": ("step", "cosine", "constant"),
    "precision": ("auto", "bf16", "fp32"),
    "track": ("tensorboard", "trackio", "none"),
    "scale_map": ("", "tps", "affine"),
    "outside": ("", "border", "painted"),
}
"""Fields that take one of a few words."""

LEAST = {
    **dict.fromkeys(
        (
            "batch",
            "accumulate",
            "detail_batch",
            "keypoint_batch",
            "discriminator_width",
            "whole_every",
            "stream_pool",
            "stream_uses",
            "workers",
            "threads",
        ),
        1,
    ),
    **dict.fromkeys(("max_frames_per_clip", "stream_frames"), 2),
    **dict.fromkeys(("minutes", "steps", "keypoint_steps", "scale_steps", "seed"), 0),
    **dict.fromkeys(("learning_rate", "discriminator_rate", "clip_norm"), 0),
    **dict.fromkeys(("save_minutes", "val_minutes", "log_seconds"), 0),
}
"""Smallest value of numeric fields."""

SHARES = (
    "half_resolution_share",
    "ema",
    "wide_share",
    "transform_dropout",
    "embedding_dropout",
    "framing_share",
    "reframed_share",
    "still_share",
    "detail_share",
    "lively_share",
    "generated_weight",
)
"""Fields between 0 and 1."""


@dataclass
class LossWeights:
    """Weights of the objective. The paper has the first four; 0 switches a term off."""

    perceptual: float = 10.0
    """Perceptual reconstruction of the output (paper, equation of L_P)."""
    rectified: float = 10.0
    """The same on the rectified driving frame."""
    equivariance: float = 10.0
    """Equivariance of the keypoint detector under a random map."""
    distance: float = 10.0
    """Hinge that keeps keypoints apart."""
    distance_threshold: float = 0.2
    """Distance, in [-1, 1] coordinates, under which two keypoints repel each other."""
    pixel: float = 0.0
    """L1 of the output's pixels (beyond the paper)."""
    region: float = 0.0
    """Extra weight of mouth and eyes in the pixel term, at the landmarks (beyond the paper)."""
    landmark: float = 0.0
    """L1 of keypoints to 15 facial landmarks where they are known (warm start)."""
    fiducial: float = 0.0
    """L1 of the fiducial points to the known scale, for T_theta alone (warm start)."""
    gaps: float = 0.0
    """L1 of the gaps of lids and lips, beside the landmark term of the detector's own stage."""
    people: float = 0.0
    """T_theta on the detector's points, within and across people (stages scale and detail)."""
    flow: float = 0.0
    """L1 of the flow, at the target's landmarks, to the source's (stage detail)."""
    painted: float = 0.0
    """L1 of what the generator painted, before the warped source is mixed in (stage detail)."""
    warped: float = 0.0
    """L1 of the warped source (stage detail)."""
    performed: float = 0.0
    """L1 of what the detector reads off the result to what it reads off the target: keypoints, and
    gaps of lids and lips (stage detail)."""
    distilled: float = 0.0
    """Stage detail: L1 of what the generator painted, and of its mix, to what the network of
    ``init``, as it was before it was changed, makes of the same motion. Beside it
    ``perceptual``, ``region`` and those of ``uncovered`` count, and only the decoder learns
    (training/distil.py)."""
    uncovered: float = 0.0
    """Stage detail, beside ``distilled``: L1 of the result to the target where the motion points
    outside the source. ``distilled`` then counts inside alone, ``pixel`` on reframed rows, and
    ``perceptual`` compares those with the target instead (training/distil.py)."""
    adversarial: float = 0.0
    """Detail stage: what a discriminator says of the result (training/discriminator.py)."""
    matching: float = 0.0
    """Detail stage: L1 between that discriminator's features of result and target."""
    closeup: float = 0.0
    """Detail stage, steps that decode the whole picture: perceptual distance of one window of it,
    mostly at mouth or eyes, which the discriminator then sees instead of the whole."""


@dataclass
class TrainConfig:
    """One training run. The same values on the same output folder resume it."""

    data: str = ""
    """Folder with manifest.csv, clips/ and, optionally, stills/ and landmarks.npz; or shards/."""
    leave_out: tuple[str, ...] = ()
    """Identities of manifest.csv, with blanks or commas between them, whose clips and stills of
    split train are not used."""
    output: str = ""
    """Folder that holds config.json, model.safetensors (EMA) and state/."""
    preset: str = "lite"
    """Model preset: lite, base or paper."""
    without: str = ""
    """Parts left out for good, an ablation trained apart, with commas: ``transform``,
    ``embedding``, or half of the latter: ``encoder-embedding``, ``decoder-embedding``."""
    recipe: str = "warm-start"
    """Name of the values that stand where no flag is given; ``--recipe help`` lists them."""
    init: str | None = None
    """Checkpoint to start from, a folder or owner/repo: its network takes the place of ``preset``,
    and the warm start's first two stages are skipped. Gains of mouth and lids start at 1 where
    dense motion learns."""
    grow: str = ""
    """Preset into which the network of ``init`` is grown (more parts, wider layers), computing the
    same at first, or to which it is cut; the warm start's two stages then teach its new parts.
    Without ``init``: as ``preset``."""
    minutes: float | None = None
    """Stop this many minutes after process start. Either this or ``steps`` is needed."""
    steps: int | None = None
    """Stop at this step of the joint stage."""
    resolution: int = 128
    """Side of the training pictures in pixels."""
    half_resolution_share: float = 0.0
    """Share of the run, from its start, that trains at half the resolution, on twice the pairs."""
    batch: int = 16
    """Pairs per step and process; twice as many while training at half the resolution."""
    accumulate: int = 1
    """Batches of every process whose gradients make one step of the joint stage. Batch norm sees
    one batch at a time, of all processes."""
    learning_rate: float = 2e-4
    """Adam, betas (.5, .999), no decay of weights."""
    discriminator_rate: float = 4e-4
    """Constant learning rate of the discriminator; Adam, betas (.5, .9)."""
    discriminator_width: int = 32
    """Channels of the discriminator's first layer."""
    schedule: str = "step"
    """``step``: x0.1 at 80 % of the run; ``cosine``: down to 1 %; ``constant``."""
    clip_norm: float = 10.0
    """Gradient norm above which gradients are scaled down."""
    ema: float = 0.999
    """Decay of the running average of the weights, which is what is saved."""
    keypoint_steps: int = 200
    """Warm start, first stage: detector on landmarks, this many steps."""
    keypoint_batch: int = 32
    """Pairs of a step of the first stage, over all processes."""
    scale_steps: int = 1000
    """Warm start, second stage: T_theta on keypoints alone, this many steps of 128."""
    scale_low: float = 0.7
    """Expression-preserved augmentation: s_x, s_y ~ U(scale_low, scale_high) (paper)."""
    scale_high: float = 1.3
    """See ``scale_low``."""
    wide_share: float = 0.0
    """Share of rows that draw a common scale from the wide range instead (beyond the paper)."""
    wide_low: float = 0.5
    """Wide range, log-uniform up to ``wide_high``; the two axes then differ by a factor of
    U(.85, 1.18) or so."""
    wide_high: float = 1.6
    """See ``wide_low``."""
    transform_dropout: float = 0.25
    """Share of rows that bypass the scale transformation; they are not augmented."""
    embedding_dropout: float = 0.25
    """Share of rows without scale embedding."""
    framing_share: float = 0.5
    """Share of rows whose framing is jittered, the same for source and driving."""
    reframed_share: float = 0.0
    """Share of the clips' rows whose source and driving frame are cut out at different places, so
    that the target shows what the source does not (recipe ``framing``)."""
    still_share: float = 0.15
    """Share of rows from still pictures: two random warps of one picture."""
    detail_share: float = 0.0
    """Share of the run, at its end, that trains motion and generator on mouths and eyes, mostly on
    windows of the picture; 1: no joint stage before it."""
    detail_batch: int = 12
    """Pairs per step and process of the detail stage."""
    window: int = 128
    """Side of the window that a pair of the detail stage decodes, in pixels; a multiple of 8."""
    whole_every: int = 4
    """Every so many steps of the detail stage decode the whole picture, and read the driving frame
    as inference does."""
    lively_share: float = 0.0
    """Share of the pairs that are the liveliest of several: mouths or eyes differ most."""
    generated_weight: float = 1.0
    """How often people of synthesised footage are drawn, against others (manifest: licence)."""
    max_frames_per_clip: int | None = 48
    """Frames kept of each clip, half of them evenly spaced, the others with closed eyes and open
    mouths; a number that no clip reaches keeps all of them."""
    outside: str = ""
    """What the warp gives outside the source: ``border``, ``painted``; empty: as the preset or
    ``init`` says."""
    scale_map: str = ""
    """What T_theta's points may do: ``tps``, ``affine``; empty: as the preset or ``init`` says."""
    stream: bool = False
    """Read shards/ front to back instead of holding all frames in memory."""
    stream_pool: int = 256
    """Clips of a stream in memory, the shuffle buffer (of each process)."""
    stream_frames: int = 16
    """Random frames kept of each clip of a stream."""
    stream_uses: int = 8
    """Pairs drawn from a clip of a stream before the next takes its place."""
    workers: int | None = None
    """Threads that decode, of each process; default: 12 on a GPU, 2 on a CPU."""
    perceptual: str = "auto"
    """Perceptual network: auto, vgg19, or a stand-in (see training/perceptual.py)."""
    perceptual_weights: str | None = None
    """File of the perceptual network's weights; default: as installed, or downloaded."""
    precision: str = "auto"
    """bf16 or fp32; auto: bf16 on CUDA or where accelerate launch asks for it, fp32 elsewhere."""
    compile: bool = False
    """torch.compile what gains by it: on a CPU the source encoder (half a minute to compile), on a
    GPU, not measured there, detector, dense motion, generator and perceptual network too."""
    device: str = "auto"
    """auto, cpu or cuda."""
    threads: int | None = None
    """CPU threads of torch; default: torch's own choice."""
    seed: int = 0
    """Seed of every random draw."""
    save_minutes: float = 5.0
    """Minutes between checkpoints."""
    val_minutes: float = 15.0
    """Minutes between validations; 0: never."""
    log_seconds: float = 10.0
    """Seconds between lines of the terminal and rows of log.csv."""
    track: str = "none"
    """Where curves and sample sheets go as well: ``tensorboard``, ``trackio`` or ``none``."""
    cache: str | None = None
    """Folder for decoded frames, on a CPU; default: a folder under the user's cache directory."""
    losses: LossWeights = field(default_factory=LossWeights)
    """Weights of the objective."""

    def __post_init__(self):
        if not self.removed <= set(PARTS):
            raise InputError(
                f"without: found {self.without!r}, expected some of {', '.join(PARTS)}, with commas"
            )
        if Path(self.output).is_file():
            raise InputError(f"output: {self.output!r} is a file; give a folder")
        for name, words in {**CHOICES, "preset": PRESETS, "grow": ["", *PRESETS]}.items():
            if getattr(self, name) not in words:
                expected = ", ".join(filter(None, words))
                raise InputError(f"{name}: found {getattr(self, name)!r}, expected {expected}")
        if self.resolution < 32 or self.resolution % 32:
            raise InputError(f"resolution: found {self.resolution}, expected a multiple of 32")
        fits = 32 <= self.window <= self.resolution and self.window % 8 == 0
        if self.detail_share and not fits:
            raise InputError(
                f"window: found {self.window}, expected a multiple of 8, from 32 to the resolution"
            )
        for low, high in (("scale_low", "scale_high"), ("wide_low", "wide_high")):
            found = getattr(self, low), getattr(self, high)
            if not 0 < found[0] <= found[1]:
                raise InputError(
                    f"{low}, {high}: found {found[0]} and {found[1]}, expected 0 < low <= high"
                )
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is not None and not value >= least:
                raise InputError(f"{name}: found {value}, expected at least {least}")
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: found {getattr(self, name)}, expected 0 to 1")

    @property
    def removed(self) -> set[str]:
        """The parts that ``without`` names."""
        return set(filter(None, self.without.split(",")))

    def to_dict(self) -> dict:
        """The recipe as plain JSON values."""
        return asdict(self)
