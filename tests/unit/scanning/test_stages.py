import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanning.stages import BATCH, OutOfOrder, Progress, Stage, document_subject, file_subject, may_follow, page_subject
from schemas.ports.journal import StageRow

SUBJECTS = {
    "batch": BATCH,
    "file": file_subject("a.pdf"),
    "page": page_subject("a.pdf", 1),
    "document": document_subject("k"),
}
WALKS = {
    "batch": [[Stage.ORDERED, Stage.THROUGH]],
    "file": [[Stage.INSPECTED, Stage.SET_ASIDE], [Stage.SET_ASIDE]],
    "page": [[Stage.ANALYSED, Stage.READ, Stage.SET_ASIDE], [Stage.ANALYSED, Stage.SET_ASIDE], [Stage.SET_ASIDE]],
    "document": [
        [Stage.BUILT, Stage.DELIVERED],
        [Stage.BUILT, Stage.TEXT_WANTED, Stage.DELIVERED, Stage.READ],
        [Stage.BUILT, Stage.SEALED, Stage.TEXT_WANTED, Stage.DELIVERED, Stage.READ],
        [Stage.BUILT, Stage.SEAL_WAITS, Stage.SEALED, Stage.TEXT_WANTED, Stage.DELIVERED, Stage.READ],
    ],
}


def row(subject: str, stage: Stage) -> StageRow:
    return StageRow("b", subject, stage.value)


@pytest.mark.parametrize(("kind", "walk"), [(kind, walk) for kind, walks in WALKS.items() for walk in walks])
def test_a_walk_may_be_broken_off_anywhere_and_goes_on_with_the_next_stage_only(kind: str, walk: list[Stage]) -> None:
    subject = SUBJECTS[kind]
    for broken_after in range(len(walk) + 1):
        known = [row(subject, stage) for stage in walk[:broken_after]]
        progress = Progress(known)
        assert [progress.note(row(subject, stage)) for stage in walk] == [
            place >= broken_after for place in range(len(walk))
        ]


@given(st.lists(st.tuples(st.sampled_from(sorted(SUBJECTS)), st.sampled_from(Stage)), max_size=40))
def test_whatever_is_reported_a_subject_never_leaves_its_walks(reports: list[tuple[str, Stage]]) -> None:
    progress, reached = Progress(), {kind: list[Stage]() for kind in SUBJECTS}
    for kind, stage in reports:
        lawful = may_follow(SUBJECTS[kind], reached[kind], stage)
        try:
            if progress.note(row(SUBJECTS[kind], stage)):
                assert lawful
                reached[kind].append(stage)
            else:
                assert stage in reached[kind]
        except OutOfOrder:
            assert not lawful
    for kind in ("file", "page"):
        assert reached[kind] == [] or reached[kind] in [w[:n] for w in WALKS[kind] for n in range(1, len(w) + 1)]
    document = reached["document"]
    if Stage.DELIVERED in document:
        before = document[: document.index(Stage.DELIVERED)]
        assert Stage.BUILT in before
        assert Stage.SEALED not in document[len(before) :], "what is delivered is never sealed any more"


def test_a_document_needs_its_file_before_anything_else() -> None:
    for stage in set(Stage) - {Stage.BUILT}:
        with pytest.raises(OutOfOrder):
            Progress().note(row(SUBJECTS["document"], stage))
