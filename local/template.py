"""Offline SAM → CloudFormation: what AWS makes of `infra/template.yaml`, computed here without credentials or network.

AWS expands the Serverless transform on its side; aws-sam-translator is the code that does it there, so the laptop
deploys the same resources, under the same logical ids, that a stack on AWS gets.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FUNCTION = "AWS::Serverless::Function"


@dataclass(frozen=True, slots=True)
class Translation:
    """A plain CloudFormation template, the source folder of each function (by logical id), and the parameters given."""

    template: Mapping[str, Any]
    code: Mapping[str, Path]
    parameters: Mapping[str, str]


class TemplateError(Exception):
    """The template can't be read or translated; the message says what and where."""


def translate(
    path: Path, parameters: Mapping[str, str] | None = None, *, region: str = "ap-northeast-2"
) -> Translation:
    """Translate the SAM template at `path`; a template without the transform comes back as it is.

    `parameters` take part because SAM resolves some references while it translates (CORS origins are one).
    Raises TemplateError with SAM's own words where the template is wrong.
    """
    # It tells at each deployment that switches of AWS's own, which can't be had outside, are not there.
    logging.getLogger("samtranslator.feature_toggle").setLevel(logging.ERROR)
    # SAM asks boto3 for the partition of the region while it is imported and used; it never calls out.
    os.environ.setdefault("AWS_DEFAULT_REGION", region)
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.yaml_helper import yaml_parse
    from yaml import YAMLError

    try:
        source = yaml_parse(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise TemplateError(f"{path} is not YAML: {error}") from error
    code = _take_code(source, path.parent)
    given = dict(parameters or {})
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    try:
        translated = translator.translate(source, given, feature_toggle=None)
    except InvalidDocumentException as error:
        raise TemplateError(f"{path}: " + "; ".join(cause.message for cause in error.causes)) from error
    finally:
        # Its counters go nowhere, but it complains at the end of the process when they weren't "published".
        translator.metrics.publish()
    # A round trip leaves plain dictionaries and strings: YAML dates (policy versions) become text as AWS has them.
    return Translation(json.loads(json.dumps(translated, default=str)), code, given)


def _take_code(source: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Replace each local CodeUri by a bucket's key, as `sam package` does, and return the folders by logical id."""
    shared = source.get("Globals", {}).get("Function", {}).pop("CodeUri", ".")
    code: dict[str, Path] = {}
    for logical_id, resource in source.get("Resources", {}).items():
        if resource.get("Type") == _FUNCTION:
            properties = resource.setdefault("Properties", {})
            code[logical_id] = (folder / properties.get("CodeUri", shared)).resolve()
            properties["CodeUri"] = {"Bucket": "code", "Key": f"{logical_id}.zip"}
    return code
