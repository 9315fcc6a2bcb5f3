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
        text = whole(&text, name, &mention);
    }
    text
}

/// In place of a name where it stands by itself: one id may begin another.
fn whole(text: &str, name: &str, mention: &str) -> String {
    let mut said = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        let goes_on = |c: char| c.is_ascii_alphanumeric();
        let part = before.ends_with(goes_on) || after.starts_with(goes_on);
        said.push_str(before);
        said.push_str(if part { name } else { mention });
        rest = after;
    }
    said + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_begins_another_calls_nobody_else() {
        let who = ["U1".to_owned(), "U12".to_owned(), "S1".to_owned()];
        assert_eq!(
            slack("1 approval of U12, U1 and S1", &who),
            "1 approval of <@U12>, <@U1> and <!subteam^S1>"
        );
    }
}
