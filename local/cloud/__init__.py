"""The AWS-compatible server of the laptop: moto in a process of its own, which keeps objects and shows what was sent.

    cloud = Cloud(state, port=0)
    cloud.start()
    cloud.endpoint    # AWS_ENDPOINT_URL for every AWS client
    cloud.inbox       # the page with the SMS and mails that were sent

Objects in buckets survive, by their current version; queues, secrets and everything else are gone when the process ends
and are deployed again by the next start.
"""

from __future__ import annotations

from local.cloud.process import Cloud, CloudFailed

__all__ = ["Cloud", "CloudFailed"]
