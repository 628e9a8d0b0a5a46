"""Lists of jobs that are read, and those that are refused."""

import json

import pytest

from ostnet.batch.job_list import read_rows
from ostnet.errors import InputError

HEADER = "name,source,driving"


def table(tmp_path, text, name="jobs.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_csv_columns_are_flags_and_empty_cells_are_none(tmp_path):
    path = table(tmp_path, f'{HEADER},driving_zoom,--paste-back\na,p.png,v.mp4,"0.6,0.8",\n')
    row = {"name": "a", "source": "p.png", "driving": "v.mp4", "driving-zoom": "0.6,0.8"}
    assert read_rows(path) == [row]


def test_json_lines_may_have_numbers_lists_and_switches(tmp_path):
    row = {"name": "a", "source": "p.png", "driving": "v.mp4", "driving-zoom": [0.6, 0.8],
           "max-frames": 3, "paste-back": True, "size": None}  # fmt: skip
    path = table(tmp_path, json.dumps(row) + "\n\n", "jobs.jsonl")
    (found,) = read_rows(path)
    assert found["driving-zoom"] == "0.6,0.8"
    assert (found["max-frames"], found["paste-back"]) == ("3", "true")
    assert "size" not in found


def test_files_are_looked_for_beside_the_table(tmp_path):
    (tmp_path / "p.png").touch()
    (row,) = read_rows(table(tmp_path, f"{HEADER}\na,p.png,elsewhere.mp4\n"))
    assert row["source"] == str(tmp_path / "p.png")
    assert row["driving"] == "elsewhere.mp4"


def test_a_folder_is_every_portrait_by_every_clip(tmp_path):
    for name in ("a.jpg", "b.PNG", "x.mp4", "clips/y.mov", ".hidden.mp4", "notes.txt", "out/z.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    rows = read_rows(tmp_path, leave_out=tmp_path / "out")
    assert {row["name"] for row in rows} == {"a__x", "a__y", "b__x", "b__y"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name,source\na,p\n", "lacks the columns driving"),
        (f"{HEADER}\n", "holds no job"),
        (f"{HEADER}\na,p,v,more\n", "line 2: more cells"),
        (f"{HEADER}\na,p,v\nA,p,v\n", "'A' of job 2 occurs twice"),
        (f"{HEADER}\n../a,p,v\n", "cannot be a file name"),
        (f"{HEADER}\na\\b,p,v\n", "cannot be a file name"),
        (f"{HEADER}\n.a,p,v\n", "cannot be a file name"),
        (f"{HEADER}\n,p,v\n", "cannot be a file name"),
        (f"{HEADER}\n{'é' * 101},p,v\n", "cannot be a file name"),
    ],
)
def test_broken_tables_are_refused(tmp_path, text, complaint):
    with pytest.raises(InputError, match=complaint):
        read_rows(table(tmp_path, text))


@pytest.mark.parametrize("line", ["[1]", "{", "3"])
def test_broken_json_lines_are_refused(tmp_path, line):
    with pytest.raises(InputError, match="line 1: no JSON object"):
        read_rows(table(tmp_path, line, "jobs.jsonl"))


def test_other_things_are_refused(tmp_path):
    for path, complaint in (
        (tmp_path / "none.csv", "no file or folder"),
        (table(tmp_path, "", "jobs.txt"), "is not a .csv file"),
        (tmp_path, "0 portraits and 0 clips"),
    ):
        with pytest.raises(InputError, match=complaint):
            read_rows(path)
