"""Configuration sections: checks in one line, flags that round-trip."""

import argparse
import errno
import shlex
from datetime import date

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from fastsim.errors import InputError, exit_on_input_error
from fastsim.settings import Section, add_flags, check_keys, from_flags, parse, to_flags


class Inner(Section):
    """Nested keys."""

    weight: float = Field(1.0, ge=0.0, description="a weight")


class Base(Section):
    """What a program takes."""

    rate: float = Field(0.5, gt=0.0, lt=1.0, description="a rate of 50 %")
    names: tuple[str, ...] = Field(("a",), description="names")
    inner: Inner = Field(Inner(), description="nested")
    score: float = Field(0.0, description="of either sign")


class Whole(Base):
    """What the workflow adds."""

    shards: int = Field(2, ge=1, description="files")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"rat": 0.1}, "test: rat is not a key; did you mean rate?"),
        ({"inner": {"w": 1}}, "test: inner.w is not a key; allowed are weight"),
        ({"rate": "0.1"}, 'test: rate = "0.1": input should be a valid number'),
        ({"rate": 1.5}, "test: rate = 1.5: input should be less than 1"),
        ({"shards": 1.5}, "test: shards = 1.5: input should be a valid integer"),
        ({"rate": date(2026, 11, 21)}, 'test: rate = "2026-11-21": input should be a valid number'),
        ({"names": "a"}, 'test: names = "a": input should be a valid array'),
    ],
)
def test_wrong_values_are_told_in_one_line(values, line):
    with pytest.raises(InputError) as error:
        parse(Whole, values, "test")
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


@given(
    rate=st.floats(1e-6, 0.999),
    names=st.lists(st.text(max_size=8), max_size=3),
    weight=st.floats(0, 1e6),
    score=st.floats(-1e6, 1e6),
)
@example(rate=0.5, names=[], weight=0.0, score=-1e-5)
def test_flags_round_trip_through_a_shell(rate, names, weight, score):
    values = {"rate": rate, "names": names, "inner": {"weight": weight}, "score": score}
    section = parse(Whole, values, "test")
    parser = argparse.ArgumentParser()
    add_flags(parser, Whole)
    args = parser.parse_args(shlex.split(to_flags(section)))
    assert from_flags(Whole, args) == section


def test_exponents_without_a_point_are_numbers():
    assert parse(Whole, yaml.safe_load("{rate: 1e-1, inner: {weight: 2.5e3}}"), "test") == Whole(
        rate=0.1, inner=Inner(weight=2500.0)
    )


def test_a_mistake_between_keys_is_told_with_these_keys_only():
    class Limits(Section):
        least: float = 1.0
        most: float = 2.0
        names: tuple[str, ...] = ("a",) * 50

        @model_validator(mode="after")
        def _ordered(self):
            if self.most < self.least:
                raise ValueError("most must not be below least")
            return self

    class Outer(Section):
        limits: Limits = Limits()

    values = {"limits": {"least": 5, "names": ["b"] * 50}}
    with pytest.raises(InputError) as error:
        parse(Outer, values, "test")
    assert str(error.value) == 'test: limits = {"least": 5}: most must not be below least'


def test_a_date_is_a_text():
    assert parse(Whole, {"names": [date(2026, 11, 21)]}, "test").names == ("2026-11-21",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rate: 0.1\ninner: {weight: 1}\nrate: 0.2\n", "line 3: rate is given twice"),
        ("inner:\n  weight: 1\n  weight: 2\n", "line 3: weight is given twice"),
        ("names:\n- {a: 1, b: 2, a: 3}\n", "line 2: a is given twice"),
    ],
)
def test_a_key_given_twice_is_refused(tmp_path, text, told):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=rf"mine\.yaml: {told}"):
        check_keys(file)


@pytest.mark.parametrize("text", ["", "rate: 0.1\ninner: {rate: 1}\nnames: [a, a]\n"])
def test_keys_of_different_sections_may_have_one_name(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    check_keys(file)


def test_a_text_that_looks_like_a_number_stays_a_text():
    assert parse(Whole, {"names": ["1e4"], "rate": "1e-1"}, "test").names == ("1e4",)


def test_values_without_types_are_what_yaml_takes_them_for():
    values = {"rate": "0.1", "shards": "7", "names": ["null", "8"]}
    found = parse(Whole, values, "test", values)
    assert (found.rate, found.shards, found.names) == (0.1, 7, ("null", "8"))
    # where a type was seen, a text is one
    with pytest.raises(InputError, match=r'shards = "7": input should be a valid integer'):
        parse(Whole, values, "test", {"rate": "0.1", "shards": "8"})
    with pytest.raises(InputError, match=r'shards = "\[7": input should be a valid integer'):
        parse(Whole, {"shards": "[7"}, "test", {"shards": "[7"})


def test_flags_of_the_base_class_leave_out_what_the_workflow_needs():
    section = Whole(shards=7)
    flags = to_flags(section, Base)
    assert "--shards" not in flags
    assert "--rate" in flags


def test_unset_flags_take_the_defaults():
    parser = argparse.ArgumentParser()
    add_flags(parser, Whole)
    assert from_flags(Whole, parser.parse_args([])) == Whole()


def test_help_shows_defaults_and_percent_signs():
    parser = argparse.ArgumentParser()
    add_flags(parser, Whole)
    assert "a rate of 50 % (default: 0.5)" in " ".join(parser.format_help().split())


def test_input_error_ends_a_program_with_one_line_and_status_2(capsys):
    @exit_on_input_error
    def main():
        raise InputError("file.parquet: row 3: energy -1; above 0 is allowed")

    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: file.parquet: row 3: energy -1; above 0 is allowed\n"


def test_a_place_where_nothing_can_be_written_ends_a_program_with_one_line(tmp_path, capsys):
    @exit_on_input_error
    def main(number):
        raise OSError(number, "what the system says", str(tmp_path / "file"))

    with pytest.raises(SystemExit) as stop:
        main(errno.ENOSPC)
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/file: what the system says\n"
    # not the user's to mend
    with pytest.raises(OSError, match="what the system says"):
        main(errno.EIO)
