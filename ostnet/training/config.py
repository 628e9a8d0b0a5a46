"""Training recipe: one documented dataclass and its named presets."""

from dataclasses import asdict, dataclass, field, replace


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


@dataclass
class TrainConfig:
    """One training run. The same values on the same output folder resume it."""

    data: str = ""
    """Folder with manifest.csv, clips/ and, optionally, stills/ and landmarks.npz."""
    output: str = ""
    """Folder that holds config.json, model.safetensors (EMA) and state/."""
    preset: str = "lite"
    """Model preset: lite, base or paper."""
    without: str = ""
    """Parts left out of the network for good, an ablation trained apart: ``transform``,
    ``embedding`` or ``transform,embedding``."""
    recipe: str = "warm-start"
    """``warm-start`` (landmarks first; beyond the paper) or ``paper`` (three losses, cold)."""
    init: str | None = None
    """Checkpoint folder to start from; skips the warm start's first two stages."""
    minutes: float | None = None
    """Stop this many minutes after process start; None: at ``steps``."""
    steps: int | None = None
    """Stop at this step of the joint stage; None: at ``minutes``."""
    resolution: int = 128
    """Side of the training pictures in pixels."""
    half_resolution_share: float = 0.0
    """Share of the run, from its start, that trains at half the resolution, on twice the pairs."""
    batch: int = 16
    """Pairs per step and process."""
    learning_rate: float = 2e-4
    """Adam, betas (.5, .999), no decay of weights."""
    schedule: str = "step"
    """``step``: x0.1 at 80 % of the run; ``cosine``: down to 1 %; ``constant``."""
    clip_norm: float = 10.0
    """Gradient norm above which gradients are scaled down."""
    ema: float = 0.999
    """Decay of the running average of the weights, which is what is saved."""
    keypoint_steps: int = 200
    """Warm start, first stage: detector on landmarks, this many steps of 32."""
    scale_steps: int = 1000
    """Warm start, second stage: T_theta on keypoints alone, this many steps of 128."""
    scale_low: float = 0.7
    scale_high: float = 1.3
    """Expression-preserved augmentation: s_x, s_y ~ U(scale_low, scale_high) (paper)."""
    wide_share: float = 0.0
    """Share of rows that draw a common scale from the wide range instead (beyond the paper)."""
    wide_low: float = 0.5
    wide_high: float = 1.6
    """Wide range, log-uniform; the two axes then differ by a factor U(.85, 1.18) or so."""
    transform_dropout: float = 0.25
    """Share of rows that bypass the scale transformation; they are not augmented."""
    embedding_dropout: float = 0.25
    """Share of rows without scale embedding."""
    framing_share: float = 0.5
    """Share of rows whose framing is jittered, the same for source and driving."""
    still_share: float = 0.15
    """Share of rows from still pictures: two random warps of one picture."""
    max_frames_per_clip: int | None = 48
    """Evenly spaced frames kept per clip; None: all."""
    perceptual: str = "auto"
    """Perceptual network: auto, vgg19, or a stand-in (see training/perceptual.py)."""
    perceptual_weights: str | None = None
    """Path of the perceptual network's weights."""
    precision: str = "auto"
    """bf16 or fp32; auto: bf16 on CUDA, fp32 elsewhere."""
    device: str = "auto"
    """auto, cpu or cuda."""
    threads: int | None = None
    """CPU threads of torch; None: torch's default."""
    seed: int = 0
    """Seed of every random draw."""
    save_minutes: float = 5.0
    """Minutes between checkpoints."""
    val_minutes: float = 15.0
    """Minutes between validations; 0: never."""
    cache: str | None = None
    """Folder for decoded frames; None: a folder under the user's cache directory."""
    losses: LossWeights = field(default_factory=LossWeights)
    """Weights of the objective."""

    def __post_init__(self):
        if self.recipe not in RECIPES:
            raise ValueError(f"recipe: found {self.recipe!r}, expected one of {sorted(RECIPES)}")
        if not self.removed <= {"transform", "embedding"}:
            raise ValueError(
                f"without: found {self.without!r}, expected transform, embedding or both with a "
                "comma"
            )
        if self.schedule not in ("step", "cosine", "constant"):
            raise ValueError(
                f"schedule: found {self.schedule!r}, expected step, cosine or constant"
            )
        if self.resolution % 32:
            raise ValueError(f"resolution: found {self.resolution}, expected a multiple of 32")
        if not 0 < self.scale_low <= self.scale_high:
            raise ValueError(
                f"scale range: found {self.scale_low} to {self.scale_high}, expected 0 < low <= "
                "high"
            )
        if self.batch < 1:
            raise ValueError(f"batch: found {self.batch}, expected at least 1")

    @property
    def removed(self) -> set[str]:
        """The parts that ``without`` names."""
        return set(filter(None, self.without.split(",")))

    def to_dict(self) -> dict:
        """The recipe as plain JSON values."""
        return asdict(self)


RECIPES: dict[str, dict] = {
    "paper": {"losses": LossWeights(), "keypoint_steps": 0, "scale_steps": 0},
    "warm-start": {
        "losses": LossWeights(
            equivariance=20.0,
            distance=0.0,
            pixel=50.0,
            region=4.0,
            landmark=50.0,
            fiducial=50.0,
        ),
        "wide_share": 0.4,
    },
}
"""What each recipe changes of TrainConfig's defaults."""


def with_recipe(config: TrainConfig) -> TrainConfig:
    """The configuration with its recipe's values filled in."""
    return replace(config, **RECIPES[config.recipe])
