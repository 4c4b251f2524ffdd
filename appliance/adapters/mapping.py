"""Mapping files: which column becomes which field of the contract, by which transform, under which key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from appliance.adapters.reading import normal
from appliance.adapters.records import AdapterError, Record, Row, Unfit
from appliance.adapters.values import TRANSFORMS, Setting, one_line
from appliance.contract import client, deal, exchange, task

SHIPPED = Path(__file__).resolve().parent / "mappings"
KEY_SEPARATOR = "/"
LONGEST_KEY = 200
CONTRACT: Mapping[str, type[BaseModel]] = {
    "organisation": client.NewOrganisation,
    "person": client.NewPerson,
    "product": deal.NewProduct,
    "deal": deal.NewDeal,
    "task": task.NewTask,
    "communication": exchange.NewCommunication,
}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldMapping(_Part):
    """Where a field's value comes from: the first of the columns that is not empty (or all, joined), or a constant."""

    column: Names | None = None
    value: Any = None
    join: str | None = Field(default=None, description="join all the columns by this text instead of taking the first")
    transform: str = "line"
    map: dict[str, Any] = Field(default_factory=dict, description="words of the file to values; compared without case")
    default: Any = Field(default=None, description="for an empty cell, and for a word that `map` does not know")
    required: bool = False

    @field_validator("transform")
    @classmethod
    def _known_transform(cls, given: str) -> str:
        if given not in TRANSFORMS:
            raise ValueError(f"there is no transform {given!r}; known are {', '.join(sorted(TRANSFORMS))}")
        return given


class Condition(_Part):
    """Take only rows whose column holds one of these words (compared without case)."""

    column: Names
    one_of: list[str] | None = None
    none_of: list[str] = Field(default_factory=list)


class RecordMapping(_Part):
    """One kind of record that rows of a file may hold. It is tried when the file has all columns of `needs`."""

    entity: str
    key: Names = Field(description="the columns that tell one record from another, joined")
    key_prefix: str = ""
    needs: list[Names]
    unless: list[str] = Field(default_factory=list, description="not for files that have one of these columns")
    when: list[Condition] = Field(default_factory=list)
    fields: dict[str, FieldMapping]
    links: dict[str, FieldMapping] = Field(default_factory=dict)

    @field_validator("entity")
    @classmethod
    def _known_entity(cls, given: str) -> str:
        if given not in CONTRACT:
            raise ValueError(f"there is no kind of record {given!r}; known are {', '.join(CONTRACT)}")
        return given

    def fits(self, columns: Iterable[str]) -> bool:
        """Whether a file with these columns (normalised) holds records of this kind."""
        present = set(columns)
        needed = all(any(normal(name) in present for name in names) for names in self.needs)
        return needed and not any(normal(name) in present for name in self.unless)


class MappingFile(_Part):
    """A whole mapping file."""

    source: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,49}$", description="the name under which keys are remembered")
    timezone: str = "Europe/Moscow"
    region: str = "RU"
    decimal: str = Field(default="auto", pattern=r"^(auto|,|\.)$")
    records: list[RecordMapping] = Field(min_length=1)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"there is no time zone {given!r}; write it as Europe/Moscow") from None
        return given

    @cached_property
    def setting(self) -> Setting:
        """What holds for all values."""
        return Setting(ZoneInfo(self.timezone), self.region, self.decimal)

    def for_columns(self, columns: Sequence[str]) -> list[RecordMapping]:
        """The kinds of records that a file with these columns may hold."""
        return [record for record in self.records if record.fits({normal(name) for name in columns})]


def load(name: str) -> MappingFile:
    """A mapping from a file, or a shipped one by its name; raises AdapterError naming the place in the file."""
    path = Path(name)
    if not path.exists() and (SHIPPED / f"{name}.toml").exists():
        path = SHIPPED / f"{name}.toml"
    try:
        found = MappingFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.toml")))
        raise AdapterError(f"There is no mapping {name!r}.", f"Name a TOML file, or one of: {known}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise AdapterError(f"The mapping {path} cannot be read: {error}.", "Save it as TOML in UTF-8.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise AdapterError(f"The mapping {path} does not fit at {place}: {first['msg']}.") from None
    for record in found.records:
        _check_fields(path, record)
    return found


def _check_fields(path: Path, record: RecordMapping) -> None:
    fields = CONTRACT[record.entity].model_fields
    unknown = sorted(set(record.fields) - set(fields))
    if unknown:
        raise AdapterError(
            f"The mapping {path} gives {record.entity} a field {unknown[0]!r} that the contract does not have.",
            f"The fields of {record.entity} are {', '.join(fields)}.",
        )


class RowFaults(Exception):
    """A row cannot be taken: field to reason."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = faults


def convert(mapping: MappingFile, kinds: Sequence[RecordMapping], row: Row) -> Record | None:
    """The record in a row, None when the row holds none of the kinds; raises RowFaults naming every field at fault."""
    cells = {normal(name): str(value) for name, value in row.cells.items()}
    for kind in kinds:
        if kind.fits(cells) and all(_holds(condition, cells) for condition in kind.when):
            return _record(mapping, kind, cells)
    return None


def _cell(cells: Mapping[str, str], names: Sequence[str]) -> str:
    found = (cells.get(normal(name), "").strip() for name in names)
    return next((cell for cell in found if cell), "")


def _holds(condition: Condition, cells: Mapping[str, str]) -> bool:
    word = normal(_cell(cells, condition.column))
    if condition.one_of is not None and word not in {normal(one) for one in condition.one_of}:
        return False
    return word not in {normal(one) for one in condition.none_of}


def _record(mapping: MappingFile, kind: RecordMapping, cells: Mapping[str, str]) -> Record:
    faults: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, field in {**kind.fields, **{f"links.{link}": field for link, field in kind.links.items()}}.items():
        try:
            value = _value(field, cells, mapping.setting)
        except Unfit as error:
            faults[_named(name, field)] = str(error)
            continue
        if value not in (None, "", []):
            values[name] = value
        elif field.required:
            faults[_named(name, field)] = (
                f"This is empty and may not be. Fill in {' or '.join(field.column or [name])}."
            )
    key = KEY_SEPARATOR.join(one_line(_cell(cells, [name]), mapping.setting) for name in kind.key).strip(KEY_SEPARATOR)
    if not key:
        faults[" + ".join(kind.key)] = "The key is empty, so the record could not be found again. Fill it in."
    links = {name: str(values.pop(f"links.{name}")) for name in kind.links if f"links.{name}" in values}
    faults |= _checked(kind, values) if not faults else {}
    if faults:
        raise RowFaults(faults)
    return Record(kind.entity, f"{kind.key_prefix}{key}"[:LONGEST_KEY], values, links)


def _named(name: str, field: FieldMapping) -> str:
    """A field as people find it: the column of the file, and the contract's name."""
    return f"{field.column[0]} ({name})" if field.column else name


def _value(field: FieldMapping, cells: Mapping[str, str], setting: Setting) -> Any:
    if field.column is None:
        return field.value
    if field.join is not None:
        parts = [one_line(_cell(cells, [name]), setting) for name in field.column]
        cell = field.join.join(part for part in parts if part)
    else:
        cell = _cell(cells, field.column)
    if field.map:
        known = {normal(word): value for word, value in field.map.items()}
        if normal(cell) in known:
            return known[normal(cell)]
        if cell and field.default is None:
            raise Unfit(f"{cell!r} is none of the known words ({', '.join(field.map)}). Add it to the mapping.")
        return field.default
    value = TRANSFORMS[field.transform](cell, setting)
    return field.default if value in (None, "") else value


def _checked(kind: RecordMapping, values: Mapping[str, Any]) -> dict[str, str]:
    """What the contract itself finds wrong, before anything is sent."""
    try:
        TypeAdapter(CONTRACT[kind.entity]).validate_python(values)
    except ValidationError as error:
        found = {str(one["loc"][0]) if one["loc"] else kind.entity: one["msg"] for one in error.errors()}
        fields = kind.fields
        return {_named(name, fields[name]) if name in fields else name: f"{said}." for name, said in found.items()}
    return {}
