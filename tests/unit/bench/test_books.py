"""The books of a load: what is counted once, and what gives itself away."""

from types import SimpleNamespace

from bench.load.topics import Books

ID = b"6f1c1f0e-1c43-4e0e-9a4b-8d5ab0d3b0a1"


def seen(*bodies: bytes, id: bytes | None = ID) -> Books:
    books = Books()
    for body in bodies:
        headers = [("ce_type", b"kind"), ("ce_subject", b"TB1"), ("ce_source", b"policy")]
        if id is not None:
            headers.append(("ce_id", id))
        books.see(SimpleNamespace(topic="policy.events", value=body, headers=headers))
    return books


def test_a_repeat_of_the_same_bytes_counts_once() -> None:
    books = seen(b"1", b"1")
    assert (books.records.total(), books.unique.total(), books.reused.total()) == (2, 1, 0)
    assert books.of("policy.events", "kind") == {"TB1": 1}


def test_other_bytes_under_the_same_id_are_another_message() -> None:
    books = seen(b"1", b"2")
    assert (books.unique.total(), books.reused.total()) == (1, 1)
    assert books.of("policy.events", "kind") == {"TB1": 2}


def test_what_has_no_id_reuses_none() -> None:
    assert seen(b"1", b"2", id=None).reused.total() == 0
