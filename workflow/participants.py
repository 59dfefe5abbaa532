"""The participants of a study, by role and by batch, and samples of them."""

from collections.abc import Callable, Container, Iterable
from functools import cache, cached_property
from zlib import crc32

from ichdag.cohort.sheet import Row, shared_persons, subject_of
from ichdag.privacy import PrivateParams


class Participants:
    """Who is in a study. Its sheet is read when the first rule asks; answers are kept, for every job asks."""

    def __init__(self, read_rows: Callable[[], Iterable[Row]], *, batches: int) -> None:
        self._read_rows = read_rows
        self._batches = batches
        self.subjects_of = cache(self._subjects_of)
        self.sample_of = cache(self._sample_of)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The rows of the participants sheet, by subject."""
        return {subject_of(row): row for row in self._read_rows()}

    @cached_property
    def batch_table(self) -> dict[str, list[str]]:
        """The participants of each batch; only patients that the study is about have one."""
        table: dict[str, list[str]] = {}
        for subject in self.subjects_of("development", "external"):
            table.setdefault(self.batch_of(subject), []).append(subject)
        return table

    def rows_of(self, subjects: Iterable[str]) -> dict[str, Row]:
        """Give the rows of some participants, by subject."""
        return {subject: self.rows[subject] for subject in subjects}

    def cells_of(self, subject: str, columns: Iterable[str]) -> Row:
        """Give some cells of a participant's row, by column."""
        return {column: self.rows[subject].get(column) for column in columns}

    def _subjects_of(self, *roles: str) -> list[str]:
        """List the participants of these roles, in the order of the sheet."""
        return [subject for subject, row in self.rows.items() if row["role"] in roles]

    def _sample_of(self, size: int, *roles: str) -> dict[str, None]:
        """Take the first of these roles by a hash of their id, so that newcomers change few; quick to be asked."""
        ordered = sorted(self.subjects_of(*roles), key=lambda subject: (crc32(subject.encode()), subject))
        return dict.fromkeys(ordered[:size])

    def persons_among(self, role: str) -> PrivateParams:
        """Say who is behind each participant of a role, as far as one person is several participants."""
        return PrivateParams(shared_persons(self.rows[subject] for subject in self.subjects_of(role)))

    def batch_of(self, subject: str) -> str:
        """Name a participant's batch, from role and id alone: it never changes when others come or go."""
        return f"{self.rows[subject]['role']}-{crc32(subject.encode()) % self._batches:04d}"

    def members_of(self, batch: str, *, among: Container[str] | None = None) -> list[str]:
        """List the participants of a batch, or those of them that are among others."""
        return [subject for subject in self.batch_table[batch] if among is None or subject in among]

    def batches_of(self, role: str) -> list[str]:
        """List the batches of a role that have members."""
        return sorted(batch for batch in self.batch_table if batch.startswith(f"{role}-"))
