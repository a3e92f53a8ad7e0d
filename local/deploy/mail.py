"""What SES needs beside an identity."""

from __future__ import annotations

from local.deploy.stack import Properties, Stack


def configuration_set(stack: Stack, properties: Properties) -> None:
    """AWS::SES::ConfigurationSet: mail names it, and the local server wants to know the name."""
    name = properties.take("Name") or stack.implicit_name(properties.logical_id)
    properties.without_effect("SuppressionOptions", "DeliveryOptions", "ReputationOptions", "SendingOptions")
    properties.close()
    ses = stack.client("sesv2")
    if name not in ses.list_configuration_sets()["ConfigurationSets"]:
        ses.create_configuration_set(ConfigurationSetName=name)
    stack.publish(properties.logical_id, name)
