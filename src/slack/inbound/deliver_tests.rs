//! What Slack sends, and what is made of it.

use std::time::Instant;

use super::*;
use crate::domain::command::PlanRef;
use crate::domain::ids::{IncidentId, PlanNo};
use crate::slack::inbound::envelope::Transport;

fn read(kind: Kind, payload: Payload<'_>) -> Option<Delivery> {
    decode(&Inbound {
        kind,
        transport: Transport::Http,
        retry: None,
        payload,
        received_at: Instant::now(),
    })
}

fn act(delivery: Option<Delivery>) -> Act {
    match delivery {
        Some(Delivery::Act(act)) => *act,
        other => panic!("{other:?}"),
    }
}

const CLICK: &str = r#"{"type":"block_actions","team":null,"user":{"id":"U1","team_id":"T9","name":"ana"},
  "trigger_id":"1.2.3","container":{"type":"message","message_ts":"1.1","channel_id":"C1","is_ephemeral":false},
  "channel":{"id":"C1","name":"ops"},"response_url":"https://hooks.slack.com/actions/1","message":{"blocks":[{"x":[1,2,{}]}]},
  "state":{"values":{}},"actions":[{"action_id":"approve","block_id":"b","value":"42.1.0123456789ab","type":"button"}]}"#;

#[test]
fn a_click_of_an_organisation_wide_installation_is_read_over_both_transports() {
    let socket = act(read(Kind::Interaction, Payload::Json(CLICK)));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", CLICK)
        .finish();
    assert_eq!(act(read(Kind::Interaction, Payload::Form(&form))), socket);
    let at = PlanRef {
        incident: IncidentId(42),
        plan: PlanNo(1),
        digest: "0123456789ab".to_owned(),
    };
    assert_eq!(socket.wish, Wish::Intent(Intent::Approve(at)));
    assert_eq!(
        socket.person,
        PersonId {
            team: "T9".to_owned(),
            user: "U1".to_owned()
        }
    );
    assert_eq!(socket.key, Some(DeliveryKey::from("click:1.2.3")));
    assert_eq!(socket.place.channel.as_deref(), Some("C1"));
}

#[test]
fn a_corrected_form_is_not_taken_for_the_first_one_again() {
    let body = |trigger: &str| {
        format!(
            r#"{{"type":"view_submission","team":{{"id":"T1"}},"user":{{"id":"U1"}},"trigger_id":"{trigger}",
            "view":{{"id":"V1","hash":"h1","callback_id":"reject","private_metadata":"42.1.0123456789ab",
            "state":{{"values":{{"reason":{{"v":{{"type":"plain_text_input","value":" not now "}}}}}}}}}}}}"#
        )
    };
    let (first, again, second) = (body("1"), body("1"), body("2"));
    let of = |body: &str| act(read(Kind::Interaction, Payload::Json(body)));
    assert_eq!(of(&first).key, of(&again).key);
    assert_ne!(of(&first).key, of(&second).key);
    assert!(matches!(of(&first).wish, Wish::Intent(Intent::Reject { reason, .. }) if reason == "not now"));
}

#[test]
fn a_slash_command_is_the_same_over_both_transports() {
    let form = "token=x&team_id=T1&team_domain=d&channel_id=C1&channel_name=ops&user_id=U1&user_name=ana\
        &command=%2Frunbook&text=run+redis+a%3D1&api_app_id=A1&response_url=https%3A%2F%2Fhooks.slack.com%2Fc%2F1&trigger_id=9.9";
    let json = r#"{"token":"x","team_id":"T1","channel_id":"C1","user_id":"U1","command":"/runbook","text":"run redis a=1",
        "response_url":"https://hooks.slack.com/c/1","trigger_id":"9.9"}"#;
    assert_eq!(
        act(read(Kind::Command, Payload::Form(form))),
        act(read(Kind::Command, Payload::Json(json)))
    );
    assert_eq!(
        read(Kind::Command, Payload::Form("ssl_check=1&token=x")),
        Some(Delivery::Ignored)
    );
    assert_eq!(
        read(Kind::Command, Payload::Form("user_id=U1&command=%2Fdeploy")),
        None
    );
}

#[test]
fn events_are_people_asking_or_something_changing() {
    let event = |inner: &str| {
        format!(
            r#"{{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{inner},"authorizations":[{{}}]}}"#
        )
    };
    let of = |inner: &str| read(Kind::Event, Payload::Json(&event(inner)));
    let mention = act(of(
        r#"{"type":"app_mention","user":"U1","text":"<@U0> why","channel":"C1","ts":"2.1","thread_ts":"1.1"}"#,
    ));
    let thread = MessageRef {
        channel: "C1".to_owned(),
        ts: "1.1".to_owned(),
    };
    assert_eq!(
        mention.wish,
        Wish::InThread {
            text: "why".to_owned(),
            thread
        }
    );
    assert_eq!(mention.key, Some(DeliveryKey::from("event:Ev1")));
    let direct = act(of(
        r#"{"type":"message","channel_type":"im","user":"U1","text":"status","channel":"D1","ts":"2.1"}"#,
    ));
    assert_eq!(direct.wish, Wish::Intent(Intent::Status));
    for own in [
        r#"{"type":"message","channel_type":"im","user":"U0","bot_id":"B1","text":"status","channel":"D1","ts":"2.1"}"#,
        r#"{"type":"message","channel_type":"im","subtype":"message_changed","channel":"D1","ts":"2.1"}"#,
        r#"{"type":"message","channel_type":"channel","user":"U1","text":"status","channel":"C1","ts":"2.1"}"#,
        r#"{"type":"reaction_added","user":"U1"}"#,
    ] {
        assert_eq!(of(own), Some(Delivery::Ignored), "{own}");
    }
    assert_eq!(
        of(r#"{"type":"user_change","user":{"id":"U7","deleted":true}}"#),
        Some(Delivery::PersonChanged {
            user: "U7".to_owned()
        })
    );
    let challenge = r#"{"type":"url_verification","challenge":"abc","token":"x"}"#;
    assert_eq!(
        read(Kind::Event, Payload::Json(challenge)),
        Some(Delivery::Challenge("abc".to_owned()))
    );
}

#[test]
fn what_slack_would_not_send_is_refused() {
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"type":"block_actions","user":{"id":"U1"},"actions":[]}"#,
        "null",
    ] {
        assert_eq!(read(Kind::Interaction, Payload::Json(body)), None, "{body}");
    }
    assert_eq!(read(Kind::Interaction, Payload::Form("payload=")), None);
    assert_eq!(read(Kind::Event, Payload::Json("{}")), None);
}

#[test]
fn an_unknown_button_is_answered_and_an_address_button_only_acked() {
    let unknown = CLICK.replace("\"approve\"", "\"launch\"");
    assert!(matches!(
        act(read(Kind::Interaction, Payload::Json(&unknown))).wish,
        Wish::Intent(Intent::Unrecognised { .. })
    ));
    let link = CLICK.replace("\"approve\"", "\"link.0\"");
    assert_eq!(
        read(Kind::Interaction, Payload::Json(&link)),
        Some(Delivery::Ignored)
    );
}
