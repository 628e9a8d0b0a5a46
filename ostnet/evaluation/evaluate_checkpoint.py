"""``evaluate``: run protocols, keep every finished group on disk, write the report."""

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import torch
from torch import distributed
from tqdm import tqdm

from ostnet.errors import InputError
from ostnet.evaluation.checkpoint_comparison import compare
from ostnet.evaluation.data.clips import Dataset, read_dataset
from ostnet.evaluation.data.pair_list import list_of, read_pairs, write_pairs
from ostnet.evaluation.data.pairs import Pair, draw_scales, group
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import PERCEPTUAL
from ostnet.evaluation.metrics.instruments import backends, make_reader
from ostnet.evaluation.metrics.regions import NO_WEIGHTS, load_region_distance
from ostnet.evaluation.options import EvaluateConfig, Networks, load_networks
from ostnet.evaluation.protocols import PROTOCOLS
from ostnet.evaluation.protocols.efficiency import Efficiency
from ostnet.evaluation.protocols.protocol import Context, Protocol
from ostnet.evaluation.report import plots, report_files, tables
from ostnet.evaluation.report.group_store import GroupStore, write_records
from ostnet.evaluation.report.tables import Measured, Row


@dataclass(frozen=True)
class Shard:
    """This process among all that share one evaluation (``accelerate launch`` or ``torchrun``)."""

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes what is written once."""
        return self.rank == 0

    def share(self, items: Iterable[int]) -> Iterator[int]:
        """Return every ``world``-th item, beginning with this process's own."""
        return (item for i, item in enumerate(items) if i % self.world == self.rank)

    def wait(self) -> None:
        """Return once every process has called this."""
        if self.world > 1:
            distributed.barrier()


def this_process() -> Shard:
    """Return the launcher's RANK and WORLD_SIZE; alone without a launcher."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("gloo", timeout=timedelta(hours=12))
    return Shard(int(os.environ.get("RANK", "0")), world)


def evaluate(config: EvaluateConfig) -> list[Row]:
    """Run the protocols; write ``report.json``, ``report.md``, tables, plots and sheets.

    Under ``accelerate launch`` the groups of pairs are shared among the processes; the first one
    writes the report. Returns the rows of the report (in other processes: an empty list). Raises
    InputError for data, weights or options that cannot be used.
    """
    if flags := config.unused_flags():
        warnings.warn(
            f"{', '.join(flags)}: no effect on {', '.join(config.protocols())}", stacklevel=2
        )
    return compare(config, _evaluate_one) if config.compare else _evaluate_one(config)


def _evaluate_one(config: EvaluateConfig) -> list[Row]:
    """Write the report of one checkpoint and return its rows."""
    dataset = read_dataset(config.data, config.dataset, config.clips, config.seed)
    networks = load_networks(config)
    device = str(next(networks.model.parameters()).device)
    chosen = config.pair_protocols()
    perceptual = any(protocol.perceptual for protocol in chosen)
    context = Context(
        config.data,
        networks.model,
        networks.apart,
        networks.methods,
        make_reader(config, device),
        config.lineage,
        load_region_distance(device) if perceptual else None,
    )
    config.output.mkdir(parents=True, exist_ok=True)
    shard, rows = this_process(), []
    runs = {  # made before any is measured, so that wrong options fail at once
        protocol.name: _Run(config, protocol, dataset, networks, context, shard)
        for protocol in chosen
    }
    for name in config.protocols():
        protocol = PROTOCOLS[name]
        if name in runs:
            rows += runs[name].rows()
        elif shard.first and isinstance(protocol, Efficiency):
            rows += protocol.rows(context, dataset.clips, dataset.describe())
    if shard.first:
        settings = {
            "checkpoint": networks.name,
            **networks.apart_names,
            "dataset": dataset.describe(),
            "pairs": _origin_of_pairs(config),
            "seed": config.seed,
            "torch": torch.__version__,
        }
        headlines = {name: protocol.headline for name, protocol in PROTOCOLS.items()}
        report_files.write_report(config.output, rows, settings, headlines)
    return rows


def _origin_of_pairs(config: EvaluateConfig) -> str:
    """Return a text on which protocols' pairs were read from the list; the others' are drawn."""
    if config.pair_list is None:
        return "drawn"
    names = [protocol.name for protocol in config.pair_protocols()]
    listed = [name for name in names if list_of(config.pair_list, name, PROTOCOLS)]
    return f"list {config.pair_list.name} for {', '.join(listed) or 'none'}; otherwise drawn"


class _Run:
    """One protocol, from its pair list to its rows."""

    def __init__(
        self,
        config: EvaluateConfig,
        protocol: Protocol,
        dataset: Dataset,
        networks: Networks,
        context: Context,
        shard: Shard,
    ):
        self.config, self.protocol, self.name = config, protocol, protocol.name
        self.dataset, self.shard = dataset, shard
        methods = protocol.available(config.scale_per_clip)
        shared = [] if protocol.own_methods else methods
        self.context = replace(
            context,
            methods=[m for m in networks.methods if m in shared] or list(protocol.own_methods),
            apart={name: network for name, network in context.apart.items() if name in shared},
            perceptual=context.perceptual if protocol.perceptual else None,
        )
        self.missing = {name: why for name, why in networks.missing.items() if name in shared}
        if not self.context.methods:
            raise InputError(
                f"methods: {self.name} cannot run any of {config.methods}; "
                f"add one of {', '.join(methods)}"
            )
        self.pairs = self._make_pairs()
        self.groups = group(self.pairs)
        self.store = GroupStore(config.output / self.name, self._settings(networks))

    def rows(self) -> list[Row]:
        """Measure what is not on disk yet; return the rows, in the first process only."""
        if self.shard.first:
            self.store.open()
            write_pairs(self.store.folder / "pairs.csv", self.pairs)
        self.shard.wait()
        on_sheet = self._sheet_groups()
        todo = [n for n in range(len(self.groups)) if not self.store.has(n)]
        self.shard.wait()  # all must have read the same list before the first process adds to it
        mine = list(self.shard.share(todo))
        for number in tqdm(mine, desc=self.name, unit="clip", disable=not self.shard.first):
            result = self.protocol.measure(self.context, self.groups[number])
            self.store.save(number, result, number in on_sheet)
        self.shard.wait()
        return self._summarise() if self.shard.first else []

    def _make_pairs(self) -> list[Pair]:
        config, frames = self.config, self.config.frames or self.protocol.frames
        path = list_of(config.pair_list, self.name, PROTOCOLS) if config.pair_list else None
        if path is None:
            pairs = self.protocol.pairs(self.dataset.clips, config, frames)
            if not pairs:
                raise InputError(f"data: no clip of {config.data} is long enough for {self.name}")
            return pairs
        listed = read_pairs(path, self.dataset, frames, config.pairs)
        if self.protocol.scales_drawn and not listed.has_scales:
            return draw_scales(listed.pairs, config.seed, config.scale_per_clip)
        if self.name == "same-scale" and any((p.s_x, p.s_y) != (1, 1) for p in listed.pairs):
            raise InputError(
                f"pair list: {path} changes the scale (s_x, s_y), but same-scale does not scale "
                "frames; leave out these columns or choose different-scale"
            )
        return listed.pairs

    def _settings(self, networks: Networks) -> dict:
        """Return everything that a group's records depend on; a change invalidates them."""
        apart = {name: networks.apart_names[name] for name in self.context.apart}
        return {
            "data": str(self.config.data.resolve()),
            "checkpoint": networks.name,
            **apart,
            "methods": list(self.context.methods),
            "metrics": [metric.name for metric in self.protocol.metrics(self.context)],
            "pairs": hashlib.sha256(repr(self.pairs).encode()).hexdigest(),
            "landmarker": self.context.reader.landmarker.name,
            "embedder": self.context.reader.embedder.name,
            "lineage": self.context.lineage,
            "perceptual": self.context.perceptual and self.context.perceptual.name,
        }

    def _sheet_groups(self) -> list[int]:
        """Return the first group of each of the first people."""
        first = {}
        for number, members in enumerate(self.groups):
            first.setdefault(members[0].person, number)
        return list(first.values())[: self.protocol.sheet_people]

    def _summarise(self) -> list[Row]:
        """Write tables, plots and sheet of the finished protocol and return its rows."""
        records = self.store.records(len(self.groups))
        write_records(self.store.folder / "frames.csv", records)
        self.protocol.draw(self.store.folder, records)
        plots.sheet(self.store.folder / "sheet.png", self.store.strips(len(self.groups)))
        head = {"protocol": self.name, "dataset": self.dataset.describe()}
        if self.protocol.note:
            head["note"] = self.protocol.note
        conditions: dict[str | None, list[Record]] = {}
        for record in records:
            conditions.setdefault(record.get("condition"), []).append(record)
        rows = []
        for condition, mine in conditions.items():
            named = {} if condition is None else {"condition": condition}
            rows += self._rows(mine, head | named)
        found = backends(self.context.reader, self.context.perceptual)
        arrays = self.store.arrays(len(self.groups))
        rows += self.protocol.summarise(Measured(self.store.folder, records, arrays, head, found))
        for row in rows:
            if definition := self.protocol.own_methods.get(row["method"]):
                row["method_definition"] = definition
        return rows

    def _rows(self, records: Sequence[Record], head: Row) -> list[Row]:
        found = backends(self.context.reader, self.context.perceptual)
        table = [
            *self.protocol.metrics(self.context),
            *(PERCEPTUAL if self.context.perceptual else []),
        ]
        rows = tables.rows(records, table, head, found, self.missing)
        if self.protocol.perceptual and not self.context.perceptual:
            rows += tables.unavailable(PERCEPTUAL, self.context.methods, head, NO_WEIGHTS)
        if self.protocol.known_scale:
            rows += tables.module_differences(records, head, found["module"])
        return rows
