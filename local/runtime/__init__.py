"""The Lambda side of the laptop: functions in their own processes behind a genuine Runtime API, and what calls them.

    translation = translate(Path("infra/template.yaml"), {"Stage": "local", ...})
    deployment = deploy(translation, endpoint=aws, secrets={"KeySecret": ...})
    async with Functions(deployment, endpoint=aws, on_log=print) as running:
        answer = await running.invoke("MigrateFunction", {})
        await running.fire_schedule("SweepFunctionMinute")
        running.listen()
        async with serving(gateway(deployment.apis["Api"], running.invoke), port=8000) as address:
            await running.watch()

Own code, because what exists either needs containers or never calls a function from a queue or a schedule. Genuine are
awslambdaric in the processes, the events, and the queues themselves, which count receipts and keep the dead letters.
"""

from __future__ import annotations

from local.runtime.errors import FunctionError, Throttled, TooLarge
from local.runtime.functions import Functions

__all__ = ["FunctionError", "Functions", "Throttled", "TooLarge"]
