"""What must hold for the translated template, beyond what cfn-lint knows: each rule yields one sentence per breach.

A rule is a generator over the plain CloudFormation template; `test_template.py` runs all of them on the real one, and
each of them on a template spoilt on purpose, so that no rule passes by looking away.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping

from bizcall.settings import Settings
from resolvers.firewall import ADDRESS_HEADER, ORIGIN_HEADER
from tests.infra.reading import (
    Template,
    condition,
    dead_letter_queues,
    function,
    listed,
    number,
    of,
    refuses_plain,
    sources,
    statements,
    target,
    watched,
)

Rule = Callable[[Template], Iterator[str]]

RULES: list[Rule] = []

LAPTOP_ONLY = {"DATABASE_URL", "ORIGIN_SECRETS", "SECRET_KEY", "SOLAPI_URL"}
"""Settings that hold secrets in clear text, or turn a gateway to a server of tests: for laptops and tests."""

SOME_ONLY = {
    "APP_URL",
    "KEY_SECRET_ID",
    "MAIL_EVENTS",
    "MAIL_FROM",
    "MANUAL_URL",
    "MONTHS_KEPT",
    "ORIGIN_SECRET_ID",
    "ORIGIN_SECRET_VERSIONS",
    "SENDER_NUMBER",
    "SITE_URL",
    "SMS_GATEWAY",
    "SOLAPI_SECRET_ID",
}
"""Settings that only those functions have which derive codes, send messages, keep months or answer requests."""

MANAGED_POLICIES = {"AWSLambdaENIManagementAccess", "AWSCodeDeployRoleForLambda"}
"""AWS's own policies which may be attached: network interfaces have no names before they exist, and SAM writes the role
that moves requests from one version to the next."""

CONNECTIONS_LEFT = 10
"""Connections that stay for people and for what AWS itself does, of those that the database grants."""

ANY_BUT = {"sns:Publish"}
"""Actions that may be allowed on all but some resources: a telephone number has no ARN."""

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's own policy by which CloudFront keeps no answer."""

INSTANCE_ALARMS = {"Errors", "Throttles"}
QUEUE_ALARM = "ApproximateAgeOfOldestMessage"
DEAD_ALARM = "ApproximateNumberOfMessagesVisible"


def rule(check: Rule) -> Rule:
    """Add to RULES."""
    RULES.append(check)
    return check


@rule
def every_handler_can_be_called(template: Template) -> Iterator[str]:
    """The module imports and the attribute is callable."""
    for name, each in of(template, "Lambda::Function").items():
        module, _, attribute = each["Handler"].rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute, None)
        except ImportError:
            found = None
        if not callable(found):
            yield f"{name}: {each['Handler']} can't be called"


@rule
def every_function_is_bounded(template: Template) -> Iterator[str]:
    """Time, memory and concurrency are set, and a retry needn't wait longer than half an hour (I2)."""
    for name, each in of(template, "Lambda::Function").items():
        if not 1 <= each.get("Timeout", 0) <= 300:
            yield f"{name}: the time limit is not within 300 s"
        if "MemorySize" not in each:
            yield f"{name}: no memory size"
        if "ReservedConcurrentExecutions" not in each:
            yield f"{name}: no reserved concurrency"


@rule
def functions_together_leave_the_database_connections(template: Template) -> Iterator[str]:
    """All that may run at a time, with the pool of each, fit into what the database grants (D6)."""
    held = sum(
        number(template, each.get("ReservedConcurrentExecutions", 0)) * connections(each["Handler"])
        for each in of(template, "Lambda::Function").values()
    )
    granted = number(template, {"Ref": "DatabaseConnections"})
    if held > granted - CONNECTIONS_LEFT:
        yield f"functions may hold {held} connections of {granted}, and {CONNECTIONS_LEFT} are to be left"


def connections(handler: str) -> int:
    """How many connections of the database a function holds, by its module."""
    return int(getattr(importlib.import_module(handler.rpartition(".")[0]), "CONNECTIONS", 1))


@rule
def nothing_else_changes_before_the_migration(template: Template) -> Iterator[str]:
    """Schema first: every function but the one that migrates waits for it, and it runs again with every code."""
    [(name, step)] = [(n, r) for n, r in template["Resources"].items() if r["Type"] == "Custom::Migration"]
    migrating = function(template, step["Properties"]["ServiceToken"])
    versions = of(template, "Lambda::Version")
    code = target(step["Properties"].get("Code"))
    if code not in versions or function(template, versions[code]["FunctionName"]) != migrating:
        yield f"{name}: does not run again with other code"
    for each in of(template, "Lambda::Function"):
        waits = name in listed(template["Resources"][each].get("DependsOn", []))
        if waits == (each == migrating):
            yield f"{each}: changes before the schema"


@rule
def requests_move_to_new_code_by_and_by(template: Template) -> Iterator[str]:
    """The API is asked by an alias that an alarm takes back."""
    api = json.dumps(of(template, "ApiGatewayV2::Api"))
    moving = [n for n, r in template["Resources"].items() if "CodeDeployLambdaAliasUpdate" in r.get("UpdatePolicy", {})]
    if not any(f"${{{name}}}/invocations" in api for name in moving):
        yield "the API asks no alias that moves by and by"
    for name, group in of(template, "CodeDeploy::DeploymentGroup").items():
        if not group.get("AlarmConfiguration", {}).get("Alarms"):
            yield f"{name}: no alarm takes it back"


@rule
def every_function_logs_into_a_group_that_forgets(template: Template) -> Iterator[str]:
    """Each has a group of its own; all groups keep 731 days, that of the seals as long as records are kept (I2)."""
    groups = of(template, "Logs::LogGroup")
    used = [target(f.get("LoggingConfig", {}).get("LogGroup")) for f in of(template, "Lambda::Function").values()]
    for name, used_here in zip(of(template, "Lambda::Function"), used, strict=True):
        if used_here not in groups or used.count(used_here) != 1:
            yield f"{name}: no log group of its own"
    for name, group in groups.items():
        days = 1096 if name == "AuditLogs" else 731
        if group.get("RetentionInDays") != days:
            yield f"{name}: logs are not kept for {days} days"


@rule
def every_function_has_a_role_of_its_own(template: Template) -> Iterator[str]:
    """Shared roles can't be least privilege."""
    roles = [target(each["Role"]) for each in of(template, "Lambda::Function").values()]
    for name, each in of(template, "Lambda::Function").items():
        if target(each["Role"]) not in of(template, "IAM::Role") or roles.count(target(each["Role"])) != 1:
            yield f"{name}: no role of its own"


@rule
def environments_are_what_the_settings_read(template: Template) -> Iterator[str]:
    """Both ways: nothing set that nobody reads, nothing read that isn't set; the key only where it is asked for."""
    known = {name.upper() for name in Settings.model_fields} - LAPTOP_ONLY
    anywhere: set[str] = set()
    for name, each in of(template, "Lambda::Function").items():
        given = set(each.get("Environment", {}).get("Variables", {}))
        anywhere |= given
        for variable in sorted(given - known):
            yield f"{name}: {variable} is no setting"
        for variable in sorted(known - given - SOME_ONLY):
            yield f"{name}: {variable} is not set"
    for variable in sorted(SOME_ONLY - anywhere):
        yield f"{variable} is not set anywhere"


@rule
def functions_may_read_the_secrets_they_name(template: Template) -> Iterator[str]:
    """Exactly these, on the same conditions: more is too much, less fails at the first cold start."""
    for name, each in of(template, "Lambda::Function").items():
        variables = each.get("Environment", {}).get("Variables", {})
        named = {
            (target(value), condition(value))
            for variable, value in variables.items()
            if variable.endswith("_SECRET_ID")
        }
        allowed = {
            (target(resource), condition(resource))
            for role, statement in statements(template)
            if role == target(each["Role"]) and statement.get("Action") == "secretsmanager:GetSecretValue"
            for resource in listed(statement["Resource"])
        }
        if named != allowed:
            yield f"{name}: names {sorted(named)}, may read {sorted(allowed)}"


@rule
def every_queue_is_encrypted_and_takes_only_tls(template: Template) -> Iterator[str]:
    """P8, I2."""
    for name, queue in of(template, "SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True and "KmsMasterKeyId" not in queue:
            yield f"{name}: not encrypted"
        if not any(
            name in map(target, policy["Queues"]) and any(map(refuses_plain, policy["PolicyDocument"]["Statement"]))
            for policy in of(template, "SQS::QueuePolicy").values()
        ):
            yield f"{name}: takes requests without TLS"


@rule
def every_topic_is_encrypted_and_takes_only_tls(template: Template) -> Iterator[str]:
    """P8: with a key that SES may use, which AWS's own for topics is not."""
    keys = of(template, "KMS::Key")
    for name, topic in of(template, "SNS::Topic").items():
        if target(topic.get("KmsMasterKeyId")) not in keys:
            yield f"{name}: not encrypted by a key of ours"
        if not any(
            name in map(target, policy["Topics"]) and any(map(refuses_plain, policy["PolicyDocument"]["Statement"]))
            for policy in of(template, "SNS::TopicPolicy").values()
        ):
            yield f"{name}: takes messages without TLS"


@rule
def every_queue_has_a_dead_letter_queue(template: Template) -> Iterator[str]:
    """Of its own kind, after five attempts, kept for 14 days (W5)."""
    queues, dead = of(template, "SQS::Queue"), dead_letter_queues(template)
    for name, queue in queues.items():
        if name in dead.values():
            if queue.get("MessageRetentionPeriod") != 1_209_600:
                yield f"{name}: dead letters are not kept for 14 days"
        elif dead.get(name) not in queues:
            yield f"{name}: no dead-letter queue"
        elif queue["RedrivePolicy"].get("maxReceiveCount") != 5:
            yield f"{name}: not five attempts"
        elif queue.get("FifoQueue") != queues[dead[name]].get("FifoQueue"):
            yield f"{name}: its dead-letter queue is of another kind"


@rule
def every_source_gives_its_function_time(template: Template) -> Iterator[str]:
    """Visibility is six times the time limit (W6)."""
    for name, (queue, called, _) in sources(template).items():
        limit = of(template, "Lambda::Function")[called]["Timeout"]
        if of(template, "SQS::Queue")[queue].get("VisibilityTimeout", 30) < 6 * limit:
            yield f"{name}: visibility of {queue} is below six times {limit} s"


@rule
def every_source_takes_partial_answers(template: Template) -> Iterator[str]:
    """One bad message must not repeat the others (W4)."""
    for name, (_, _, properties) in sources(template).items():
        if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: no partial batch answers"


@rule
def a_fifo_source_takes_one_message_at_a_time(template: Template) -> Iterator[str]:
    """Messages behind a poisonous one would use up their attempts without being tried (W5)."""
    for name, (queue, _, properties) in sources(template).items():
        if of(template, "SQS::Queue")[queue].get("FifoQueue") and properties.get("BatchSize") != 1:
            yield f"{name}: more than one message of a FIFO queue at a time"


@rule
def no_source_asks_for_more_than_its_function_may_run(template: Template) -> Iterator[str]:
    """Throttled messages use up their attempts without being tried."""
    for name, (_, called, properties) in sources(template).items():
        most = properties.get("ScalingConfig", {}).get("MaximumConcurrency")
        if most is None or most > of(template, "Lambda::Function")[called].get("ReservedConcurrentExecutions", 0):
            yield f"{name}: may ask for more than {called} may run"


@rule
def every_queue_is_watched_and_worked_on(template: Template) -> Iterator[str]:
    """Alarms for what was given up and for what waits; nothing is sent where nobody reads."""
    seen, dead = watched(template), dead_letter_queues(template)
    worked = {queue for queue, _, _ in sources(template).values()}
    for name in of(template, "SQS::Queue"):
        metric = DEAD_ALARM if name in dead.values() else QUEUE_ALARM
        if (metric, name) not in seen:
            yield f"{name}: no alarm on {metric}"
        if name not in dead.values() and name not in worked:
            yield f"{name}: no function works on it"


@rule
def every_function_and_the_api_are_watched(template: Template) -> Iterator[str]:
    """Alarms on errors and throttles, and on the API's 5xx."""
    seen = watched(template)
    wanted = {(metric, name) for name in of(template, "Lambda::Function") for metric in INSTANCE_ALARMS}
    wanted |= {("5xx", name) for name in of(template, "ApiGatewayV2::Api")}
    for metric, name in sorted(wanted - seen):
        yield f"{name}: no alarm on {metric}"


@rule
def every_alarm_can_tell_somebody(template: Template) -> Iterator[str]:
    """All tell the topic of the parameter."""
    for name, alarm in of(template, "CloudWatch::Alarm").items():
        if "AlarmTopicArn" not in json.dumps(alarm.get("AlarmActions")):
            yield f"{name}: tells nobody"


@rule
def no_policy_allows_everything(template: Template) -> Iterator[str]:
    """No `*` for actions, resources or principals; a bucket's objects only below a prefix (I2)."""
    for name, statement in statements(template):
        if statement["Effect"] == "Deny":
            continue
        for action in listed(statement.get("Action", "*")):
            if "*" in action:
                yield f"{name}: allows {action}"
        if "*" in json.dumps(statement.get("Principal", {})):
            yield f"{name}: allows everybody"
        if "NotResource" in statement:
            if not set(listed(statement["Action"])) <= ANY_BUT:
                yield f"{name}: allows {statement['Action']} on all but some resources"
            continue
        for resource in listed(statement.get("Resource", "trust" if "Principal" in statement else "*")):
            text = resource if isinstance(resource, str) else str(resource.get("Fn::Sub", ""))
            if "*" in text.removesuffix("/*") or (text.endswith("/*") and text.count("/") < 2):
                yield f"{name}: allows on {text}"


@rule
def no_managed_policy_but_the_known(template: Template) -> Iterator[str]:
    """AWS's ready-made policies allow on `*`."""
    for name, role in of(template, "IAM::Role").items():
        arns = role.get("ManagedPolicyArns", [])
        if isinstance(arns, Mapping):
            arns = [arn for branch in arns["Fn::If"][1:] for arn in listed(branch) if "Fn::Sub" in arn]
        for arn in arns:
            if (
                str(arn.get("Fn::Sub", arn) if isinstance(arn, Mapping) else arn).rpartition("/")[2]
                not in MANAGED_POLICIES
            ):
                yield f"{name}: has {arn}"


@rule
def buckets_are_closed_and_kept(template: Template) -> Iterator[str]:
    """Private, encrypted, versioned, TLS only, tidied, kept with the stack gone (I2, P8)."""
    for name, bucket in of(template, "S3::Bucket").items():
        resource = template["Resources"][name]
        if resource.get("DeletionPolicy") != "Retain" or resource.get("UpdateReplacePolicy") != "Retain":
            yield f"{name}: would be deleted"
        if "BucketEncryption" not in bucket:
            yield f"{name}: not encrypted"
        if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield f"{name}: not versioned"
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        if len(blocked) != 4 or not all(value is True for value in blocked.values()):
            yield f"{name}: not closed to the public"
        if not any(
            target(policy["Bucket"]) == name and any(map(refuses_plain, policy["PolicyDocument"]["Statement"]))
            for policy in of(template, "S3::BucketPolicy").values()
        ):
            yield f"{name}: takes requests without TLS"
        for origins in (rule["AllowedOrigins"] for rule in bucket.get("CorsConfiguration", {}).get("CorsRules", [])):
            if "*" in json.dumps(origins):
                yield f"{name}: CORS allows every origin"


@rule
def buckets_forget(template: Template) -> Iterator[str]:
    """What was uploaded, what was answered, old versions and broken uploads go by themselves (P9)."""
    for name, bucket in of(template, "S3::Bucket").items():
        rules = [r for r in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if r["Status"] == "Enabled"]
        expiring = {r.get("Prefix") for r in rules if "ExpirationInDays" in r}
        for prefix in (
            "uploads/",
            "inbox/",
            "results/",
            "exports/",
            "feeds/provisioning/",
            "feeds/rejects/",
            "feeds/calls/",
            "feeds/messages/",
            "feeds/customers/",
        ):
            if prefix not in expiring:
                yield f"{name}: {prefix} is kept for ever"
        for what in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
            if not any(what in r for r in rules):
                yield f"{name}: no {what}"


@rule
def every_notification_is_let_in(template: Template) -> Iterator[str]:
    """A queue that a bucket tells has a policy for S3, of this account and bucket only."""
    for name, bucket in of(template, "S3::Bucket").items():
        for told in bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", []):
            queue = target(told["Queue"])
            allowed = [
                statement
                for policy in of(template, "SQS::QueuePolicy").values()
                if queue in map(target, policy["Queues"])
                for statement in policy["PolicyDocument"]["Statement"]
                if statement.get("Principal") == {"Service": "s3.amazonaws.com"}
            ]
            conditions = json.dumps([statement.get("Condition", {}) for statement in allowed])
            if not allowed or "aws:SourceAccount" not in conditions or "aws:SourceArn" not in conditions:
                yield f"{name}: {queue} does not take its events, or takes anybody's"


@rule
def schedules_do_not_pile_up(template: Template) -> Iterator[str]:
    """A schedule's function runs once at a time and is not tried again: the next turn comes anyway."""
    configured = {
        function(template, p["FunctionName"]): p.get("MaximumRetryAttempts")
        for p in of(template, "Lambda::EventInvokeConfig").values()
    }
    for name, schedule in of(template, "Scheduler::Schedule").items():
        called = function(template, schedule["Target"]["Arn"])
        properties = of(template, "Lambda::Function")[called]
        if schedule["ScheduleExpression"] == "rate(1 minute)" and properties["Timeout"] >= 60:
            yield f"{name}: {called} may run longer than until its next turn"
        if properties.get("ReservedConcurrentExecutions") != 1 or configured.get(called) != 0:
            yield f"{name}: {called} may pile up"


@rule
def no_turn_is_lost_beside_another(template: Template) -> Iterator[str]:
    """A schedule that comes less often than each minute waits until its function is free, and so does the migration.

    A function that runs once at a time refuses the second event, which Lambda then brings again until it is too old.
    """
    ages = {
        function(template, p["FunctionName"]): p.get("MaximumEventAgeInSeconds", 21_600)
        for p in of(template, "Lambda::EventInvokeConfig").values()
    }
    limits = {name: each["Timeout"] for name, each in of(template, "Lambda::Function").items()}
    for name, schedule in of(template, "Scheduler::Schedule").items():
        called = function(template, schedule["Target"]["Arn"])
        if schedule["ScheduleExpression"] != "rate(1 minute)" and ages.get(called, 0) < 2 * limits[called]:
            yield f"{name}: is given up before {called} is free again"
    for name, step in of(template, "Migration", by="Custom").items():
        called = function(template, step["ServiceToken"])
        if step.get("ServiceTimeout", 3600) < ages[called] + limits[called]:
            yield f"{name}: is given up while its event may still wait"


@rule
def functions_in_a_network_reach_no_more_than_they_need(template: Template) -> Iterator[str]:
    """They are in the group of ours, which nobody may enter and which leads to TLS and the database only."""
    groups = of(template, "EC2::SecurityGroup")
    for name, each in of(template, "Lambda::Function").items():
        network = each.get("VpcConfig", {}).get("Fn::If", [None, {}])[1]
        if not {target(group) for group in listed(network.get("SecurityGroupIds", []))} & set(groups):
            yield f"{name}: is in no group of ours"
    for name, group in groups.items():
        if group.get("SecurityGroupIngress"):
            yield f"{name}: may be entered"
        egress = group.get("SecurityGroupEgress", [])
        if not egress:
            yield f"{name}: may leave for anywhere"
        for way in egress:
            if way["IpProtocol"] != "tcp" or way["FromPort"] != way["ToPort"]:
                yield f"{name}: more than one port may be left by"
            elif "DestinationSecurityGroupId" not in way and way["FromPort"] != 443:
                yield f"{name}: may leave for anywhere by {way['FromPort']}"
    entered = [target(each.get("SourceSecurityGroupId")) for each in of(template, "EC2::SecurityGroupIngress").values()]
    for name in sorted(set(groups) - set(entered)):
        yield f"{name}: the database doesn't let it in"


@rule
def the_api_is_reached_only_through_the_firewall(template: Template) -> Iterator[str]:
    """CloudFront stands behind the firewall, sends the secret that the API asks for, and says who the client is."""
    [api] = [f for f in of(template, "Lambda::Function").values() if f["Handler"] == "lambdas.api.handler"]
    variables = api.get("Environment", {}).get("Variables", {})
    secret, versions = variables.get("ORIGIN_SECRET_ID"), variables.get("ORIGIN_SECRET_VERSIONS")
    # Switched on together with CloudFront, it would shut everybody out until the DNS leads there.
    if {condition(secret), condition(versions)} != {"OnlyThroughFirewall"}:
        yield "the API asks for the secret on another condition than its own"
    only = [{"Condition": "HasFirewall"}, {"Fn::Equals": [{"Ref": "FirewallOnly"}, "true"]}]
    if template["Conditions"].get("OnlyThroughFirewall") != {"Fn::And": only}:
        yield "OnlyThroughFirewall doesn't wait for FirewallOnly"
    if "${OriginSecretVersion}" not in json.dumps(versions):
        yield "the API doesn't take the version that CloudFront sends"
    addressed = [n for n, f in of(template, "CloudFront::Function").items() if ADDRESS_HEADER in f["FunctionCode"]]
    for name, each in of(template, "CloudFront::Distribution").items():
        config = each["DistributionConfig"]
        if template["Resources"][name].get("Condition") != "HasFirewall":
            yield f"{name}: is there on another condition than a firewall"
        cache = config["DefaultCacheBehavior"]
        if target(config.get("WebACLId")) != "FirewallArn":
            yield f"{name}: no firewall stands before it"
        if cache["ViewerProtocolPolicy"] != "https-only":
            yield f"{name}: takes requests without TLS"
        if cache["CachePolicyId"] != CACHING_DISABLED:
            yield f"{name}: keeps answers"
        called = {target(link["FunctionARN"]) for link in cache.get("FunctionAssociations", [])}
        if not called & set(addressed):
            yield f"{name}: doesn't tell the client's address"
        for origin in config["Origins"]:
            if origin["CustomOriginConfig"]["OriginProtocolPolicy"] != "https-only":
                yield f"{name}: asks the API without TLS"
            sent = {h["HeaderName"]: h["HeaderValue"] for h in origin.get("OriginCustomHeaders", [])}
            chosen = f"{{{{resolve:secretsmanager:${{{target(secret)}}}:SecretString:::${{OriginSecretVersion}}}}}}"
            if sent.get(ORIGIN_HEADER, {}).get("Fn::If", [])[:2] != ["HasOriginSecretVersion", {"Fn::Sub": chosen}]:
                yield f"{name}: doesn't send the secret that the API asks for"
        if "Aliaslive" not in str(template["Resources"][name].get("DependsOn")):
            yield f"{name}: sends a secret before the API knows it"
    if not of(template, "CloudFront::Distribution"):
        yield "no distribution"


@rule
def no_secret_stands_in_the_template(template: Template) -> Iterator[str]:
    """Secrets are generated or come by reference (I2)."""
    for name, secret in of(template, "SecretsManager::Secret").items():
        if "SecretString" in secret or "GenerateSecretString" not in secret:
            yield f"{name}: its value stands in the template"
    for name in template.get("Parameters", {}):
        if any(word in name for word in ("Password", "Key", "Token")):
            yield f"{name}: a secret comes as a parameter"


def breaches(template: Template) -> list[str]:
    """All breaches of all rules."""
    return [breach for check in RULES for breach in check(template)]
