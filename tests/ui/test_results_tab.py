"""The Results tab shows reports as they are, and says so where there are none."""

import gzip
import json

from ostnet.ui.results_tab import contents, findings_markdown, sections


def shown(folder, name: str = "report.json", **document) -> str:
    """The sections of a folder with such a report."""
    data = json.dumps(document).encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    return "\n".join(section.html for section in sections(folder))


def row(method, value, **more):
    return {
        "method": method, "protocol": "same-scale", "metric": "l1", "value": value,
        "definition": "mean absolute difference", "dataset": "some clips", "backend": "numpy",
        "frames": 40, "failures": 2,
    } | more  # fmt: skip


def test_a_report_becomes_a_folded_table_with_data_set_and_definitions(tmp_path):
    assert sections(tmp_path) == []
    made = shown(tmp_path, rows=[row("full", 0.0512), row("plain", None, reason="not trained")])
    for part in ("<h3>Same scale</h3>", "0.0512", "—", "not trained", "some clips", "Frames: 40",
                 "mean absolute difference"):  # fmt: skip
        assert part in made
    (section,) = sections(tmp_path)
    assert made.startswith(f'<details id="{section.name}">')
    assert f'<a href="#{section.name}">Same scale</a>' in contents([(section.name, section.title)])


def test_a_sweep_is_a_table_by_condition(tmp_path):
    rows = [row("full", 0.05, condition="both 0.5"), row("full", 0.04, condition="both 1")]
    made = shown(tmp_path, "report.json.gz", rows=rows)
    assert "By condition" in made and "both 0.5" in made and "0.05" in made


def test_settings_are_listed_with_dotted_names(tmp_path):
    made = shown(tmp_path, "metrics.json", validation={"l1": 0.04}, steps=7)
    assert "validation.l1" in made and "0.04" in made and "Settings of metrics.json" in made


def test_findings_carry_their_plots_with_them(tmp_path):
    (tmp_path / "sweep.png").write_bytes(b"png")
    findings = tmp_path / "findings.md"
    findings.write_text("Far drivers:\n![curve](sweep.png)\n![lost](gone.png)")
    assert findings_markdown(findings) == (
        "Far drivers:\n![curve](data:image/png;base64,cG5n)\nlost"
    )
    assert findings_markdown(tmp_path / "none.md") == ""


def test_a_broken_report_is_a_remark_not_an_error(tmp_path):
    (tmp_path / "report.json").write_text("{")
    (tmp_path / "report.json.gz").write_bytes(b"{")
    assert sum("cannot be read" in section.html for section in sections(tmp_path)) == 2
