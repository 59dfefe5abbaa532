"""What makes a result run again: code that counts, settings in one order."""

from ichdag.provenance import code_digest, put_in_order


def test_settings_stand_in_the_order_of_the_shipped_file_whatever_an_overlay_names_first(tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1\nstage: {one: 1, two: {x: 1, y: 2}}\noutcomes: {death: mrs == 6}\n")
    config = {
        "stage": {"two": {"y": 3, "x": 1}, "one": 1},
        "outcomes": {"mine": "mrs > 4", "death": "mrs == 6"},
        "a": 1,
    }
    put_in_order(config, like=tmp_path / "config.yaml")
    assert str(config) == str(
        {"a": 1, "stage": {"one": 1, "two": {"x": 1, "y": 3}}, "outcomes": {"death": "mrs == 6", "mine": "mrs > 4"}}
    )


def test_a_comment_keeps_the_digest_of_a_script_and_a_number_changes_it(tmp_path):
    digests = []
    for number, text in enumerate(["x = 1", "# why\nx = 1", "x = 2"]):
        script = tmp_path / f"script_{number}.py"
        script.write_text(text, "utf-8")
        digests.append(code_digest(script))
    assert digests[0] == digests[1] != digests[2]
