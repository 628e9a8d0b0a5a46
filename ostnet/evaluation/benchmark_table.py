"""The figures of a benchmark as lines of text."""

from ostnet.evaluation.stages import PER_FRAME, STAGES
from ostnet.methods import VARIANTS

WIDTH = 18


def table(result: dict) -> str:
    """What :func:`ostnet.evaluation.frame_benchmark.benchmark` returned."""
    parts = [_head, _stages, _frames, _commands, _gpu]
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
    """Milliseconds from picture to picture, and what share they are of 55 GMAC."""
    plain = result["plain_55_gmac_ms"]
    lines = ["", _row("ms, picture to picture", [*VARIANTS, "of 55 GMAC"])]
    for backend, times in result["frame_ms"].items():
        cells = [f"{times[name]:.1f}" for name in VARIANTS]
        lines.append(_row(backend, [*cells, f"{100 * times['full'] / plain:.1f} %"]))
    lines.append(
        f"55 GMAC: {plain:.0f} ms, a plain stack of convolutions in torch with as many "
        "multiplications as first-order-model's networks"
    )
    return lines


def _commands(result: dict) -> list[str]:
    lines = []
    for command, costs in result["commands"].items():
        head = ["frames/s", "CPU ms a frame", "one frame, s", "peak MiB"]
        lines += ["", _row(f"ostnet {command}", head)]
        for backend, cost in costs.items():
            memory = "" if cost["peak_mib"] is None else f"{cost['peak_mib']:.0f}"
            numbers = [f"{cost['fps']:.1f}", f"{cost['cpu_ms']:.0f}", f"{cost['start_s']:.1f}"]
            lines.append(_row(backend, [*numbers, memory]))
    return lines


def _gpu(result: dict) -> list[str]:
    fps = result["cuda_batch_fps"]
    return [] if fps is None else ["", f"in batches of 32, bfloat16, one CUDA graph: {fps:.0f} fps"]


def _row(name: str, cells: list[str]) -> str:
    return f"{name:24}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
