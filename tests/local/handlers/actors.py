"""Functions that do as the event says: succeed, fail, hang, die. What they saw they write into the folder RECORD."""

from __future__ import annotations

import base64
import json
import logging
import os
import pathlib
import sys
import time

logging.getLogger().setLevel(logging.INFO)


def record(name, **fields):
    line = json.dumps({"pid": os.getpid(), **fields}, ensure_ascii=False) + "\n"
    with (pathlib.Path(os.environ["RECORD"]) / name).open("a", encoding="utf-8") as file:
        file.write(line)


def act(event, context):
    match event:
        case {"do": "fail"}:
            raise ValueError("안 됩니다")
        case {"do": "hang"}:
            time.sleep(event.get("seconds", 60))
        case {"do": "exit"}:
            sys.exit(event["status"])
        case {"do": "die"}:
            os.kill(os.getpid(), 9)
        case {"do": "answer"}:
            return "x" * event["bytes"]
        case {"do": "print"}:
            print("한 줄")
            print("no newline", end="")
            logging.getLogger().info("by logging")
        case {"do": "environment"}:
            return dict(os.environ)
        case {"do": "clock"}:
            return {"monotonic": time.monotonic(), "remaining": context.get_remaining_time_in_millis()}
    return {"event": event, "pid": os.getpid(), "arn": context.invoked_function_arn, "id": context.aws_request_id}


def tick(event, context):
    record("tick", event=event)
    return event


def stumble(event, context):
    record("stumble", event=event)
    raise RuntimeError("stumbled")


def partial(event, context):
    bodies = [json.loads(entry["body"]) for entry in event["Records"]]
    record("partial", bodies=bodies, records=event["Records"])
    if malformed := next((body["answer"] for body in bodies if "answer" in body), None):
        return malformed
    failed = [entry["messageId"] for entry, body in zip(event["Records"], bodies, strict=True) if body.get("fail")]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def whole(event, context):
    bodies = [json.loads(entry["body"]) for entry in event["Records"]]
    first = all(int(entry["attributes"]["ApproximateReceiveCount"]) == 1 for entry in event["Records"])
    record("whole", bodies=bodies)
    if first and any(body.get("fail once") for body in bodies):
        raise RuntimeError("the whole batch")


def ordered(event, context):
    """Stops at the first failure of a group and reports it with all that follow, as a FIFO consumer has to."""
    failed = []
    for entry in event["Records"]:
        body = json.loads(entry["body"])
        stumbles = body.get("fail once") and entry["attributes"]["ApproximateReceiveCount"] == "1"
        if failed or stumbles:
            failed.append(entry["messageId"])
        else:
            record("ordered", group=entry["attributes"]["MessageGroupId"], number=body["number"])
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def slow(event, context):
    start = time.time()
    time.sleep(0.2)
    record("slow", start=start, end=time.time(), number=json.loads(event["Records"][0]["body"]))


def web(event, context):
    path = event["rawPath"]
    if path == "/event":
        return event
    if path == "/null":
        return None
    if path == "/boom":
        raise RuntimeError("secret detail")
    if path == "/slow":
        time.sleep(1.5)
        return {"statusCode": 200}
    if path == "/nonsense":
        return {"statusCode": "teapot"}
    if path == "/big":
        return {"statusCode": 200, "body": "x" * (7 * 1024 * 1024)}
    if path == "/binary":
        return {
            "statusCode": 201,
            "headers": {"Content-Type": "image/png", "X-Name": "a", "access-control-allow-origin": "*"},
            "cookies": ["a=1; HttpOnly", "b=2"],
            "isBase64Encoded": True,
            "body": base64.b64encode(bytes(range(256))).decode(),
        }
    return {"statusCode": 200, "headers": {"content-type": "text/plain; charset=utf-8"}, "body": "안녕하세요"}
