"""The Lambda side of the laptop: functions in their own processes behind a genuine Runtime API, and their event sources.

translation = translate(Path("infra/template.yaml"), {"Stage": "local"})
deployment = deploy(translation, endpoint=moto, secrets={"DatabaseSecret": "..."})
async with Functions(deployment, endpoint=moto, env={...}, on_log=print) as running:
    answer = await running.invoke("ApiFunction", event)
    await running.fire_schedule("SweepFunctionSweep")
    async with serving(gateway(deployment.apis["HttpApi"], running.invoke), port=8000) as address: ...
"""
