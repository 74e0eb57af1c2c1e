import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.processors.binary import BinaryProcessor

UNKNOWN = "application/octet-stream"


def test_an_empty_file_is_described(process):
    facts = process(BinaryProcessor, b"", "application/x-empty").facts
    assert facts == {"size_bytes": 0, "description": "empty file", "first_bytes_hex": "", "entropy_bits_per_byte": 0.0}


def test_entropy_tells_order_from_noise(process):
    assert process(BinaryProcessor, b"a" * 5000, UNKNOWN).facts["entropy_bits_per_byte"] == 0
    assert process(BinaryProcessor, b"ab" * 5000, UNKNOWN).facts["entropy_bits_per_byte"] == 1
    assert process(BinaryProcessor, bytes(range(256)) * 9, UNKNOWN).facts["entropy_bits_per_byte"] == 8
    assert process(BinaryProcessor, os.urandom(3 << 20), UNKNOWN).facts["entropy_bits_per_byte"] > 7.99


def test_the_first_bytes_and_a_description_are_given(process):
    facts = process(BinaryProcessor, b"\x7fELF\x02\x01\x01" + bytes(57), UNKNOWN).facts
    assert facts["first_bytes_hex"] == "7f 45 4c 46 02 01 01 00 00 00 00 00 00 00 00 00"
    assert facts["description"].startswith("ELF 64-bit")
    assert facts["size_bytes"] == 64


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.binary(max_size=500))
def test_any_bytes_can_be_described(process, content):
    facts = process(BinaryProcessor, content, UNKNOWN).facts
    assert 0 <= facts["entropy_bits_per_byte"] <= 8
    assert facts["description"].isprintable()
