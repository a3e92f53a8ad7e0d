"""The template spoilt on purpose: for each rule a change, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Resources = dict[str, Any]

HEADER = ("DistributionConfig", "Origins", 0, "OriginCustomHeaders", 0, "HeaderValue")
ONLY_THE_FORMER = {"Fn::Sub": "${FormerOriginSecretVersion}"}


def drop(name: str, *path: str) -> Callable[[Resources], None]:
    """Remove a property."""

    def spoil(resources: Resources) -> None:
        place = resources[name]["Properties"]
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return spoil


def put(name: str, value: Any, *path: str | int) -> Callable[[Resources], None]:
    """Set a property."""

    def spoil(resources: Resources) -> None:
        place: Any = resources[name]["Properties"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return spoil


def without(name: str) -> Callable[[Resources], None]:
    """Remove a resource."""
    return lambda resources: resources.pop(name)


def allow(**statement: Any) -> Callable[[Resources], None]:
    """Give the API's role one more statement."""

    def spoil(resources: Resources) -> None:
        policy = resources["ApiRole"]["Properties"]["Policies"][0]["PolicyDocument"]
        policy["Statement"].append({"Effect": "Allow", **statement})

    return spoil


def forgets(rule: str, **changed: Any) -> Callable[[Resources], None]:
    """Change a rule of the bucket's; what is None goes."""

    def spoil(resources: Resources) -> None:
        rules = resources["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        [found] = (each for each in rules if each["Id"] == rule)
        found.update(changed)
        for key in [key for key, value in found.items() if value is None]:
            del found[key]

    return spoil


def resource(name: str, key: str) -> Callable[[Resources], None]:
    """Remove an attribute of a resource itself."""
    return lambda resources: resources[name].pop(key)


SPOILT: list[tuple[str, Callable[[Resources], Any], str]] = [
    ("every_handler_can_be_called", put("ApiFunction", "lambdas.nowhere.handler", "Handler"), "can't be called"),
    ("every_handler_can_be_called", put("ApiFunction", "lambdas.api.nothing", "Handler"), "can't be called"),
    ("every_function_is_bounded", put("MigrateFunction", 900, "Timeout"), "300 s"),
    ("every_function_is_bounded", drop("ApiFunction", "ReservedConcurrentExecutions"), "reserved"),
    ("every_function_is_bounded", drop("ApiFunction", "MemorySize"), "memory"),
    (
        "functions_together_leave_the_database_connections",
        put("ApiFunction", 90, "ReservedConcurrentExecutions"),
        "connections of 120",
    ),
    ("nothing_else_changes_before_the_migration", resource("SweepFunction", "DependsOn"), "before the schema"),
    ("nothing_else_changes_before_the_migration", drop("Migration", "Code"), "run again"),
    ("requests_move_to_new_code_by_and_by", resource("ApiFunctionAliaslive", "UpdatePolicy"), "no alias"),
    ("requests_move_to_new_code_by_and_by", drop("ApiFunctionDeploymentGroup", "AlarmConfiguration"), "takes it back"),
    ("every_function_logs_into_a_group_that_forgets", drop("SweepFunction", "LoggingConfig"), "log group"),
    ("every_function_logs_into_a_group_that_forgets", put("SweepLogs", 30, "RetentionInDays"), "731"),
    ("every_function_has_a_role_of_its_own", put("ApiFunction", {"Fn::GetAtt": ["SweepRole", "Arn"]}, "Role"), "role"),
    (
        "environments_are_what_the_settings_read",
        put("ApiFunction", "1", "Environment", "Variables", "DEBUG"),
        "no setting",
    ),
    ("environments_are_what_the_settings_read", drop("ApiFunction", "Environment", "Variables", "BUCKET"), "not set"),
    (
        "functions_may_read_the_secrets_they_name",
        put("SweepFunction", {"Ref": "KeySecret"}, "Environment", "Variables", "KEY_SECRET_ID"),
        "may read",
    ),
    (
        "functions_may_read_the_secrets_they_name",
        put("MigrateFunction", {"Ref": "DatabaseSecretArn"}, "Environment", "Variables", "DATABASE_SECRET_ID"),
        "may read",
    ),
    ("every_queue_is_encrypted_and_takes_only_tls", drop("SmsDead", "SqsManagedSseEnabled"), "not encrypted"),
    ("every_queue_is_encrypted_and_takes_only_tls", without("SmsDeadPolicy"), "without TLS"),
    ("every_topic_is_encrypted_and_takes_only_tls", drop("MailTopic", "KmsMasterKeyId"), "not encrypted"),
    ("every_topic_is_encrypted_and_takes_only_tls", without("MailTopicPolicy"), "without TLS"),
    ("every_queue_has_a_dead_letter_queue", drop("SmsQueue", "RedrivePolicy"), "no dead-letter"),
    ("every_queue_has_a_dead_letter_queue", put("SmsQueue", 3, "RedrivePolicy", "maxReceiveCount"), "five"),
    ("every_queue_has_a_dead_letter_queue", put("SmsDead", 60, "MessageRetentionPeriod"), "14 days"),
    ("every_queue_has_a_dead_letter_queue", drop("RegistrationsDead", "FifoQueue"), "another kind"),
    ("every_source_gives_its_function_time", put("ImportsQueue", 359, "VisibilityTimeout"), "six times"),
    ("every_source_takes_partial_answers", drop("ImportsFunctionMessages", "FunctionResponseTypes"), "partial"),
    ("a_fifo_source_takes_one_message_at_a_time", put("RegistrationsFunctionMessages", 10, "BatchSize"), "at a time"),
    (
        "no_source_asks_for_more_than_its_function_may_run",
        put("ImportsFunction", 4, "ReservedConcurrentExecutions"),
        "more than",
    ),
    ("every_queue_is_watched_and_worked_on", without("SmsDeadAlarm"), "no alarm"),
    ("every_queue_is_watched_and_worked_on", without("SmsAgeAlarm"), "no alarm"),
    ("every_queue_is_watched_and_worked_on", without("DispatchFunctionMessages"), "no function"),
    ("every_function_and_the_api_are_watched", without("SweepErrorsAlarm"), "Errors"),
    ("every_function_and_the_api_are_watched", without("SweepThrottlesAlarm"), "Throttles"),
    ("every_function_and_the_api_are_watched", without("ApiServerErrorsAlarm"), "5xx"),
    ("every_alarm_can_tell_somebody", drop("SweepErrorsAlarm", "AlarmActions"), "nobody"),
    ("no_policy_allows_everything", allow(Action="s3:*", Resource="arn:aws:s3:::data/uploads/x"), "s3:*"),
    ("no_policy_allows_everything", allow(Action="s3:GetObject", Resource="*"), "on *"),
    ("no_policy_allows_everything", allow(Action=["sqs:SendMessage"], Resource=["arn:aws:sqs:*:*:q"]), "on arn"),
    ("no_policy_allows_everything", allow(Action="s3:GetObject", Resource={"Fn::Sub": "${DataBucket.Arn}/*"}), "on ${"),
    ("no_policy_allows_everything", allow(Action="s3:GetObject", NotResource="arn:aws:s3:::other"), "all but some"),
    ("no_policy_allows_everything", allow(NotAction="iam:PassRole", Resource="arn:aws:s3:::a/b/c"), "allows *"),
    ("no_policy_allows_everything", allow(Action="sqs:SendMessage", Resource="a", Principal="*"), "everybody"),
    (
        "no_managed_policy_but_the_known",
        put("ApiRole", ["arn:aws:iam::aws:policy/AdministratorAccess"], "ManagedPolicyArns"),
        "Administrator",
    ),
    ("buckets_are_closed_and_kept", resource("DataBucket", "DeletionPolicy"), "deleted"),
    ("buckets_are_closed_and_kept", drop("DataBucket", "BucketEncryption"), "encrypted"),
    ("buckets_are_closed_and_kept", drop("DataBucket", "VersioningConfiguration"), "versioned"),
    (
        "buckets_are_closed_and_kept",
        put("DataBucket", False, "PublicAccessBlockConfiguration", "BlockPublicAcls"),
        "public",
    ),
    ("buckets_are_closed_and_kept", without("DataBucketPolicy"), "TLS"),
    (
        "buckets_are_closed_and_kept",
        put("DataBucket", [{"AllowedOrigins": ["*"]}], "CorsConfiguration", "CorsRules"),
        "every origin",
    ),
    ("buckets_forget", drop("DataBucket", "LifecycleConfiguration"), "for ever"),
    ("buckets_forget", forgets("exports", ExpirationInDays=2), "exports/ is kept 2 days"),
    ("buckets_forget", forgets("exports", NoncurrentVersionExpiration=None), "of exports/ are kept 7 days"),
    ("buckets_forget", forgets("exports", Prefix="export/"), "exports/ is kept for ever"),
    (
        "buckets_forget",
        forgets("results", NoncurrentVersionExpiration={"NoncurrentDays": 7}),
        "of results/ are kept 7 days",
    ),
    (
        "buckets_forget",
        forgets("forms", NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}),
        "of results/forms/ are kept for ever",
    ),
    ("buckets_forget", forgets("old-versions", Status="Disabled"), "of feeds/calls/ are kept for ever"),
    ("buckets_forget", forgets("broken-uploads", Status="Disabled"), "no AbortIncompleteMultipartUpload"),
    ("every_notification_is_let_in", without("ImportsQueuePolicy"), "does not take"),
    ("schedules_do_not_pile_up", put("SweepFunction", 60, "Timeout"), "next turn"),
    ("schedules_do_not_pile_up", put("SweepFunction", 2, "ReservedConcurrentExecutions"), "pile up"),
    ("no_turn_is_lost_beside_another", put("StatsFunctionEventInvokeConfig", 60, "MaximumEventAgeInSeconds"), "free"),
    ("no_turn_is_lost_beside_another", put("Migration", 330, "ServiceTimeout"), "still wait"),
    ("functions_in_a_network_reach_no_more_than_they_need", drop("SweepFunction", "VpcConfig"), "no group"),
    (
        "functions_in_a_network_reach_no_more_than_they_need",
        drop("FunctionsGroup", "SecurityGroupEgress"),
        "leave for anywhere",
    ),
    (
        "functions_in_a_network_reach_no_more_than_they_need",
        put("FunctionsGroup", [{"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25}], "SecurityGroupEgress"),
        "by 25",
    ),
    (
        "functions_in_a_network_reach_no_more_than_they_need",
        put("FunctionsGroup", [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}], "SecurityGroupEgress"),
        "more than one port",
    ),
    (
        "functions_in_a_network_reach_no_more_than_they_need",
        put("FunctionsGroup", [{"CidrIp": "0.0.0.0/0"}], "SecurityGroupIngress"),
        "be entered",
    ),
    ("functions_in_a_network_reach_no_more_than_they_need", without("DatabaseEntrance"), "let it in"),
    (
        "the_api_is_reached_only_through_the_firewall",
        drop("Distribution", "DistributionConfig", "WebACLId"),
        "no firewall",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        put("Distribution", "allow-all", "DistributionConfig", "DefaultCacheBehavior", "ViewerProtocolPolicy"),
        "without TLS",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        put("Distribution", "another", "DistributionConfig", "DefaultCacheBehavior", "CachePolicyId"),
        "keeps answers",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        drop("Distribution", "DistributionConfig", "DefaultCacheBehavior", "FunctionAssociations"),
        "address",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        drop("ApiFunction", "Environment", "Variables", "ORIGIN_SECRET_ID"),
        "doesn't send the secret",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        put("ApiFunction", "HasFirewall", "Environment", "Variables", "ORIGIN_SECRET_ID", "Fn::If", 0),
        "another condition than its own",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        put("ApiFunction", "HasFirewall", "Environment", "Variables", "ORIGIN_SECRET_VERSIONS", "Fn::If", 0),
        "another condition than its own",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        put("ApiFunction", ONLY_THE_FORMER, "Environment", "Variables", "ORIGIN_SECRET_VERSIONS", "Fn::If", 1),
        "the version that CloudFront sends",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        put("Distribution", "HasDomain", *HEADER, "Fn::If", 0),
        "doesn't send the secret",
    ),
    (
        "the_api_is_reached_only_through_the_firewall",
        lambda resources: resources["Distribution"].update(Condition="OnlyThroughFirewall"),
        "another condition than a firewall",
    ),
    (
        "functions_may_read_the_secrets_they_name",
        put("ApiFunction", "HasFirewall", "Environment", "Variables", "ORIGIN_SECRET_ID", "Fn::If", 0),
        "'HasFirewall')",
    ),
    ("the_api_is_reached_only_through_the_firewall", resource("Distribution", "DependsOn"), "before the API knows"),
    ("the_api_is_reached_only_through_the_firewall", without("Distribution"), "no distribution"),
    ("no_secret_stands_in_the_template", put("KeySecret", "in clear", "SecretString"), "stands in"),
]
