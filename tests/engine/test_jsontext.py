"""Strict reading and readable writing of JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import jsontext
from engine.jsontext import JsonError

TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5), max_leaves=30,
)


@given(TREES)
def test_what_is_written_is_read_and_written_again(tree):
    data = jsontext.format(tree)
    assert jsontext.parse(data) == tree
    assert jsontext.format(jsontext.parse(data)) == data
    assert json.loads(data) == tree
    assert data.endswith(b"\n")


def test_plain_values_share_a_line_and_long_ones_do_not():
    tree = {"shape": (1, 28, 28), "edges": [{"source": "a", "target": "b"}], "empty": [], "none": {},
            "classes": [f"class {i}" for i in range(30)]}
    lines = jsontext.format(tree).decode().splitlines()
    assert lines[:5] == ["{", '  "shape": [1, 28, 28],', '  "edges": [', '    {"source": "a", "target": "b"}', "  ],"]
    assert '  "empty": [],' in lines
    assert '    "class 0",' in lines
    assert max(map(len, lines)) <= jsontext.WIDTH


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ends too early"),
        (b'{"a": 1', "ends too early"),
        (b'{"a": 1,}', "mistake"),
        (b'{"a": 1} x', "mistake: extra data"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b'{"a": "\xff"}', r"not UTF-8 text \(byte 8\)"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": [-Infinity]}', "-Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": 9223372036854775808}', "beyond 64 bits"),
        (b"9" * 10**6, "beyond 64 bits"),
        (b'{"a": 1, "b": 2, "a": 3}', "key 'a' twice"),
        (rb'{"a": "\ud800"}', "half a character"),
        (rb'{"\udfff": 1}', "half a character"),
        (b"[" * 10**6, "nested too deeply"),
        (b"[" * 60 + b"]" * 60, "nested too deeply"),
        (b'{"a":' * 10**6, "nested too deeply"),
        (b"[" + b"1," * 5_000_000, "items"),
        (b" " * (64 << 20) + b"{}", "more than 64 MB"),
        (b'{"a": "line\nbreak"}', "mistake: invalid control character"),
        (b"{'a': 1}", "mistake"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_not_plain_json_is_refused(data, words):
    with pytest.raises(JsonError, match=words):
        jsontext.parse(data)


def test_windows_line_ends_are_taken():
    assert jsontext.parse(b'{\r\n  "a": 1\r\n}\r\n') == {"a": 1}


def test_a_hundred_thousand_doubled_keys_are_refused_at_once():
    data = b"{" + b",".join(b'"k%d": 1' % (i % 50_000) for i in range(100_000)) + b"}"
    with pytest.raises(JsonError, match="twice"):
        jsontext.parse(data)
