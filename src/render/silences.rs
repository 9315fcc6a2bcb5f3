//! Silences in words, plain text: what is proposed, until when it holds, how it ended.

use jiff::Timestamp;

use super::words;
use crate::domain::silence::{Elsewhere, Matcher, SilenceDraft, SilenceEnd};

/// `alertname="RedisDown", namespace="production"`.
#[must_use]
pub fn matchers(matchers: &[Matcher]) -> String {
    let each: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    each.join(", ")
}

/// `15 min`, `2 h`.
#[must_use]
pub fn minutes(minutes: u16) -> String {
    words::duration(jiff::SignedDuration::from_mins(i64::from(minutes)))
}

pub(super) fn proposed(draft: &SilenceDraft, by: &str) -> String {
    let beside = elsewhere(&draft.elsewhere).map(|beside| format!("; {beside}"));
    format!(
        "{by} proposes to silence {} for {}: {}{}",
        matchers(&draft.matchers),
        minutes(draft.minutes),
        draft.reason.trim_end_matches('.'),
        beside.unwrap_or_default()
    )
}

/// `it hides 3 firing alerts of other incidents, too: INC-4 and INC-7`; `None` where it hides nothing else.
#[must_use]
pub fn elsewhere(beside: &Elsewhere) -> Option<String> {
    let mut names: Vec<String> = beside.named.iter().map(ToString::to_string).collect();
    let more = beside.incidents.saturating_sub(names.len());
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let incidents = if beside.incidents == 1 {
        "another incident"
    } else {
        "other incidents"
    };
    (beside.alerts > 0).then(|| {
        format!(
            "it hides {} of {incidents}, too: {}",
            words::counted(beside.alerts, "firing alert"),
            words::listed(&names)
        )
    })
}

pub(super) fn made(ends_at: Timestamp) -> String {
    format!("silenced in Alertmanager until {} UTC", words::clock(ends_at))
}

/// How a silence ended, and whether its alerts are back.
#[must_use]
pub fn ended(how: SilenceEnd, firing: Option<u32>) -> String {
    let how = match how {
        SilenceEnd::RanOut => "the silence has ended",
        SilenceEnd::EndedElsewhere => "somebody ended the silence in Alertmanager before its time",
        SilenceEnd::NotDecided => return "nobody approved the silence in time".to_owned(),
        SilenceEnd::Over => return "the silence was not decided before the incident was over".to_owned(),
        SilenceEnd::Void => {
            return "the silence is void, since the database is an older copy; propose it again".to_owned();
        }
        SilenceEnd::DryRun => return "dry run: no silence was made".to_owned(),
    };
    match firing {
        Some(0) => format!("{how}; none of its alerts fires any more"),
        Some(1) => format!("{how}, and its alert STILL FIRES"),
        Some(count) => format!("{how}, and {count} of its alerts STILL FIRE"),
        None => format!("{how}; Alertmanager did not say whether its alerts still fire"),
    }
}
