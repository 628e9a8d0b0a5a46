"""The options of one evaluation, and the checkpoints that they name."""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

from ostnet import hub
from ostnet.animation.animator import Animator, choose_device
from ostnet.errors import InputError
from ostnet.evaluation.data.clips import KINDS
from ostnet.evaluation.data.pairs import PairOptions
from ostnet.evaluation.metrics.instruments import MetricOptions
from ostnet.evaluation.protocols import PROTOCOLS
from ostnet.evaluation.protocols.efficiency import Efficiency
from ostnet.evaluation.protocols.protocol import Protocol
from ostnet.methods import METHODS, TRAINED_APART
from ostnet.model.ostnet import OSTNet


@dataclass
class EvaluateConfig(PairOptions, MetricOptions):
    """Options of ``ostnet evaluate``."""

    data: Path
    """Folder of clips. Either it has a manifest.csv (columns file and split; identity, kind and
    frames where known), of which split val is used. Or it has videos (*.mp4) or folders of numbered
    png or jpg frames, directly or in test/, as for first-order-model, TPSMM, DaGAN and MCNet."""

    protocol: str
    """same-scale, different-scale, cross-identity, framing, scale-sweep, rotation, stability,
    embedding, probe, keypoints, rectification, efficiency or all; separate several by commas."""

    output: Path
    """Folder for report.json, report.md, tables, plots and sample grids; the same command with the
    same folder continues an interrupted run."""

    checkpoint: str | None = None
    """Folder or Hub repository of the network; default: the embedded weights."""

    compare: tuple[str, ...] = ()
    """Two or more checkpoints, separated by spaces or commas, instead of ``checkpoint``. Each gets
    a report. Another report compares method full of all of them in same-scale, different-scale,
    cross-identity, embedding and efficiency."""

    dataset: str = "auto"
    """How people are told apart: manifest (column identity), voxceleb1 (the clip's name up to the
    first #), hdtf (the clip's name without the clip's number), or auto: manifest if there is one,
    else by the form of the clips' names."""

    clips: int | None = None
    """Number of clips to draw from the folder at random; default: all. The draw depends only on
    the seed and the clips' names. Earlier papers draw 2,083 pairs from 100 clips of VoxCeleb1's
    test split: --clips 100 --pairs 2083 --seed 0 draws as many, and --pair-list vox_evaluation.csv
    reads DaGAN's own pairs."""

    pair_list: Path | None = None
    """CSV file of the pairs, for every protocol; default: pairs are drawn. Columns: source, driving
    and frame; optional: source_frame, s_x, s_y, roll, shift_x, shift_y, person. The lists of
    first-order-model, DaGAN and MCNet can be read. A folder with <protocol>.csv is possible too;
    a protocol without a file draws its pairs. demo-clips-val names lists that come with ostnet.
    Paths are relative to the data folder or its test/; video.mp4/0000012.png is a frame. Where the
    protocol draws scales, pairs without s_x and s_y get drawn ones."""

    methods: str = "all"
    """Methods to run, separated by commas; default: every method. The protocols embedding, probe,
    keypoints and rectification ignore this and run their own methods."""

    backbone: str | None = None
    """Checkpoint trained without scale transformation, scale embedding and scale augmentation."""

    backbone_augmented: str | None = None
    """Checkpoint trained without scale transformation and scale embedding, with augmentation."""

    def __post_init__(self):
        self.data, self.output = Path(self.data), Path(self.output)
        self.pair_list = Path(self.pair_list) if self.pair_list else None
        PairOptions.__post_init__(self)
        MetricOptions.__post_init__(self)
        unknown = [name for name in self.protocols() if name not in PROTOCOLS]
        if unknown:
            raise InputError(
                f"protocol: {unknown[0]!r} is unknown; choose {', '.join(PROTOCOLS)} or all"
            )
        if self.dataset not in KINDS:
            raise InputError(f"dataset: {self.dataset!r} is unknown; choose {', '.join(KINDS)}")
        if self.pair_list and (self.clips or self.random_frames):
            raise InputError(
                "pair list: it names its own clips and frames; leave out clips and random-frames"
            )
        if len(self.compare) == 1:
            raise InputError(f"compare: found only {self.compare[0]!r}; give two or more, as A B")
        if self.compare and self.checkpoint is not None:
            raise InputError("compare: replaces checkpoint; leave out one of the two")
        if self.clips is not None and self.clips < 1:
            raise InputError(f"clips: found {self.clips}, expected at least 1")

    def protocols(self) -> list[str]:
        """Return the names of the protocols to run, in order."""
        named = PROTOCOLS if self.protocol == "all" else self.protocol.split(",")
        return list(dict.fromkeys(named))

    def pair_protocols(self) -> list[Protocol]:
        """Return those that measure pairs: all but ``efficiency``."""
        chosen = [PROTOCOLS[name] for name in self.protocols()]
        return [protocol for protocol in chosen if not isinstance(protocol, Efficiency)]

    def unused_flags(self) -> list[str]:
        """Return the given flags that have no effect on the requested protocols."""
        protocols = self.pair_protocols()
        shared = [p for p in protocols if not p.own_methods]
        uses = {
            "random_frames": any("random_frames" in p.options for p in protocols),
            "scale_per_clip": any(p.scales_drawn for p in protocols),
            "pairs": any("pairs" in p.options for p in protocols),
            "frames": any(self.pairs is None or "pairs" not in p.options for p in protocols),
            "methods": bool(shared),
            "lineage": any("lineage" in p.options for p in protocols),
        }
        for name in TRAINED_APART:
            wanted = self.methods == "all" or name in self.methods.split(",")
            uses[name] = wanted and any(name in p.methods for p in shared)
        default = {"methods": "all"}
        given = [n for n in uses if getattr(self, n) not in (None, False, default.get(n))]
        return [_flag(name) for name in given if not uses[name]]


@dataclass
class Networks:
    """The network under test and those trained apart for comparison."""

    model: OSTNet
    name: str
    """Name of the checkpoint under test, with the first digits of its weights' SHA-256."""
    apart: dict[str, OSTNet]
    """Method -> network, for those that exist."""
    apart_names: dict[str, str]
    """Method -> name of its checkpoint, as ``name``."""
    methods: list[str]
    """Methods to run, in table order."""
    missing: dict[str, str]
    """Method -> why it cannot be run."""


def load_networks(config: EvaluateConfig) -> Networks:
    """Load the checkpoints of an evaluation.

    Raises InputError for unknown methods or weights.
    """
    device = choose_device(config.device)
    model, name = _load(config.checkpoint, device)
    wanted = list(METHODS) if config.methods == "all" else config.methods.split(",")
    unknown = [method for method in wanted if method not in METHODS]
    if unknown:
        raise InputError(f"methods: {unknown[0]!r} is unknown; choose from {', '.join(METHODS)}")
    apart, apart_names, missing = {}, {}, {}
    for method in TRAINED_APART:
        checkpoint = getattr(config, method)
        if method in wanted and checkpoint is not None:
            apart[method], apart_names[method] = _load(checkpoint, device)
        elif method in wanted:
            missing[method] = f"no checkpoint trained this way was given ({_flag(method)})"
    methods = [m for m in METHODS if m in wanted and m not in missing]
    return Networks(model, name, apart, apart_names, methods, missing)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _load(checkpoint: str | None, device: torch.device) -> tuple[OSTNet, str]:
    found = hub.resolve(checkpoint, str(device))
    if found.notice:
        warnings.warn(found.notice, stacklevel=2)
    digest = hashlib.sha256((found.folder / hub.WEIGHTS).read_bytes()).hexdigest()
    loaded = OSTNet.from_pretrained(str(found.folder))
    model = Animator(loaded, str(device), "torch").model  # the memory format of animation
    return model, f"{found.name} (sha256 {digest[:12]})"
