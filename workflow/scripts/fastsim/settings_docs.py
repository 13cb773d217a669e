"""Documentation of configuration classes: a Markdown page and a JSON schema."""

import json
from typing import Any

import yaml

from fastsim.settings import Section


def as_json_schema(section: type[Section]) -> str:
    """Return the JSON schema (draft 2020-12) as YAML, for editors and the workflow catalogue."""
    draft = "https://json-schema.org/draft/2020-12/schema"
    schema = {"$schema": draft, **section.model_json_schema()}
    return yaml.safe_dump(schema, sort_keys=False, width=100, allow_unicode=True)


def as_markdown(section: type[Section]) -> str:
    """Return a table of keys per section: default, what is allowed, meaning."""
    schema = section.model_json_schema()
    definitions = schema.get("$defs", {})
    top = {key: value for key, value in schema["properties"].items() if "$ref" not in value}
    parts = [_table(top, definitions)] if top else []
    for key, value in schema["properties"].items():
        if key not in top:
            definition = _resolved(value, definitions)
            heading = f"## `{key}`: {value['description']}"
            parts.append(f"{heading}\n\n{_table(definition['properties'], definitions)}")
    return "\n".join(parts)


def _resolved(value: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = value.get("$ref")
    return definitions[reference.rsplit("/", 1)[1]] if reference else value


def _table(properties: dict[str, Any], definitions: dict[str, Any]) -> str:
    lines = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    lines += _rows(properties, definitions, prefix="")
    return "\n".join(lines) + "\n"


def _rows(properties: dict[str, Any], definitions: dict[str, Any], prefix: str) -> list[str]:
    lines = []
    for key, value in properties.items():
        resolved = _resolved(value, definitions)
        if resolved.get("type") == "object":
            lines += _rows(resolved["properties"], definitions, prefix=f"{prefix}{key}.")
        else:
            default = json.dumps(value["default"])
            cells = (f"`{prefix}{key}`", f"`{default}`", _allowed(value), value["description"])
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def _allowed(value: dict[str, Any]) -> str:
    if "anyOf" in value:
        return " or ".join(_allowed(option) for option in value["anyOf"])
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{option}`" for option in value["enum"])
    if "prefixItems" in value:
        return f"list of {', '.join(_allowed(item) for item in value['prefixItems'])}"
    if value.get("type") == "array":
        return f"list of {_allowed(value['items'])}"
    bounds = {
        "minimum": "≥ {}",
        "exclusiveMinimum": "> {}",
        "maximum": "≤ {}",
        "exclusiveMaximum": "< {}",
    }
    limits = [text.format(f"{value[key]:g}") for key, text in bounds.items() if key in value]
    return " ".join([value.get("type", "any"), ", ".join(limits)]).strip()
