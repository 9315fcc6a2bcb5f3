//! Messages and views as an app would post them, for the page's tests.

use interlock::playground::slack::view::{FileView, MessageView};
use serde_json::{Value, json};

pub fn text(ts: &str, author: &str, text: &str) -> MessageView {
    MessageView {
        ts: ts.into(),
        author: author.into(),
        text: text.into(),
        blocks: vec![],
        attachments: vec![],
        edited: false,
        reactions: vec![],
        files: vec![],
        replies: vec![],
        ephemeral: false,
    }
}

pub fn blocks(ts: &str, author: &str, says: &str, blocks: Value) -> MessageView {
    MessageView {
        blocks: blocks.as_array().cloned().unwrap_or_default(),
        ..text(ts, author, says)
    }
}

/// The card of an incident that waits for a decision.
pub fn incident_card() -> Value {
    json!([
        {"type": "section", "block_id": "title", "text": {"type": "mrkdwn",
            "text": "*<https://alerts.example.test/1|RedisConnectionTimeout>* on `api-gateway` :rotating_light:\nConnections to redis-primary time out; 38 % of requests fail."}},
        {"type": "section", "block_id": "facts", "fields": [
            {"type": "mrkdwn", "text": "*Severity*\ncritical"},
            {"type": "mrkdwn", "text": "*Environment*\nproduction"},
            {"type": "mrkdwn", "text": "*Since*\n<!date^1795212000^{time}|22:00>"},
            {"type": "mrkdwn", "text": "*Who may approve*\n<!subteam^S0ONCALL|@oncall>, 1 of 1"}]},
        {"type": "divider"},
        {"type": "section", "block_id": "plan", "text": {"type": "mrkdwn",
            "text": "*Proposed: Redis Connection Timeout* · revision `9f3c1a`\nMatches “redis”, “connection”, “timeout”; severity and service fit."}},
        {"type": "rich_text", "block_id": "steps", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "1 · Flush the connection pool", "style": {"bold": true}},
                {"type": "text", "text": "\nDeletes every key in database 0 of redis-primary. Can't be undone. Tier 1, up to 2 attempts."}]},
            {"type": "rich_text_preformatted", "elements": [
                {"type": "text", "text": "kubectl exec -n production deploy/redis-primary -- redis-cli FLUSHDB"}]},
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "2 · Verify connections restored", "style": {"bold": true}},
                {"type": "text", "text": "\nReads the health page inside api-gateway. Tier 0."}]},
            {"type": "rich_text_preformatted", "elements": [
                {"type": "text", "text": "kubectl exec -n production deploy/api-gateway -- curl -s localhost:8080/health | jq .redis"}]}]},
        {"type": "actions", "block_id": "decide", "elements": [
            {"type": "button", "action_id": "approve", "style": "primary", "value": "pln_01|r1",
                "accessibility_label": "Approve both steps of Redis Connection Timeout",
                "text": {"type": "plain_text", "text": "Approve"},
                "confirm": {"title": {"type": "plain_text", "text": "Run 2 steps on production?"},
                    "text": {"type": "mrkdwn", "text": "Flushes database 0 of `redis-primary`. *Can't be undone.*"},
                    "confirm": {"type": "plain_text", "text": "Run 2 steps"}, "deny": {"type": "plain_text", "text": "Not yet"}}},
            {"type": "button", "action_id": "modify", "value": "pln_01|r1", "text": {"type": "plain_text", "text": "Modify"}},
            {"type": "button", "action_id": "reject", "style": "danger", "value": "pln_01|r1", "text": {"type": "plain_text", "text": "Reject"}},
            {"type": "overflow", "action_id": "more", "options": [
                {"text": {"type": "plain_text", "text": "Escalate now"}, "value": "escalate"},
                {"text": {"type": "plain_text", "text": "Take over"}, "value": "take_over"},
                {"text": {"type": "plain_text", "text": "Show runbook"}, "value": "show"}]}]},
        {"type": "context", "block_id": "foot", "elements": [
            {"type": "mrkdwn", "text": "INC-7 · blast radius: 1 cache operation of 1 · pages <@U0ANA> at <!date^1795212120^{time_secs}|22:02>"}]}
    ])
}

pub fn thread_log() -> Vec<MessageView> {
    let mut output = blocks(
        "1795212041.000200",
        "U0BOT",
        "Step 1 succeeded",
        json!([
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Step 1 · Flush the connection pool* succeeded in 0.4 s :white_check_mark:"}},
            {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "OK"}]}]}
        ]),
    );
    output.files = vec![FileView {
        alt: String::new(),
        id: "F0OUTPUT1".into(),
        title: "step-1-output.txt".into(),
        name: "step-1-output.txt".into(),
        mimetype: "text/plain".into(),
        size: 18_204,
        url_path: "/files-pri/T0-F0OUTPUT1/step-1-output.txt".into(),
    }];
    vec![
        text(
            "1795212004.000200",
            "U0BOT",
            "Matched *Redis Connection Timeout*. The next best, _High error rate_, lacks “redis” in its trigger.",
        ),
        text(
            "1795212021.000200",
            "U0SAM",
            "Looks right to me, pool went stale after the failover. <@U0ANA> your call.",
        ),
        MessageView {
            reactions: vec![
                ("eyes".into(), vec!["U0ANA".into(), "U0SAM".into()]),
                ("+1".into(), vec!["U0SAM".into()]),
            ],
            ..text(
                "1795212030.000200",
                "U0ANA",
                "Approving. Dashboard: <https://grafana.example.test/d/redis|Redis overview>\n&gt; used_memory 61 %, blocked_clients 412",
            )
        },
        output,
    ]
}

/// A finished incident behind a bar of colour.
pub fn resolved() -> MessageView {
    MessageView {
        edited: true,
        attachments: vec![json!({"color": "#2eb886", "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*~KubePodCrashLooping~ resolved* · cart, 4 min 12 s"},
                "accessory": {"type": "button", "action_id": "report", "text": {"type": "plain_text", "text": "Summary"}}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "INC-6 · rolled back to revision 41 · approved by <@U0SAM>"}]}]})],
        replies: vec![text("1795204900.000200", "U0BOT", "Resolved at the source.")],
        ..text("1795204000.000200", "U0BOT", "")
    }
}

pub fn modify_modal() -> Value {
    json!({"type": "modal", "id": "V0MODIFY1", "hash": "1.abc", "callback_id": "modify",
        "title": {"type": "plain_text", "text": "Modify the plan"},
        "submit": {"type": "plain_text", "text": "Show the difference"}, "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "A change makes a *new revision* and needs fresh approval. You then count as the requester."}},
            {"type": "input", "block_id": "skip", "optional": true, "label": {"type": "plain_text", "text": "Steps to skip"},
                "element": {"type": "checkboxes", "action_id": "steps", "options": [
                    {"text": {"type": "plain_text", "text": "1 · Flush the connection pool"}, "value": "1", "description": {"type": "plain_text", "text": "Tier 1"}},
                    {"text": {"type": "plain_text", "text": "2 · Verify connections restored"}, "value": "2", "description": {"type": "plain_text", "text": "Tier 0, the verification"}}]}},
            {"type": "input", "block_id": "replicas", "label": {"type": "plain_text", "text": "replicas"},
                "hint": {"type": "plain_text", "text": "A whole number from 1 to 6."},
                "element": {"type": "number_input", "action_id": "value", "is_decimal_allowed": false, "min_value": "1", "max_value": "6", "initial_value": "9"}},
            {"type": "input", "block_id": "region", "label": {"type": "plain_text", "text": "region"},
                "element": {"type": "static_select", "action_id": "value", "initial_option": {"text": {"type": "plain_text", "text": "eu-west-1"}, "value": "eu-west-1"},
                    "options": [{"text": {"type": "plain_text", "text": "eu-west-1"}, "value": "eu-west-1"}, {"text": {"type": "plain_text", "text": "us-east-1"}, "value": "us-east-1"}]}},
            {"type": "input", "block_id": "reason", "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "text", "multiline": true, "placeholder": {"type": "plain_text", "text": "For the people who read the summary"}}}]})
}

pub fn home() -> Value {
    json!({"type": "home", "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Waiting for your approval"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*RedisConnectionTimeout* on `api-gateway`, critical, 2 steps"},
            "accessory": {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "Open card"}, "style": "primary"}},
        {"type": "divider"},
        {"type": "header", "text": {"type": "plain_text", "text": "Open incidents"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*INC-7* RedisConnectionTimeout · waits for approval since <!date^1795212000^{time}|22:00>"}},
        {"type": "actions", "elements": [{"type": "button", "action_id": "freeze", "style": "danger", "text": {"type": "plain_text", "text": "Freeze everything"}}]}]})
}

/// One of everything, in a channel of its own.
pub fn gallery() -> Value {
    let plain = |t: &str| json!({"type": "plain_text", "text": t});
    let options = json!([{"text": plain("One"), "value": "1"}, {"text": plain("Two"), "value": "2", "description": plain("the second")}]);
    json!([
        {"type": "header", "text": plain("Header with :fire:")},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*bold* _italic_ ~strike~ `code` <https://example.test|link> <#C0SRE> <!here>\n&gt; a quote\n```a fence\nof two lines```"}},
        {"type": "section", "text": plain("With a menu"), "accessory": {"type": "static_select", "action_id": "a1", "placeholder": plain("Pick one"), "options": options}},
        {"type": "section", "text": plain("With a picture"), "accessory": {"type": "image", "slack_file": {"id": "F0PICTURE1"}, "alt_text": "a graph"}},
        {"type": "image", "title": plain("Error rate"), "slack_file": {"id": "F0PICTURE1"}, "alt_text": "errors rise from 1 % to 38 % at 22:00"},
        {"type": "image", "image_url": "https://pictures.example.test/x.png", "alt_text": "a picture from outside"},
        {"type": "actions", "block_id": "acts", "elements": [
            {"type": "users_select", "action_id": "u", "placeholder": plain("Who")},
            {"type": "multi_static_select", "action_id": "m", "placeholder": plain("Several"), "options": options},
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-21"},
            {"type": "timepicker", "action_id": "t", "initial_time": "14:30"},
            {"type": "radio_buttons", "action_id": "r", "options": options, "initial_option": {"text": plain("One"), "value": "1"}},
            {"type": "checkboxes", "action_id": "c", "options": options}]},
        {"type": "rich_text", "elements": [
            {"type": "rich_text_list", "style": "ordered", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "first "}, {"type": "user", "user_id": "U0ANA"}]},
                {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "eyes"}, {"type": "text", "text": " second", "style": {"italic": true, "code": true}}]}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted "}, {"type": "link", "url": "https://example.test", "text": "link"}]}]},
        {"type": "markdown", "text": "## Markdown\n- **one**\n- [x] two\n\n| a | b |\n|---|---|\n| 1 | 2 |"},
        {"type": "table", "column_settings": [{"align": "left"}, {"align": "right"}], "rows": [
            [{"type": "raw_text", "text": "pod"}, {"type": "raw_text", "text": "restarts"}],
            [{"type": "raw_text", "text": "cart-7d4b9"}, {"type": "raw_text", "text": "17"}]]},
        {"type": "file", "external_id": "X1", "source": "remote"},
        {"type": "something_new", "text": "<b>"}
    ])
}
