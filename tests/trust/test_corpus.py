"""What fuzzing found is parsed or refused; see tests/tools/fuzz/run.py."""

import pytest
from tools.fuzz.parsers import PARSERS, parse, seeds


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PARSERS)
def test_every_input_that_fuzzing_kept(name, tmp_path):
    inputs = seeds(name)
    assert inputs
    for path in inputs:
        try:
            parse(name, path.read_bytes(), tmp_path)
        except Exception as error:
            raise AssertionError(f"{path}: {error!r}") from error
