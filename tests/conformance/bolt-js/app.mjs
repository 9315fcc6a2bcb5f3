// The conformance app on Bolt for JavaScript. tests/conformance.rs says what it must do.
import { createRequire } from "node:module";

// The packages are installed outside the repository; NODE_MODULES names the place.
const require = createRequire(`${process.env.NODE_MODULES}/`);
const { App } = require("@slack/bolt");

const clientOptions = { slackApiUrl: `${process.env.SLACK_API}/` };
const token = process.env.SLACK_BOT_TOKEN;
const app =
  process.env.TRANSPORT === "socket"
    ? new App({ token, appToken: process.env.SLACK_APP_TOKEN, socketMode: true, clientOptions })
    : new App({ token, signingSecret: process.env.SLACK_SIGNING_SECRET, clientOptions });

const plain = (text) => ({ type: "plain_text", text });
const modal = (title) => ({
  type: "modal",
  callback_id: "modify",
  title: plain(title),
  submit: plain("Save"),
  notify_on_close: true,
  blocks: [
    {
      type: "input",
      block_id: "reason",
      label: plain("Reason"),
      element: { type: "plain_text_input", action_id: "text" },
    },
  ],
});

app.action("approve", async ({ ack, respond, body }) => {
  await ack();
  await respond({ text: `approved by ${body.user.id}`, replace_original: false, response_type: "in_channel" });
});

app.action("open", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view: modal("Modify") });
});

app.action("reuse", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view: modal("First") });
  try {
    await client.views.open({ trigger_id: body.trigger_id, view: modal("Second") });
  } catch (error) {
    await client.chat.postMessage({ channel: body.channel.id, text: `reuse: ${error.data.error}` });
  }
});

app.action("six", async ({ ack, respond, body, client }) => {
  await ack();
  let failed = 0;
  for (let n = 1; n <= 6; n += 1) {
    try {
      const answer = await respond({ text: `answer ${n}` });
      if (answer && answer.ok === false) failed = n;
    } catch {
      failed = n;
    }
  }
  await client.chat.postMessage({ channel: body.channel.id, text: `refused: ${failed}` });
});

app.action("upload", async ({ ack, body, client }) => {
  await ack();
  await client.files.uploadV2({
    channel_id: body.channel.id,
    filename: "out.txt",
    title: "Output",
    content: "hello",
    initial_comment: "the output",
  });
});

app.view("modify", async ({ ack, view }) => {
  const typed = view.state.values.reason.text.value;
  if (typed === "errors") await ack({ response_action: "errors", errors: { reason: "Say more" } });
  else if (typed === "update") await ack({ response_action: "update", view: modal("Updated") });
  else if (typed === "push") await ack({ response_action: "push", view: modal("Pushed") });
  else if (typed === "clear") await ack({ response_action: "clear" });
  else await ack();
});

app.view({ callback_id: "modify", type: "view_closed" }, async ({ ack, body, client }) => {
  await ack();
  await client.chat.postMessage({ channel: process.env.CHANNEL, text: `closed, cleared: ${body.is_cleared}` });
});

app.options("pick", async ({ ack, payload }) => {
  await ack({ options: [{ text: plain(payload.value), value: payload.value }] });
});

app.command("/runbook", async ({ ack, command, respond }) => {
  if (command.text === "list") {
    await ack("9 runbooks");
  } else {
    await ack();
    await respond({ text: `you said ${command.text}`, response_type: "in_channel" });
  }
});

app.event("app_mention", async ({ event, say, client }) => {
  if (event.text.includes("burst")) {
    for (let n = 1; n <= 7; n += 1) await client.chat.postMessage({ channel: event.channel, text: `burst ${n}` });
  } else if (event.text.includes("bad")) {
    try {
      await client.chat.postMessage({ channel: event.channel, text: "x", blocks: [{ type: "header", text: plain("x".repeat(151)) }] });
    } catch (error) {
      await say({ text: `bad: ${error.data.error}`, thread_ts: event.ts });
    }
  } else {
    await say({ text: "all is well", thread_ts: event.ts });
  }
});

app.event("app_home_opened", async ({ event, client }) => {
  await client.views.publish({
    user_id: event.user,
    view: { type: "home", blocks: [{ type: "section", text: { type: "mrkdwn", text: "*Nothing waits*" } }] },
  });
});

await app.start(Number(process.env.PORT));
console.log("ready");
