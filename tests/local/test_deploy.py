"""The strict deployer, against a real local AWS server."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from local.deploy import Cors, DeployError, Deployment, clients, deploy, put_secret
from local.deploy.intrinsics import Values
from local.template import Translation, translate

REGION = "ap-northeast-2"
Clients = Callable[[str], Any]


@pytest.fixture
def client(endpoint: str) -> Clients:
    """Clients of the local server."""
    return clients(endpoint, REGION)


def plain(resources: Mapping[str, Any], **sections: Any) -> Translation:
    """A template which needs no translation; every resource may be a function with its code here."""
    code = dict.fromkeys(resources, pathlib.Path(__file__).parent)
    return Translation({"Resources": resources, **sections}, code, {})


def function(**properties: Any) -> dict[str, Any]:
    """A Lambda function with the least that it needs."""
    return {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.11", "Handler": "a.b", **properties}}


def test_an_unknown_resource_type_is_refused_by_name_before_anything_is_made(endpoint: str, client: Clients) -> None:
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "never-made"}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
    }
    with pytest.raises(DeployError, match=r"Table \(AWS::DynamoDB::Table\): no local deployment"):
        deploy(plain(resources), endpoint=endpoint)
    assert "never-made" not in [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]]


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ({"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red"}}, "Colour"),
        ({"Type": "AWS::S3::Bucket", "Properties": {"ReplicationConfiguration": {"Role": "x"}}}, "Replication"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "plain", "FifoQueue": True}}, "contradict"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::ImportValue": "x"}}}, "Fn::ImportValue"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Nobody"}}}, "Nobody"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Nobody", "Arn"]}}}, "Nobody.Arn"),
        ({"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {}}}, "no local deployment"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Select": [0, ["x"]]}}}, "Fn::Select"),
        (function(Runtime="nodejs22.x"), "nodejs22.x"),
        (function(Layers=["arn"]), "Layers"),
        (function(DeadLetterConfig={"TargetArn": "arn"}), "DeadLetterConfig"),
        (function(Environment={"Variables": {"A": "x" * 5000}}), "4 KB"),
        ({"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"StageName": "v1"}}, "v1"),
        ({"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"paths": {"/": {}}}}}, "one route"),
    ],
)
def test_what_can_not_be_done_here_is_refused_and_named(endpoint: str, resource: dict[str, Any], told: str) -> None:
    with pytest.raises(DeployError, match=rf"Odd \({resource['Type']}\).*{told}"):
        deploy(plain({"Odd": resource}), endpoint=endpoint, stack="odd")


@pytest.mark.parametrize(
    ("queue", "mapping", "told"),
    [
        ({"VisibilityTimeout": 2}, {}, "visibility"),
        ({}, {"BatchSize": 11}, "need a window"),
        ({"FifoQueue": True}, {"MaximumBatchingWindowInSeconds": 1}, "standard queue"),
        ({"FifoQueue": True}, {"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}, "standard queue"),
        ({}, {"ScalingConfig": {"MaximumConcurrency": 1}}, "starts at 2"),
        ({}, {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "FilterCriteria"),
    ],
)
def test_an_event_source_which_aws_or_the_runtime_would_not_take_is_refused(
    endpoint: str, queue: dict[str, Any], mapping: dict[str, Any], told: str
) -> None:
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": queue},
        "Work": function(),
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "Work"},
                **mapping,
            },
        },
    }
    with pytest.raises(DeployError, match=rf"Source .*{told}"):
        deploy(plain(resources), endpoint=endpoint, stack=f"source-{'fifo' if 'FifoQueue' in queue else len(queue)}")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (None, "At: Work needs an EventInvokeConfig"),
        ({"MaximumEventAgeInSeconds": 60}, "MaximumRetryAttempts must be 0"),
        ({"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}, "MaximumRetryAttempts must be 0"),
        ({"MaximumRetryAttempts": 0}, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_schedule_whose_failures_would_be_repeated_is_refused(
    endpoint: str, config: dict[str, Any] | None, told: str
) -> None:
    target = {"Arn": {"Fn::GetAtt": ["Work", "Arn"]}}
    resources = {
        "Work": function(),
        "At": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {"ScheduleExpression": "rate(1 minute)", "Target": target},
        },
    }
    if config is not None:
        properties = {"FunctionName": {"Ref": "Work"}, **config}
        resources["Config"] = {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties}
    with pytest.raises(DeployError, match=told):
        deploy(plain(resources), endpoint=endpoint, stack="again")


def test_a_circle_is_told(endpoint: str) -> None:
    resources = {
        "One": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Two", "QueueName"]}}},
        "Two": {"Type": "AWS::SQS::Queue", "DependsOn": "One", "Properties": {}},
    }
    with pytest.raises(DeployError, match="circle"):
        deploy(plain(resources), endpoint=endpoint)


def test_the_bucket_is_as_the_template_says(client: Clients, deployment: Deployment) -> None:
    s3, bucket = client("s3"), deployment.buckets["Uploads"]
    (cors,) = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert cors["AllowedOrigins"] == ["https://one.example", "https://two.example"]
    assert cors["ExposeHeaders"] == ["ETag"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    (encryption,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) == ("uploads/", 7)
    (queue,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert queue["QueueArn"].endswith(":stage-Given")
    # A policy that denies what doesn't come by TLS leaves a laptop, which has none, able to write.
    assert s3.put_object(Bucket=bucket, Key="elsewhere/x", Body=b"")["ETag"]


def test_queues_have_the_names_and_attributes_of_cloudformation(client: Clients, deployment: Deployment) -> None:
    assert deployment.queues["OrderedQueue"].endswith("/stage-OrderedQueue.fifo")
    url = deployment.queues["PartialQueue"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "12"
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].endswith(":stage-PartialDead")


def test_settings_are_there(client: Clients, deployment: Deployment) -> None:
    secret = client("secretsmanager").get_secret_value(SecretId=deployment.secrets["Key"])["SecretString"]
    assert len(secret) == 40
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/stage")["logGroups"]
    assert group["retentionInDays"] == 30


def test_functions_sources_and_schedules_are_recorded(deployment: Deployment) -> None:
    web = deployment.functions["Web"]
    assert (web.handler, web.timeout, web.memory, web.reserved) == ("actors.web", 2, 128, None)
    assert web.environment["UPLOADS"] == deployment.buckets["Uploads"]
    assert deployment.functions["Quick"].reserved == 2
    assert deployment.functions["Tick"].max_age == 60
    sources = {source.function: source for source in deployment.sources}
    assert (sources["Partial"].partial, sources["Partial"].concurrency, sources["Partial"].window) == (True, 2, 1)
    assert (sources["Whole"].partial, sources["Whole"].batch_size) == (False, 15)
    tick = deployment.schedules["TickNightly"]
    assert (tick.function, tick.expression, tick.input) == ("Tick", "cron(0 18 * * ? *)", '{"at": "night"}')
    assert deployment.outputs == {"ApiUrl": "http://127.0.0.1:8000", "GivenName": "stage-Given"}


def test_the_http_api_is_recorded_with_function_and_cors(deployment: Deployment) -> None:
    api = deployment.apis["Api"]
    assert (api.function, api.timeout) == ("Web", 30.0)
    assert api.cors == Cors(
        ("https://one.example", "https://two.example"), ("POST",), ("content-type",), ("x-request-id",), False, 600
    )


def test_a_function_is_found_by_any_of_its_names(deployment: Deployment) -> None:
    web = deployment.functions["Web"]
    assert deployment.function("Web") is deployment.function(web.name) is deployment.function(web.arn) is web
    with pytest.raises(KeyError, match="Nobody"):
        deployment.function("Nobody")


def test_a_second_deployment_applies_what_has_changed(endpoint: str, client: Clients) -> None:
    def resources(seconds: int, days: int | None) -> Translation:
        lifecycle = {"Rules": [{"Status": "Enabled", "ExpirationInDays": days}]}
        return plain({
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}},
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"LifecycleConfiguration": lifecycle} if days else {},
            },
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}},
            "Given": {"Type": "AWS::SecretsManager::Secret", "Properties": {}},
        })  # fmt: skip

    first = deploy(resources(30, 5), endpoint=endpoint, stack="twice", secrets={"Given": "old"})
    client("s3").put_object(Bucket=first.buckets["Bucket"], Key="kept", Body=b"kept")
    generated = client("secretsmanager").get_secret_value(SecretId=first.secrets["Secret"])["SecretString"]

    second = deploy(resources(60, None), endpoint=endpoint, stack="twice", secrets={"Given": "new"})
    assert (second.queues, second.buckets, second.secrets) == (first.queues, first.buckets, first.secrets)
    attributes = client("sqs").get_queue_attributes(QueueUrl=second.queues["Queue"], AttributeNames=["All"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "60"
    s3 = client("s3")
    assert s3.get_object(Bucket=second.buckets["Bucket"], Key="kept")["Body"].read() == b"kept"
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=second.buckets["Bucket"])
    values = client("secretsmanager")
    assert values.get_secret_value(SecretId=second.secrets["Secret"])["SecretString"] == generated
    assert values.get_secret_value(SecretId=second.secrets["Given"])["SecretString"] == "new"


def test_parameters_are_checked(endpoint: str) -> None:
    sections = {"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["local", "test"]}}}
    queue = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}
    template = {"Resources": queue, **sections}
    for given, told in (({}, "not given"), ({"Stage": "moon"}, "moon"), ({"Stage": "test", "Stag": "x"}, "Stag")):
        with pytest.raises(DeployError, match=told):
            deploy(Translation(template, {}, given), endpoint=endpoint)


def test_a_secret_for_nobody_is_told(endpoint: str) -> None:
    with pytest.raises(DeployError, match="Typo"):
        deploy(plain({}), endpoint=endpoint, secrets={"Typo": "x"})


def test_a_secret_may_be_put_beside_the_template(client: Clients) -> None:
    first = put_secret(client("secretsmanager"), "beside", "one")
    assert put_secret(client("secretsmanager"), "beside", "two") == first
    assert client("secretsmanager").get_secret_value(SecretId=first)["SecretString"] == "two"


def test_a_resource_whose_condition_fails_is_left_out(endpoint: str) -> None:
    resources = {"Queue": {"Type": "AWS::SQS::Queue", "Condition": "Never", "Properties": {}}}
    assert deploy(plain(resources, Conditions={"Never": {"Fn::Equals": ["a", "b"]}}), endpoint=endpoint).queues == {}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "Places"}, ["a", "b"]),
        ({"Fn::Sub": "${Stage}/${!Literal}/${AWS::Region}/${Queue.Arn}"}, "test/${Literal}/moon/arn:queue"),
        ({"Fn::Sub": ["${x}-${Stage}", {"x": {"Ref": "Stage"}}]}, "test-test"),
        ({"Fn::Join": [",", {"Ref": "Places"}]}, "a,b"),
        ({"Fn::Split": ["|", "a|b|c"]}, ["a", "b", "c"]),
        ({"Fn::If": ["IsTest", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", {"Ref": "AWS::NoValue"}]}, None),
        ([1, {"Fn::If": ["Both", "yes", {"Ref": "AWS::NoValue"}]}], [1]),
        ({"a": {"Fn::If": ["Either", {"Ref": "AWS::NoValue"}, 1]}, "b": 2}, {"b": 2}),
        ({"Fn::GetAtt": "Queue.Arn"}, "arn:queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:queue"),
        ({"Fn::Equals": [{"Ref": "Number"}, 5]}, True),
    ],
)
def test_intrinsic_functions(expression: Any, value: Any) -> None:
    template = {
        "Parameters": {
            "Stage": {"Type": "String", "Default": "test"},
            "Places": {"Type": "CommaDelimitedList", "Default": "a, b"},
            "Number": {"Type": "Number", "Default": 5},
        },
        "Conditions": {
            "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
            "Never": {"Fn::Not": [{"Condition": "IsTest"}]},
            "Both": {"Fn::And": [{"Condition": "IsTest"}, {"Condition": "Never"}]},
            "Either": {"Fn::Or": [{"Condition": "IsTest"}, {"Condition": "Never"}]},
        },
    }
    values = Values(template, {}, {"AWS::Region": "moon"})
    values.attributes["Queue", "Arn"] = "arn:queue"
    assert values.resolve(expression) == value


def test_the_template_of_the_product_is_deployed_whole(endpoint: str, client: Clients) -> None:
    secret = put_secret(client("secretsmanager"), "database", "{}")
    template = pathlib.Path(__file__).parents[2] / "infra" / "template.yaml"
    parameters = {"Stage": "local", "DatabaseSecretArn": secret, "OwnerSecretArn": secret}
    deployment = deploy(translate(template, parameters), endpoint=endpoint, stack="product")
    assert {source.function for source in deployment.sources} == {
        "DeliveriesFunction",
        "DispatchFunction",
        "ExportsFunction",
        "FeedsFunction",
        "ImportsFunction",
        "ProvisioningFunction",
        "RegistrationsFunction",
        "ReportsFunction",
    }


def test_a_queue_gets_what_its_topic_is_told(endpoint: str, client: Clients) -> None:
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "told"}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "telling"}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                "RawMessageDelivery": True,
            },
        },
        "Events": {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": "mail-events"}},
    }
    for _ in range(2):
        deployment = deploy(plain(resources), endpoint=endpoint)
    topic = client("sns").create_topic(Name="telling")["TopicArn"]  # answers the one that is there
    client("sns").publish(TopicArn=topic, Message="told")
    received = client("sqs").receive_message(QueueUrl=deployment.queues["Queue"], MaxNumberOfMessages=10)
    assert [message["Body"] for message in received["Messages"]] == ["told"]
    assert "mail-events" in client("sesv2").list_configuration_sets()["ConfigurationSets"]
