//! What the real Slack refuses, the double refuses.

use serde_json::{Value, json};

use super::*;

fn button(text: &str) -> Value {
    json!({"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": text}})
}

fn refused(block: Value) -> Vec<String> {
    message(&[block], &[])
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text}})
}

#[test]
fn a_card_within_the_limits_passes() {
    let card = vec![
        json!({"type": "header", "text": {"type": "plain_text", "text": "Redis"}}),
        section("*it is down*"),
        json!({"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}], "accessory": button("Open")}),
        json!({"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}]}),
        json!({"type": "divider"}),
        json!({"type": "actions", "elements": [button("Approve")]}),
        json!({"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]}]}),
    ];
    assert_eq!(message(&card, &[]), Vec::<String>::new());
}

#[test]
fn each_limit_holds_at_its_edge() {
    let cases = [
        (section(&"x".repeat(3000)), section(&"x".repeat(3001))),
        (
            json!({"type": "actions", "elements": [button(&"x".repeat(75))]}),
            json!({"type": "actions", "elements": [button(&"x".repeat(76))]}),
        ),
        (
            json!({"type": "header", "text": {"type": "plain_text", "text": "x".repeat(150)}}),
            json!({"type": "header", "text": {"type": "plain_text", "text": "x".repeat(151)}}),
        ),
        (overflow(5), overflow(6)),
        (fields(10, 2000), fields(11, 10)),
        (fields(1, 2000), fields(1, 2001)),
    ];
    for (good, bad) in cases {
        assert_eq!(refused(good), Vec::<String>::new());
        assert_eq!(refused(bad.clone()).len(), 1, "{bad}");
    }
}

fn overflow(count: usize) -> Value {
    let option = |n: usize| json!({"text": {"type": "plain_text", "text": "o"}, "value": n.to_string()});
    let options: Vec<Value> = (0..count).map(option).collect();
    json!({"type": "actions", "elements": [{"type": "overflow", "action_id": "more", "options": options}]})
}

fn fields(count: usize, length: usize) -> Value {
    let field = json!({"type": "mrkdwn", "text": "x".repeat(length)});
    json!({"type": "section", "fields": vec![field; count]})
}

#[test]
fn problems_are_pointed_at() {
    let long = json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}, "accessory": button(&"x".repeat(80))});
    assert_eq!(
        message(&[json!({"type": "divider"}), long], &[]),
        [
            "[ERROR] must be more than 0 characters [json-pointer:/blocks/1/text/text]",
            "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/accessory/text/text]",
        ]
    );
}

#[test]
fn fifty_blocks_pass_and_fifty_one_do_not() {
    let blocks = vec![json!({"type": "divider"}); 51];
    assert!(message(&blocks[..50], &[]).is_empty());
    assert_eq!(
        message(&blocks, &[]),
        ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]
    );
}

#[test]
fn unknown_blocks_and_fields_are_refused() {
    assert!(refused(json!({"type": "sectoin"}))[0].contains("unsupported type: sectoin"));
    assert!(
        refused(json!({"type": "divider", "colour": "red"}))[0]
            .contains("invalid additional property: colour")
    );
}

#[test]
fn ids_must_be_unique() {
    let divider = json!({"type": "divider", "block_id": "a"});
    assert_eq!(message(&[divider.clone(), divider], &[]).len(), 1);
    assert_eq!(
        refused(json!({"type": "actions", "elements": [button("a"), button("b")]})).len(),
        1
    );
}

#[test]
fn an_image_needs_a_text_and_one_source() {
    assert!(refused(json!({"type": "image", "image_url": "https://a"}))[0].contains("alt_text"));
    assert!(refused(json!({"type": "image", "alt_text": "a"}))[0].contains("either image_url or slack_file"));
    assert!(
        refused(json!({"type": "image", "alt_text": "a", "slack_file": {"id": "F12"}}))[0]
            .contains("invalid slack file")
    );
}

#[test]
fn blocks_in_attachments_are_checked_too() {
    let attachment = json!({"color": "#f00", "blocks": [section("")]});
    assert!(message(&[], &[attachment])[0].contains("json-pointer:/attachments/0/blocks/0/text/text"));
}

fn modal() -> Value {
    json!({
        "type": "modal", "title": {"type": "plain_text", "text": "Modify"}, "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [{
            "type": "input", "block_id": "b", "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "a"},
        }],
    })
}

#[test]
fn a_modal_needs_a_submit_for_its_inputs_and_a_short_title() {
    assert!(view(&modal(), "modal").is_empty());
    let mut without = modal();
    without["submit"] = Value::Null;
    assert!(view(&without, "modal")[0].contains("submit"));
    let mut long = modal();
    long["title"]["text"] = json!("x".repeat(25));
    assert!(view(&long, "modal")[0].contains("json-pointer:/view/title/text"));
    assert!(view(&modal(), "home")[0].contains("json-pointer:/view/type"));
}
