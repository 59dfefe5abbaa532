"""Snakemake is shown a digest of a participant's cells, another one for other cells; the job is handed the cells."""

import pickle

import pytest

from ichdag.privacy import PrivateParams

ROW = {"participant_id": "sub-1", "age": 63.0, "sex": "F", "note": "Jane Doe", "mrs": None}


def test_what_is_kept_and_printed_of_cells_is_a_digest():
    row = PrivateParams(ROW)
    for text in (repr(row), f"{row}", repr([row]), str({"rows": PrivateParams({"1": ROW})})):
        assert "private:" in text and not any(word in text for word in ("Jane", "63", "sub-1"))


@pytest.mark.parametrize("change", [{"age": 64.0}, {"age": None}, {"age": "63.0"}, {"mrs": 0.0}, {"more": None}])
def test_any_other_cell_is_another_digest_and_the_order_of_columns_is_none(change):
    assert repr(PrivateParams(ROW)) == repr(PrivateParams(dict(reversed(ROW.items()))))
    assert repr(PrivateParams(ROW)) != repr(PrivateParams(ROW | change))


def test_a_job_is_handed_plain_cells():
    handed = pickle.loads(pickle.dumps(PrivateParams(ROW)))
    assert type(handed) is dict and handed == ROW
