"""Tables in Markdown of what ``ostnet benchmark`` measured."""

from typing import Any

from ostnet.evaluation.timing import PER_FRAME, STAGES

REFERENCE = "first-order-model"

Cells = list[str]


def table(result: dict[str, Any]) -> str:
    """Return what :func:`ostnet.evaluation.benchmark.benchmark` returned as Markdown."""
    machine = result["machine"]
    sets = ", ".join(machine["instruction_sets"]) or "none of AVX2, AVX-512, AMX"
    head = [
        f"Processor: {machine['processor']} ({sets}), {result['threads']} threads a call.",
        f"Networks on: {machine['device']}, torch {machine['torch']}.",
    ]
    return "\n\n".join(["\n".join(head), *map(_network, result["networks"])])


def _network(result: dict[str, Any]) -> str:
    """Return the tables of one network."""
    gmac = result["gmac_per_frame"]
    title = f"## {result['checkpoint']}: {result['parameters'] / 1e6:.2f} million parameters"
    work = (
        f"1e9 multiply-adds (GMAC) per driving frame of `full`: {gmac['picture']:.2f}; with "
        f"`--rectify points`: {gmac['points']:.2f}."
    )
    times = [
        [name, *(f"{ms:.1f}" for ms in row.values())] for name, row in result["frame_ms"].items()
    ]
    variants = next(iter(result["frame_ms"].values()))
    parts = [
        _markdown(["ms, picture to picture", *variants], times),
        _stages(result["stages"], result["backends"]),
    ]
    return "\n\n".join([title, work, _summary(result), *parts])


def _summary(result: dict[str, Any]) -> str:
    """Return the costs of each back end: on one thread, and of the commands."""
    reference, commands = result["first_order_model"], result["commands"]
    columns = ["CPU ms a frame, one thread", "share", "`animate`, frames/s", "its CPU ms a frame"]
    columns += ["one frame, warm, s", "peak MiB", "`compare`, frames/s"]
    rows = []
    for name in result["frame_ms"]:
        cells = ["", ""]
        if reference is not None:
            ms = reference["full_cpu_ms"][name]
            cells = [f"{ms:.1f}", f"{ms / reference['cpu_ms']:.3f}"]
        if name in commands.get("animate", {}):
            cost, compare = commands["animate"][name], commands["compare"][name]
            cells += [f"{cost['fps']:.1f}", f"{cost['cpu_ms']:.0f}", f"{cost['start_s']:.1f}"]
            cells += [f"{cost['peak_mib']:.0f}", f"{compare['fps']:.1f}"]
        rows.append([name, *cells])
    if reference is not None:
        name = f"{REFERENCE}, eager torch, {reference['gmac']:.1f} GMAC"
        rows.append([name, f"{reference['cpu_ms']:.0f}", "1"])
    return _markdown(["back end", *columns], rows)


def _stages(stages: dict[str, Any], backends: dict[str, Any]) -> str:
    """Return milliseconds of each stage by back end, with the share of the peak."""
    rows = []
    for name, cost in stages.items():
        found = [backend["stages"][name] for backend in backends.values()]
        cells = [f"{stage['ms']:.1f} ({100 * stage['peak']:.0f} %)" for stage in found]
        rows.append([f"{name}: {STAGES[name]}", f"{cost['gmac']:.2f}", *cells])
    parts = PER_FRAME["full"]
    sums = [sum(b["stages"][part]["ms"] for part in parts) for b in backends.values()]
    gmac = sum(stages[part]["gmac"] for part in parts)
    rows.append(["a frame of `full`", f"{gmac:.2f}", *(f"{ms:.1f}" for ms in sums)])
    peaks = [f"{backend['peak_gmac_s']:.0f}" for backend in backends.values()]
    rows.append(["peak, GMAC/s, of a plain stack of convolutions", "", *peaks])
    return _markdown(["stage, ms (share of the peak)", "GMAC", *backends], rows)


def _markdown(head: Cells, rows: list[Cells]) -> str:
    """Return a table, aligned for reading as plain text; short rows are filled up."""
    rows = [head, *(row + [""] * (len(head) - len(row)) for row in rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    first, *numbers = widths
    lines = [
        f"| {row[0]:{first}} | "
        + " | ".join(f"{cell:>{width}}" for cell, width in zip(row[1:], numbers, strict=True))
        + " |"
        for row in rows
    ]
    rule = "|".join(["", "-" * (first + 2), *("-" * (width + 1) + ":" for width in numbers), ""])
    return "\n".join([lines[0], rule, *lines[1:]])
