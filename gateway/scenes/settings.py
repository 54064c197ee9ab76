"""What a scene says: who asks for what, and what the systems answer. Its expectations lie beside it.

Only the shape is checked here. How answers are found is ``resolvers``' business, and files are read by ``scene.py``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from resolvers import Settings, asked


class AnswerSettings(Settings):
    """What one request over HTTP is answered with. It needs a request, an operation, or both."""

    request: str | None = Field(
        None, description='Method, path below the source\'s address, and query: "GET /orders?limit=2".'
    )
    operation: str | None = Field(
        None, description="The operation inside the source; alone it stands for any request of that operation."
    )
    body: JsonValue = Field(
        None,
        description="The body of the request: JSON, or the text of a form or of what lies in the body of a SOAP "
        "envelope. Absent: any.",
    )
    status: int = Field(200, ge=100, le=599, description="The status of the answer.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of the answer.")
    json_value: JsonValue = Field(None, alias="json", description="The body of the answer, as JSON.")
    xml: str | None = Field(
        None, description="The body of the answer, as XML; of SOAP what lies in the body of the envelope is enough."
    )
    text: str | None = Field(None, description="The body of the answer, as text.")
    base64: str | None = Field(None, description="The body of the answer, as bytes in Base64.")
    file: str | None = Field(None, description="A file beside the scene that holds the body of the answer.")
    times: int | Literal["any"] = Field(1, description="How often it answers.")
    fails: Literal["away", "timeout"] | None = Field(None, description="What happens in place of an answer.")

    @field_validator("request")
    @classmethod
    def _readable(cls, line: str | None) -> str | None:
        if line is not None:
            asked(line)
        return line

    @model_validator(mode="after")
    def _asked_for(self) -> AnswerSettings:
        if self.request is None and self.operation is None:
            raise ValueError("an answer needs a request or an operation")
        bodies = {"json_value", "xml", "text", "base64", "file"} & self.model_fields_set
        if len(bodies) > 1:
            raise ValueError("an answer has one body: one of json, xml, text, base64 and file")
        return self

    @property
    def has_json(self) -> bool:
        """Whether its body is JSON, be it null."""
        return "json_value" in self.model_fields_set


class StatementAnswerSettings(Settings):
    """What a database gives for one statement: rows, or how many rows it changed."""

    sql: str = Field(min_length=1, description="The statement as the database gets it, without its values.")
    values: list[JsonValue] = Field(default_factory=list, description="Its values, in the order of their places.")
    columns: list[str] = Field(default_factory=list, description="What each value of a row is, for readers.")
    rows: list[list[JsonValue]] = Field(default_factory=list, description="The rows.")
    affected: int | None = Field(None, ge=0, description="How many rows it changed, where it gives none back.")
    times: int | Literal["any"] = Field(1, description="How often it answers.")

    @model_validator(mode="after")
    def _one_thing(self) -> StatementAnswerSettings:
        if ("rows" in self.model_fields_set) is (self.affected is not None):
            raise ValueError("a statement gives rows, or says how many it changed: say rows or affected")
        return self


class SourceScene(Settings):
    """What one source answers."""

    answers: tuple[AnswerSettings, ...] = Field((), description="Of a source over HTTP: its answers, in their order.")
    tables: dict[str, list[dict[str, JsonValue]]] | None = Field(
        None, description="Of a database: table → its rows; tables that are not named are empty."
    )
    statements: tuple[StatementAnswerSettings, ...] = Field(
        (), description="Of a database without tables: the answers to its statements."
    )


class SceneSettings(Settings):
    """One scene."""

    description: str = Field("", description="What it shows, for readers.")
    variables: dict[str, JsonValue] = Field(default_factory=dict, description="The variables of the query.")
    operation: str | None = Field(None, description="The operation, where the query has several.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers of the request.")
    view: str = Field("", description="The view that is asked, where it is one.")
    caller: str | dict[str, JsonValue] = Field(
        "anonymous", alias="as", description="Who asks: claims, roles parted by commas, or anonymous."
    )
    sources: dict[str, SourceScene] = Field(default_factory=dict, description="Source → what it answers.")
