//! The reminder before a human is paged: who may decide, and what happens when nobody does.

use jiff::Timestamp;

use super::escape::Mrkdwn;
use super::words;
use crate::domain::ids::PlanNo;

/// In plain text.
pub(super) fn line(
    plan: PlanNo,
    who: &[String],
    missing: u8,
    page_at: Option<Timestamp>,
    approve_by: Timestamp,
) -> String {
    let missing = words::counted(usize::from(missing), "approval");
    let of = match who {
        [] => String::new(),
        who => format!(" of {}", words::listed(who)),
    };
    let page = page_at
        .filter(|at| *at < approve_by)
        .map(|at| format!("a human is paged at {} UTC, and ", words::clock(at)))
        .unwrap_or_default();
    format!(
        "reminder: plan {plan} still waits for {missing}{of}; when nobody decides, {page}it expires at {} UTC",
        words::clock(approve_by)
    )
}

/// The same for Slack: people and groups that are named by id are called.
pub(super) fn slack(text: &str, who: &[String]) -> String {
    let mut text = Mrkdwn::escape(text).to_string();
    for name in who {
        let id = name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let mention = match name.as_bytes().first() {
            Some(b'U' | b'W') if id => format!("<@{name}>"),
            Some(b'S') if id => format!("<!subteam^{name}>"),
            Some(_) | None => continue,
        };
        text = text.replace(name.as_str(), &mention);
    }
    text
}
