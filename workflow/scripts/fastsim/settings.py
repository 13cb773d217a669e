"""Typed configuration sections: one class is the source of defaults, ranges, flags and schema.

A stage's section is a :class:`Section`. The workflow passes it to the stage's program as flags
(:func:`to_flags`), the program reads it back (:func:`add_flags`, :func:`from_flags`), so that a
program run by hand takes the same keys, defaults and checks as the config file.
"""

import argparse
import contextlib
import copy
import difflib
import functools
import json
import operator
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from fastsim.errors import InputError

EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
"""A number that YAML 1.1 reads as text."""


class Section(BaseModel):
    """Base of all configuration classes: closed, immutable, every field described."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=True, allow_inf_nan=False
    )


S = TypeVar("S", bound=Section)


def parse(
    section: type[S],
    values: Mapping[str, Any],
    where: str,
    untyped: Mapping[str, Any] | None = None,
) -> S:
    """Validate ``values``; :class:`InputError` of one line naming ``where``, key, value and range.

    Validation is JSON-like and strict: ``1.5`` is no integer and ``"3"`` no number, but a list
    stands for a tuple and ``1`` for ``1.0``. ``1e4``, which YAML 1.1 reads as text, is a number.
    ``untyped`` are those of the values that whoever read them took for text: where no text is
    allowed they are what YAML takes them for.
    """
    try:
        try:
            # YAML has dates, which are no JSON: as text they are allowed where text is
            return section.model_validate_json(json.dumps(values, default=str))
        except ValidationError as error:
            values = _with_types(values, error, untyped or {})
            return section.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise InputError(f"{where}: {_first_problem(section, error)}") from None
    except TypeError as error:
        raise InputError(f"{where}: {error}") from None


def check_keys(file: str | Path) -> None:
    """Raise :class:`InputError` if a key of a YAML file is given twice: the first would be lost."""
    with Path(file).open(encoding="utf-8") as stream:
        nodes = [yaml.compose(stream, yaml.SafeLoader)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                nodes.append(value)
                if str(key.value) in seen:
                    line = key.start_mark.line + 1
                    raise InputError(f"{file}: line {line}: {key.value} is given twice")
                seen.add(str(key.value))


def _with_types(
    values: Mapping[str, Any], error: ValidationError, untyped: Mapping[str, Any]
) -> Any:
    """Return ``values`` with what was missed in the place of texts that stand for it."""
    values = copy.deepcopy(values)
    for problem in error.errors(include_url=False):
        text, (*parents, key) = problem["input"], problem["loc"] or (None,)
        if not isinstance(text, str):
            continue
        if problem["type"] in ("float_type", "int_type") and EXPONENT.fullmatch(text):
            functools.reduce(operator.getitem, parents, values)[key] = float(text)
        elif _at(untyped, problem["loc"]) == text:
            with contextlib.suppress(yaml.YAMLError):
                functools.reduce(operator.getitem, parents, values)[key] = yaml.safe_load(text)
    return values


def _at(values: Any, loc: tuple[Any, ...]) -> Any:
    """Return what is at a place, or None if there is no such place."""
    try:
        return functools.reduce(operator.getitem, loc, values)
    except (KeyError, IndexError, TypeError):
        return None


def _first_problem(section: type[Section], error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _known_keys(section, problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(known)}"
        return f"{key} is not a key; {hint}"
    if problem["type"] == "missing":
        return f"{key} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if not key:
        return message
    value = problem["input"]
    if problem["type"] == "value_error" and isinstance(value, dict):
        # between keys of a section: those that it is about
        value = {name: v for name, v in value.items() if re.search(rf"\b{name}\b", message)}
    return f"{key} = {json.dumps(value)}: {message}"


def _known_keys(section: type[Section], loc: tuple[Any, ...]) -> list[str]:
    for part in loc:
        annotation = section.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, Section)):
            return []
        section = annotation
    return list(section.model_fields)


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


def add_flags(parser: argparse.ArgumentParser, section: type[Section]) -> None:
    """Add one flag per field; values are YAML (``--depths '[1500, 2000]'``)."""
    group = parser.add_argument_group("settings (YAML values; defaults as in the config file)")
    for key, field in section.model_fields.items():
        default = json.dumps(section.model_construct().model_dump(mode="json")[key])
        help_text = f"{field.description} (default: {default})".replace("%", "%%")
        group.add_argument(_flag(key), dest=f"setting_{key}", metavar="VALUE", help=help_text)


def from_flags(section: type[S], args: argparse.Namespace) -> S:
    """Read back the flags of :func:`add_flags`; unset flags take the section's defaults."""
    values = {}
    for key in section.model_fields:
        text = getattr(args, f"setting_{key}")
        if text is None:
            continue
        try:
            values[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"{_flag(key)} {text}: not a YAML value") from None
    return parse(section, values, "command line")


def to_flags(section: Section, fields_of: type[Section] | None = None) -> str:
    """Return the section as shell-quoted flags, every field spelled out.

    With ``fields_of``, a base class of the section, only that class's fields: what a stage's
    program takes, without what the workflow alone needs (the number of shards, say).
    """
    values = section.model_dump(mode="json")
    flags = []
    for key in (fields_of or type(section)).model_fields:
        text = json.dumps(values[key])
        # argparse takes -1e-05 for a flag, unless it is joined to its own
        between = "=" if text.startswith("-") else " "
        flags.append(f"{_flag(key)}{between}{shlex.quote(text)}")
    return " ".join(flags)
