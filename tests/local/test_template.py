"""Offline translation of SAM templates."""

from __future__ import annotations

import gc
import logging
import pathlib

import pytest

from local.template import TemplateError, Translation, translate

TEMPLATE = pathlib.Path(__file__).parent / "handlers" / "template.yaml"


def test_serverless_resources_become_plain_ones(stage: Translation) -> None:
    types = {resource["Type"] for resource in stage.template["Resources"].values()}
    assert {"AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Scheduler::Schedule"} <= types
    assert not [name for name in types if name.startswith("AWS::Serverless")]


def test_each_function_keeps_its_source_folder(stage: Translation) -> None:
    assert set(stage.code.values()) == {pathlib.Path(__file__).parent / "handlers"}
    assert set(stage.code) >= {"Act", "Web", "Broken"}


def test_a_function_may_have_a_folder_of_its_own(tmp_path: pathlib.Path) -> None:
    template = tmp_path / "infra" / "template.yaml"
    template.parent.mkdir()
    template.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  One: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.11, Handler: a.b, CodeUri: ../one}}\n"
        "  Two: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.11, Handler: a.b}}\n"
    )
    assert translate(template).code == {"One": tmp_path / "one", "Two": tmp_path / "infra"}


def test_what_sam_refuses_is_told_in_its_words(tmp_path: pathlib.Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources: {One: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Rutime: python}}}"
    )
    with pytest.raises(TemplateError, match="One"):
        translate(template)


def test_what_is_not_yaml_is_told(tmp_path: pathlib.Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {One: [}")
    with pytest.raises(TemplateError, match="not YAML"):
        translate(template)


def test_no_credentials_are_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert translate(TEMPLATE, {"RecordFolder": "/tmp"}).template["Resources"]


def test_the_translator_says_nothing_of_its_own(stage: Translation, caplog: pytest.LogCaptureFixture) -> None:
    translate(TEMPLATE, stage.parameters)
    gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
