"""``evaluate``: run protocols, keep every finished group on disk, write the report."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import replace

import torch
from tqdm import tqdm

from ostnet.errors import InputError
from ostnet.evaluation.checkpoint_comparison import compare
from ostnet.evaluation.checkpoints import Networks, load_networks
from ostnet.evaluation.data.clips import Dataset, read_dataset
from ostnet.evaluation.data.pair_list import list_of, read_pairs, write_pairs
from ostnet.evaluation.data.pairs import Pair, draw_scales, group
from ostnet.evaluation.metrics.columns import Record
from ostnet.evaluation.metrics.definitions import PERCEPTUAL
from ostnet.evaluation.metrics.instruments import backends, make_reader
from ostnet.evaluation.metrics.regions import NO_WEIGHTS, load_region_distance
from ostnet.evaluation.options import EvaluateConfig
from ostnet.evaluation.protocols.protocol import Bench, Protocol
from ostnet.evaluation.protocols.suite import SUITE
from ostnet.evaluation.report import plots, report_files, tables
from ostnet.evaluation.report.group_store import GroupStore, write_records
from ostnet.evaluation.report.tables import Measured, Row
from ostnet.evaluation.shard import Shard, this_process
from ostnet.evaluation.unused_options import unused_options
from ostnet.methods import METHODS, ONE_SCALE, SELDOM


def evaluate(config: EvaluateConfig) -> list[Row]:
    """Measure and write ``report.json``, ``report.md`` and what goes with them.

    Under ``accelerate launch`` the groups of pairs are shared among the processes; the first one
    writes the report. Returns the rows of the report (in other processes: an empty list). Raises
    InputError for data, weights or options that cannot be used.
    """
    if flags := unused_options(config):
        warnings.warn(
            f"{', '.join(flags)}: not used by {', '.join(config.protocols())}", stacklevel=2
        )
    if config.compare:
        return compare(config, _evaluate_one)
    return _evaluate_one(config)


def _evaluate_one(config: EvaluateConfig) -> list[Row]:
    """One checkpoint, one report."""
    dataset = read_dataset(config.data, config.dataset, config.clips, config.seed)
    networks = load_networks(config)
    device = str(next(networks.model.parameters()).device)
    reader = make_reader(config, device)
    wanted = any(SUITE[name].perceptual for name in config.protocols())
    perceptual = load_region_distance(device) if wanted else None
    bench = Bench(
        config.data,
        networks.model,
        networks.apart,
        networks.methods,
        reader,
        config.lineage,
        perceptual,
    )
    config.output.mkdir(parents=True, exist_ok=True)
    shard, rows = this_process(), []
    runs = {  # all of them before the first is measured: what cannot be run is said at once
        name: _Run(config, name, dataset, networks, bench, shard)
        for name in config.protocols()
        if not SUITE[name].direct
    }
    for name in config.protocols():
        if name in runs:
            rows += runs[name].rows()
        elif shard.first:
            rows += SUITE[name].direct(bench, dataset.clips, dataset.describe())
    if shard.first:
        _write_report(config, networks, dataset, rows)
    return rows


def _write_report(
    config: EvaluateConfig, networks: Networks, dataset: Dataset, rows: Sequence[Row]
) -> None:
    settings = {
        "checkpoint": networks.name,
        **networks.apart_names,
        "dataset": dataset.describe(),
        "pairs": _origin_of_pairs(config),
        "seed": config.seed,
        "torch": torch.__version__,
    }
    headlines = {name: protocol.headline for name, protocol in SUITE.items()}
    report_files.write_report(config.output, rows, settings, headlines)


def _origin_of_pairs(config: EvaluateConfig) -> str:
    """Which protocols' pairs were read from the list; those of the others are drawn."""
    if config.pair_list is None:
        return "drawn"
    listed = [name for name in config.protocols() if not SUITE[name].direct]
    listed = [name for name in listed if list_of(config.pair_list, name, SUITE)]
    return f"list {config.pair_list.name} for {', '.join(listed) or 'none'}; otherwise drawn"


class _Run:
    """One protocol, from its pair list to its rows."""

    def __init__(
        self,
        config: EvaluateConfig,
        name: str,
        dataset: Dataset,
        networks: Networks,
        bench: Bench,
        shard: Shard,
    ):
        self.config, self.name, self.shard = config, name, shard
        self.dataset = dataset
        self.protocol: Protocol = SUITE[name]
        worth = {*(self.protocol.methods or METHODS)} - {*SELDOM} | {*self.protocol.seldom}
        if config.scale_per_clip and self.protocol.methods is None:
            worth |= {*ONE_SCALE}
        self.bench = replace(
            bench,
            methods=[m for m in networks.methods if m in worth],
            perceptual=bench.perceptual if self.protocol.perceptual else None,
        )
        if self.protocol.own_methods:
            self.bench.methods = list(self.protocol.own_methods)
        if self.protocol.methods or self.protocol.own_methods:
            self.bench.apart, self.missing = {}, {}
        else:
            self.missing = networks.missing
        if not self.bench.methods:
            raise InputError(
                f"methods: {name} can run none of {config.methods}; "
                f"add one of {', '.join(self.protocol.methods or METHODS)}"
            )
        self.pairs = self._make_pairs()
        self.groups = group(self.pairs)
        self.store = GroupStore(config.output / name, self._settings(networks))

    def rows(self) -> list[Row]:
        """Measure what is not on disk yet, then sum up; rows in the first process only."""
        if self.shard.first:
            self.store.open()
            write_pairs(self.store.folder / "pairs.csv", self.pairs)
        self.shard.wait()
        on_sheet = self._sheet_groups()
        todo = [n for n in range(len(self.groups)) if not self.store.has(n)]
        self.shard.wait()  # all must have read the same list before the first adds to it
        mine = list(self.shard.share(todo))
        for number in tqdm(mine, desc=self.name, unit="clip", disable=not self.shard.first):
            result = self.protocol.measure(self.bench, self.groups[number])
            self.store.save(number, result, number in on_sheet)
        self.shard.wait()
        return self._summarise() if self.shard.first else []

    def _make_pairs(self) -> list[Pair]:
        config, frames = self.config, self.config.frames or self.protocol.frames
        path = list_of(config.pair_list, self.name, SUITE) if config.pair_list else None
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
                f"pair list: {path} changes the scale (s_x, s_y), but same-scale measures frames "
                "as they are; leave out these columns or choose different-scale"
            )
        return listed.pairs

    def _settings(self, networks: Networks) -> dict:
        """All that decides a group's records: a change makes them stale."""
        apart = {name: networks.apart_names[name] for name in self.bench.apart}
        return {
            "data": str(self.config.data.resolve()),
            "checkpoint": networks.name,
            **apart,
            "methods": list(self.bench.methods),
            "metrics": [metric.name for metric in self.protocol.table(self.bench)],
            "pairs": hashlib.sha256(repr(self.pairs).encode()).hexdigest(),
            "landmarker": self.bench.reader.landmarker.name,
            "embedder": self.bench.reader.embedder.name,
            "lineage": self.bench.lineage,
            "perceptual": self.bench.perceptual and self.bench.perceptual.name,
        }

    def _sheet_groups(self) -> list[int]:
        """The first group of each of the first people."""
        first = {}
        for number, members in enumerate(self.groups):
            first.setdefault(members[0].person, number)
        return list(first.values())[: self.protocol.sheet_people]

    def _summarise(self) -> list[Row]:
        """Rows of the finished protocol; its tables, plots and sheet are written."""
        records = self.store.records(len(self.groups))
        write_records(self.store.folder / "frames.csv", records)
        self.protocol.draw(self.store.folder, records)
        plots.sheet(self.store.folder / "sheet.png", self.store.strips(len(self.groups)))
        head = {"protocol": self.name, "dataset": self.dataset.describe()}
        if self.protocol.note:
            head["note"] = self.protocol.note
        rows = self._rows_by_condition(records, head)
        if self.protocol.finish:
            arrays = self.store.arrays(len(self.groups))
            found = backends(self.bench.reader, self.bench.perceptual)
            measured = Measured(self.store.folder, records, arrays, head, found)
            rows += self.protocol.finish(measured)
        for row in rows:
            if definition := (self.protocol.own_methods or {}).get(row["method"]):
                row["method_definition"] = definition
        return rows

    def _rows_by_condition(self, records: Sequence[Record], head: Row) -> list[Row]:
        if self.protocol.condition is None:
            return self._rows(records, head)
        conditions: dict[str, list[Record]] = {}
        for record in records:
            conditions.setdefault(self.protocol.condition(record), []).append(record)
        return [
            row
            for condition, mine in conditions.items()
            for row in self._rows(mine, head | {"condition": condition})
        ]

    def _rows(self, records: Sequence[Record], head: Row) -> list[Row]:
        found = backends(self.bench.reader, self.bench.perceptual)
        table = [*self.protocol.table(self.bench), *(PERCEPTUAL if self.bench.perceptual else [])]
        rows = tables.rows(records, table, head, found, self.missing)
        if self.protocol.perceptual and not self.bench.perceptual:
            rows += tables.unavailable(PERCEPTUAL, self.bench.methods, head, NO_WEIGHTS)
        if self.protocol.known_scale:
            rows += tables.module_differences(records, head, found["module"])
        return rows
