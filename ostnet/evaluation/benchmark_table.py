"""The figures of a benchmark as lines of text."""

from ostnet.evaluation.stages import PER_FRAME, STAGES
from ostnet.methods import VARIANTS

WIDTH = 18


def table(result: dict) -> str:
    """What :func:`ostnet.evaluation.frame_benchmark.benchmark` returned."""
    parts = [_head, _stages, _frames, _reference, _commands, _gpu]
    return "\n".join(line for part in parts for line in part(result))


def _head(result: dict) -> list[str]:
    return [
        f"{result['checkpoint']}: {result['parameters'] / 1e6:.2f} million parameters",
        f"{result['machine']}; {result['threads']} threads a call",
    ]


def _stages(result: dict) -> list[str]:
    """Milliseconds of each stage by back end, and the share of the peak."""
    backends = result["backends"]
    lines = ["", _row("stage, ms (of peak)", ["GMAC", *backends])]
    for name, cost in result["stages"].items():
        cells = [f"{cost['gmac']:.2f}"]
        for backend in backends.values():
            stage = backend["stages"][name]
            cells.append(f"{stage['ms']:.1f} ({100 * stage['peak']:.0f} %)")
        lines.append(_row(name, cells) + f"  {STAGES[name]}")
    gmac = sum(result["stages"][name]["gmac"] for name in PER_FRAME["full"])
    sums = [
        sum(backend["stages"][name]["ms"] for name in PER_FRAME["full"])
        for backend in backends.values()
    ]
    lines.append(_row("a frame of full", [f"{gmac:.2f}", *(f"{ms:.1f}" for ms in sums)]))
    peaks = [f"{backend['peak_gmac_s']:.0f}" for backend in backends.values()]
    lines.append(_row("peak, GMAC/s", ["", *peaks]) + "  a plain stack of convolutions")
    return lines


def _frames(result: dict) -> list[str]:
    """Milliseconds from picture to picture."""
    lines = ["", _row("ms, picture to picture", [*VARIANTS])]
    for backend, times in result["frame_ms"].items():
        lines.append(_row(backend, [f"{times[name]:.1f}" for name in VARIANTS]))
    return lines


def _reference(result: dict) -> list[str]:
    """Processor time of ``full`` as a share of first-order-model's."""
    yardstick = result["first_order_model"]
    if yardstick is None:
        return []
    lines = ["", _row("one thread", ["CPU ms a frame", "share"])]
    for backend, ms in yardstick["full_cpu_ms"].items():
        lines.append(_row(backend, [f"{ms:.1f}", _share(ms, yardstick)]))
    cells = [f"{yardstick['cpu_ms']:.0f}", "1"]
    note = f"  its networks in eager torch, {yardstick['gmac']:.1f} GMAC, the source encoded again"
    return [*lines, _row("first-order-model", cells) + note]


def _share(ms: float, yardstick: dict) -> str:
    return f"{ms / yardstick['cpu_ms']:.3f}"


def _commands(result: dict) -> list[str]:
    """What the commands take; the share is of first-order-model's processor time, too."""
    lines, yardstick = [], result["first_order_model"]
    for command, costs in result["commands"].items():
        head = ["frames/s", "CPU ms a frame", "share", "one frame, s", "peak MiB"]
        lines += ["", _row(f"ostnet {command}", head)]
        for backend, cost in costs.items():
            share = "" if yardstick is None else _share(cost["cpu_ms"], yardstick)
            memory = "" if cost["peak_mib"] is None else f"{cost['peak_mib']:.0f}"
            numbers = [f"{cost['fps']:.1f}", f"{cost['cpu_ms']:.0f}", share]
            lines.append(_row(backend, [*numbers, f"{cost['start_s']:.1f}", memory]))
    return lines


def _gpu(result: dict) -> list[str]:
    fps = result["cuda_batch_fps"]
    return [] if fps is None else ["", f"in batches of 32, bfloat16, one CUDA graph: {fps:.0f} fps"]


def _row(name: str, cells: list[str]) -> str:
    return f"{name:24}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
