"""What a start remembers of earlier ones: as long as the code is the same, and never more than that."""

import json

import pytest

from ichdag.start_cache import NAME, StartCache


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    (folder / "stage").mkdir(parents=True)
    (folder / "stage/step.py").write_text("X = 1\n", "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def remembered(folder, package, text="found"):
    """What a start is told, and whether it had to find it itself."""
    asked, cache = [], StartCache(folder, package)
    told = cache.get("name", lambda: asked.append(1) or text)
    cache.save()
    return told, bool(asked)


def test_a_second_start_is_told_what_the_first_found(folder, package):
    assert remembered(folder, package) == ("found", True)
    assert remembered(folder, package, "other") == ("found", False)


@pytest.mark.parametrize("change", ["content", "name", "new"])
def test_nothing_is_remembered_once_any_file_of_the_code_is_another(folder, package, change):
    remembered(folder, package)
    file = package / "stage/step.py"
    if change == "content":
        file.write_text("X = 2\n", "utf-8")
    elif change == "name":
        file.rename(package / "stage/other.py")
    else:
        (package / "more.py").touch()
    assert remembered(folder, package, "other") == ("other", True)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"code": 1}', b"\xff\xfe\x00", "null"])
def test_a_cache_that_is_damaged_remembers_nothing_and_is_written_anew(folder, package, content):
    (folder / NAME).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert remembered(folder, package) == ("found", True)
    assert json.loads((folder / NAME).read_text("utf-8"))["known"] == {"name": "found"}


def test_where_no_folder_is_or_nothing_can_be_written_nothing_fails(folder, package):
    assert remembered(folder / "absent", package) == ("found", True)
    assert not (folder / "absent").exists()
    (folder / NAME).mkdir()
    assert remembered(folder, package) == ("found", True)
    assert [file.name for file in folder.iterdir()] == [NAME]
