"""The Results tab shows committed reports as they are, and says so where there are none."""

import gzip
import json

from ostnet.ui.results_tab import contents, findings_markdown, sections


def results_html(folder) -> str:
    return "\n".join(section.html for section in sections(folder))


def row(method, value, **more):
    return {
        "method": method,
        "protocol": "same-scale",
        "metric": "l1",
        "value": value,
        "definition": "mean absolute difference",
        "dataset": "some clips",
        "backend": "numpy",
        "frames": 40,
        "failures": 2,
    } | more


def test_without_a_report_there_is_no_section(tmp_path):
    assert sections(tmp_path) == []


def test_every_section_is_folded_and_linked_to(tmp_path):
    (tmp_path / "report.json").write_text(json.dumps({"rows": [row("full", 0.05)]}))
    (section,) = sections(tmp_path)
    assert section.html.startswith(f'<details id="{section.name}">')
    assert f'<a href="#{section.name}">Same scale</a>' in contents([(section.name, section.title)])


def test_a_report_becomes_a_table_with_data_set_and_definitions(tmp_path):
    (tmp_path / "evaluation").mkdir()
    rows = [row("full", 0.0512), row("backbone", None, reason="not trained")]
    (tmp_path / "evaluation" / "report.json").write_text(json.dumps({"rows": rows}))
    made = results_html(tmp_path)
    assert "<h3>Same scale</h3>" in made
    assert "0.0512" in made and "—" in made and "not trained" in made
    assert "some clips" in made and "mean absolute difference" in made and "Frames: 40" in made


def test_a_sweep_is_a_table_by_condition(tmp_path):
    rows = [row("full", 0.05, condition="both 0.5"), row("full", 0.04, condition="both 1")]
    (tmp_path / "report.json.gz").write_bytes(gzip.compress(json.dumps({"rows": rows}).encode()))
    made = results_html(tmp_path)
    assert "By condition" in made and "both 0.5" in made and "0.05" in made


def test_findings_carry_their_plots_with_them(tmp_path):
    (tmp_path / "sweep.png").write_bytes(b"png")
    findings = tmp_path / "findings.md"
    findings.write_text("Far drivers:\n![curve](sweep.png)\n![lost](gone.png)")
    assert findings_markdown(findings) == (
        "Far drivers:\n![curve](data:image/png;base64,cG5n)\nlost"
    )
    assert findings_markdown(tmp_path / "none.md") == ""


def test_metrics_are_listed_with_dotted_names(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps({"validation": {"l1": 0.04}, "steps": 7}))
    made = results_html(tmp_path)
    assert "validation.l1" in made and "0.04" in made and "Settings of metrics.json" in made


def test_a_broken_report_is_a_remark_not_an_error(tmp_path):
    (tmp_path / "report.json").write_text("{")
    (tmp_path / "report.json.gz").write_bytes(b"{")
    assert results_html(tmp_path).count("cannot be read") == 2
