"""The page of costs: times in words, everything closed and escaped, nothing loaded."""

import pytest

from ichdag.report.costs import costs_page, format_duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0.42, "0.4 s"), (59.4, "59 s"), (185, "3 min 5 s"), (7805, "2 h 10 min"), (3599.6, "1 h 0 min")],
)
def test_a_time_is_told_in_its_largest_two_units(seconds, words):
    assert format_duration(seconds) == words


def test_the_page_shows_each_rule_and_the_sum_of_all():
    cost = {"jobs": 3, "wall_s": 90.0, "longest_s": 60.0, "cpu_s": 30.0, "memory_mib": 512.4}
    costs = [{"rule": "train_network", **cost, "hosts": "node<1>", "devices": "NVIDIA H100"}]
    costs.append(
        {"rule": "check_scans", **dict.fromkeys(cost), "jobs": 1, "wall_s": 1.0, "hosts": None, "devices": None}
    )
    page = costs_page(costs, title="A & B")
    assert "4 jobs · 1 min 31 s of wall time · 30 s of CPU time" in page
    assert "A &amp; B" in page and "node&lt;1&gt;" in page and "node<1>" not in page
    assert page.count("<tr>") == page.count("</tr>") == 3 and "NVIDIA H100" in page and ">512<" in page
    assert "src=" not in page and "<script" not in page
