//! Block Kit to HTML.

use interlock::playground::page::ctx::{Ctx, Names};
use interlock::playground::page::html::Html;
use interlock::playground::page::message::{self, Frame};
use interlock::playground::page::{blocks, modal};
use interlock::playground::slack::view::{MessageView, ModalView};
use serde_json::{Value, json};

use super::{cards, fixture};

fn names() -> Names {
    let people = fixture::people().into_iter().map(|p| (p.id, p.name)).collect();
    Names {
        people,
        channels: [("C0SRE".into(), "sre".into())].into(),
        viewer: "U0ANA".into(),
    }
}

fn draw(blocks: &Value) -> String {
    let names = names();
    let mut h = Html::new();
    blocks::write_all(
        &mut h,
        blocks.as_array().expect("blocks"),
        &Ctx::message(&names, "C0INC", "1.2"),
    );
    h.into_string()
}

fn draw_message(message: &MessageView) -> String {
    let names = names();
    let people = fixture::people();
    let frame = Frame {
        channel: "C0INC",
        names: &names,
        people: &people,
        thread_href: Some("/?x=1"),
        follows: false,
        open: false,
    };
    let mut h = Html::new();
    message::write(&mut h, message, &frame);
    h.into_string()
}

/// One tag per line, so that a change of the drawing shows as a change of lines.
fn by_line(html: &str) -> String {
    html.replace('<', "\n<").replace("\n</", "</").trim().to_owned()
}

#[test]
fn the_incident_card_is_drawn_like_this() {
    let card = cards::blocks("1795212001.000200", "U0BOT", "critical", cards::incident_card());
    insta::assert_snapshot!(by_line(&draw_message(&card)));
}

#[test]
fn a_modal_with_errors_is_drawn_like_this() {
    let modal = ModalView {
        view: cards::modify_modal(),
        errors: vec![
            ("replicas".into(), "`9` is above the bound of 6".into()),
            ("gone".into(), "elsewhere".into()),
        ],
        depth: 1,
        trouble: None,
    };
    let mut h = Html::new();
    modal::write(&mut h, &modal, &names());
    insta::assert_snapshot!(by_line(h.as_str()));
}

#[test]
fn every_kind_of_block_and_element_is_drawn() {
    let html = draw(&cards::gallery());
    for part in [
        "<h3 class=\"blk header\">Header with <span class=\"emoji\"",
        "<b>bold</b> <i>italic</i> <s>strike</s> <code>code</code>",
        "<blockquote>a quote</blockquote><pre>a fence\nof two lines</pre>",
        "<select data-act=\"a1\"",
        "src=\"/files/F0PICTURE1\"",
        "a picture from outside · <a href=\"https://pictures.example.test/x.png\"",
        "<option value=\"U0ANA\">@ana</option>",
        "type=\"date\" value=\"2026-11-21\"",
        "type=\"time\" value=\"14:30\"",
        "<input type=\"radio\"",
        "<input type=\"checkbox\"",
        "<ol class=\"rt-list\"",
        "<i><code> second</code></i>",
        "<h4>Markdown</h4>",
        "<td class=\"right\">17</td>",
        "Remote file X1",
        "A `something_new` block",
    ] {
        assert!(html.contains(part), "{part} is missing in {}", by_line(&html));
    }
}

#[test]
fn every_kind_of_input_shows_what_was_there() {
    let option = |v: &str| json!({"text": {"type": "plain_text", "text": v}, "value": v});
    let options = json!([option("a"), option("b")]);
    let cases = [
        (
            json!({"type": "plain_text_input", "initial_value": "</textarea><b>", "multiline": true}),
            "\n&lt;/textarea&gt;&lt;b&gt;</textarea>",
        ),
        (
            json!({"type": "plain_text_input", "initial_value": "x\"y"}),
            "value=\"x&quot;y\"",
        ),
        (
            json!({"type": "number_input", "initial_value": "3", "min_value": "1"}),
            "min=\"1\"",
        ),
        (
            json!({"type": "email_text_input", "initial_value": "a@b"}),
            "type=\"email\" value=\"a@b\"",
        ),
        (json!({"type": "url_text_input"}), "type=\"url\""),
        (
            json!({"type": "datetimepicker", "initial_date_time": 1_795_212_000}),
            "data-at=\"1795212000\"",
        ),
        (
            json!({"type": "static_select", "options": options, "initial_option": option("b")}),
            "<option value=\"b\" selected=\"\">",
        ),
        (
            json!({"type": "multi_static_select", "options": options, "initial_options": [option("b")]}),
            "<summary class=\"select\">b</summary>",
        ),
        (
            json!({"type": "multi_users_select", "initial_users": ["U0SAM"]}),
            "<summary class=\"select\">@sam</summary>",
        ),
        (
            json!({"type": "channels_select", "initial_channel": "C0SRE"}),
            "<option value=\"C0SRE\" selected=\"\">#sre</option>",
        ),
        (
            json!({"type": "conversations_select"}),
            "data-kind=\"conversation\"",
        ),
        (
            json!({"type": "multi_conversations_select"}),
            "data-kind=\"conversations\"",
        ),
        (
            json!({"type": "overflow", "options": options}),
            "data-value=\"b\"",
        ),
        (json!({"type": "rich_text_input"}), "doesn&#39;t draw"),
    ];
    for (mut element, expected) in cases {
        element["action_id"] = json!("act");
        let html = draw(
            &json!([{"type": "input", "block_id": "blk", "label": {"type": "plain_text", "text": "L"}, "element": element}]),
        );
        assert!(html.contains(expected), "{expected} is missing in {html}");
    }
}

#[test]
fn what_a_person_left_in_a_field_wins_over_the_first_value() {
    let names = names();
    let state = json!({"blk": {"act": {"type": "plain_text_input", "value": "typed"}}});
    let ctx = Ctx {
        state: Some(&state),
        ..Ctx::message(&names, "C", "1.2")
    };
    let block = json!({"type": "input", "block_id": "blk", "label": {"type": "plain_text", "text": "L"},
        "element": {"type": "plain_text_input", "action_id": "act", "initial_value": "first"}});
    let mut h = Html::new();
    blocks::write(&mut h, &block, 0, &ctx);
    assert!(h.as_str().contains("value=\"typed\"") && !h.as_str().contains("first"));
}

/// Every string in a JSON value, replaced.
fn poisoned(value: &Value, poison: &str) -> Value {
    match value {
        Value::String(_) => json!(poison),
        Value::Array(items) => items.iter().map(|v| poisoned(v, poison)).collect(),
        Value::Object(map) => map
            .iter()
            // Kinds must stay, or nothing would be drawn by its kind.
            .map(|(k, v)| {
                (
                    k.clone(),
                    if k == "type" {
                        v.clone()
                    } else {
                        poisoned(v, poison)
                    },
                )
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[test]
fn hostile_text_in_any_field_stays_text() {
    let poisons = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "' onfocus='alert(1)",
        "</textarea><blink>",
        "\0&#x3c;blink>",
    ];
    for poison in poisons {
        for source in [
            cards::incident_card(),
            cards::gallery(),
            cards::modify_modal()["blocks"].clone(),
        ] {
            let html = draw(&poisoned(&source, poison));
            for sign in [
                "<script",
                "<img src=x",
                "href=\"javascript",
                "src=\"javascript",
                " onerror=\"",
                "' onfocus=",
                "<blink>",
                "\0",
            ] {
                assert!(!html.contains(sign), "{sign} came through from {poison}");
            }
        }
        let mut message = cards::resolved();
        message.text = poison.into();
        message.author = poison.into();
        message.attachments = message.attachments.iter().map(|a| poisoned(a, poison)).collect();
        message.reactions = vec![(poison.into(), vec![poison.into()])];
        let html = draw_message(&message);
        assert!(
            !html.contains("<script") && !html.contains("<img src=x"),
            "{html}"
        );
    }
}

#[test]
fn the_bar_of_an_attachment_takes_colours_only() {
    let message = |color: &str| MessageView {
        attachments: vec![json!({"color": color, "fallback": "f"})],
        ..cards::text("1.2", "U0BOT", "")
    };
    assert!(draw_message(&message("#2eb886")).contains("fill=\"#2eb886\""));
    assert!(draw_message(&message("danger")).contains("fill=\"#a30200\""));
    assert!(draw_message(&message("url(x)")).contains("fill=\"#8d8d91\""));
}

#[test]
fn an_ephemeral_message_says_so() {
    let message = MessageView {
        ephemeral: true,
        ..cards::text("1.2", "U0BOT", "no")
    };
    assert!(draw_message(&message).contains("Only visible to you"));
}
