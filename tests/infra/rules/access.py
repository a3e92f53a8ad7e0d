"""Who may do, reach and read what: roles, policies, buckets, network, firewall and secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from resolvers.firewall import ADDRESS_HEADER, ORIGIN_HEADER
from tests.infra.reading import (
    Template,
    condition,
    listed,
    of,
    refuses_plain,
    statements,
    target,
)
from tests.infra.rules.registry import rule

MANAGED_POLICIES = {"AWSLambdaENIManagementAccess", "AWSCodeDeployRoleForLambda"}
"""AWS's own policies which may be attached: network interfaces have no names before they exist, and SAM writes the role
that moves requests from one version to the next."""

ANY_BUT = {"sns:Publish"}
"""Actions that may be allowed on all but some resources: a telephone number has no ARN."""

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's own policy by which CloudFront keeps no answer."""


@rule
def every_function_has_a_role_of_its_own(template: Template) -> Iterator[str]:
    """Shared roles can't be least privilege."""
    roles = [target(each["Role"]) for each in of(template, "Lambda::Function").values()]
    for name, each in of(template, "Lambda::Function").items():
        if target(each["Role"]) not in of(template, "IAM::Role") or roles.count(target(each["Role"])) != 1:
            yield f"{name}: no role of its own"


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
        for origins in (each["AllowedOrigins"] for each in bucket.get("CorsConfiguration", {}).get("CorsRules", [])):
            if "*" in json.dumps(origins):
                yield f"{name}: CORS allows every origin"


KEPT = {
    "uploads/": (7, 7),
    "inbox/": (30, 7),
    "results/": (7, 1),
    "results/forms/": (1, 1),
    "exports/": (1, 1),
    "feeds/provisioning/": (30, 7),
    "feeds/rejects/": (30, 7),
    "feeds/calls/": (90, 7),
    "feeds/messages/": (90, 7),
    "feeds/customers/": (90, 7),
    "": (None, 7),
}
"""How many days objects that begin so lie, and how many more behind a delete marker or a newer version."""


@rule
def buckets_forget(template: Template) -> Iterator[str]:
    """What was uploaded, what was answered, old versions and broken uploads go by themselves (P9)."""
    for name, bucket in of(template, "S3::Bucket").items():
        rules = [r for r in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if r["Status"] == "Enabled"]
        for prefix, (days, former) in KEPT.items():
            # Of several rules for an object S3 follows the one that is over first.
            its = [r for r in rules if prefix.startswith(r.get("Prefix", ""))]
            lies = min((r["ExpirationInDays"] for r in its if "ExpirationInDays" in r), default=None)
            if lies != days:
                yield f"{name}: {prefix} is kept " + (f"{lies} days" if lies else "for ever")
            # With another key beside the days some versions would stay.
            over = [r["NoncurrentVersionExpiration"] for r in its if "NoncurrentVersionExpiration" in r]
            if not over or any(set(each) != {"NoncurrentDays"} for each in over):
                yield f"{name}: former versions of {prefix} are kept for ever"
            elif (more := min(each["NoncurrentDays"] for each in over)) != former:
                yield f"{name}: former versions of {prefix} are kept {more} days"
        if not any("AbortIncompleteMultipartUpload" in r for r in rules):
            yield f"{name}: no AbortIncompleteMultipartUpload"


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
