"""The conformance app on Bolt for Python. tests/conformance.rs says what it must do."""

import os

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

API = f"{os.environ['SLACK_API']}/"
client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=API)
client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=5))
app = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])


def plain(text):
    return {"type": "plain_text", "text": text}


def modal(title):
    element = {"type": "plain_text_input", "action_id": "text"}
    return {
        "type": "modal",
        "callback_id": "modify",
        "title": plain(title),
        "submit": plain("Save"),
        "notify_on_close": True,
        "blocks": [{"type": "input", "block_id": "reason", "label": plain("Reason"), "element": element}],
    }


@app.action("approve")
def approve(ack, respond, body):
    ack()
    text = f"approved by {body['user']['id']}"
    respond(text=text, replace_original=False, response_type="in_channel")


@app.action("open")
def open_modal(ack, body, client):
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=modal("Modify"))


@app.action("reuse")
def reuse(ack, body, client):
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=modal("First"))
    try:
        client.views_open(trigger_id=body["trigger_id"], view=modal("Second"))
    except SlackApiError as error:
        client.chat_postMessage(channel=body["channel"]["id"], text=f"reuse: {error.response['error']}")


@app.action("six")
def six(ack, respond, body, client):
    ack()
    failed = 0
    for n in range(1, 7):
        if respond(text=f"answer {n}").status_code != 200:
            failed = n
    client.chat_postMessage(channel=body["channel"]["id"], text=f"refused: {failed}")


@app.action("upload")
def upload(ack, body, client):
    ack()
    client.files_upload_v2(
        channel=body["channel"]["id"],
        filename="out.txt",
        title="Output",
        content="hello",
        initial_comment="the output",
    )


@app.view("modify")
def modify(ack, view):
    typed = view["state"]["values"]["reason"]["text"]["value"]
    if typed == "errors":
        ack(response_action="errors", errors={"reason": "Say more"})
    elif typed == "update":
        ack(response_action="update", view=modal("Updated"))
    elif typed == "push":
        ack(response_action="push", view=modal("Pushed"))
    elif typed == "clear":
        ack(response_action="clear")
    else:
        ack()


@app.view_closed("modify")
def closed(ack, body, client):
    ack()
    cleared = str(body["is_cleared"]).lower()
    client.chat_postMessage(channel=os.environ["CHANNEL"], text=f"closed, cleared: {cleared}")


@app.options("pick")
def pick(ack, payload):
    ack(options=[{"text": plain(payload["value"]), "value": payload["value"]}])


@app.command("/runbook")
def runbook(ack, command, respond):
    if command["text"] == "list":
        ack("9 runbooks")
    else:
        ack()
        respond(text=f"you said {command['text']}", response_type="in_channel")


@app.event("app_mention")
def mention(event, say, client):
    if "burst" in event["text"]:
        for n in range(1, 8):
            client.chat_postMessage(channel=event["channel"], text=f"burst {n}")
    elif "bad" in event["text"]:
        try:
            blocks = [{"type": "header", "text": plain("x" * 151)}]
            client.chat_postMessage(channel=event["channel"], text="x", blocks=blocks)
        except SlackApiError as error:
            say(text=f"bad: {error.response['error']}", thread_ts=event["ts"])
    else:
        say(text="all is well", thread_ts=event["ts"])


@app.event("app_home_opened")
def home(event, client):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Nothing waits*"}}]
    client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})


if os.environ["TRANSPORT"] == "socket":
    token = os.environ["SLACK_APP_TOKEN"]
    handler = SocketModeHandler(app, token, web_client=WebClient(token=token, base_url=API))
    handler.connect()
    print("ready", flush=True)
    import threading

    threading.Event().wait()
else:
    print("ready", flush=True)
    app.start(port=int(os.environ["PORT"]))
