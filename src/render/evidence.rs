//! Evidence in words: a line for each finding, plain text. Whoever posts it escapes it.

use super::escape::Mrkdwn;
use super::words;
use crate::domain::evidence::{Evidence, Finding, Found, FoundIn, LINK};
use crate::domain::text::shortened;

/// `looked at 4 of 6 pieces of evidence; could not be read: Gateway log, Errors by route`.
#[must_use]
pub fn summary(findings: &[Finding]) -> String {
    let missing: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.is_missing())
        .map(|finding| finding.name.as_str())
        .collect();
    let read = findings.len() - missing.len();
    let beyond: Vec<String> = findings
        .iter()
        .filter(|finding| finding.beyond() == Some(true))
        .filter_map(|finding| Some(format!("{} {}", finding.name, finding.value()?)))
        .collect();
    let mut text = match missing.len() {
        0 => format!("evidence read: {}", words::counted(read, "look")),
        _ => format!("evidence read: {read} of {} looks", findings.len()),
    };
    if !beyond.is_empty() {
        text.push_str(&format!("; beyond its limit: {}", beyond.join(", ")));
    }
    if !missing.is_empty() {
        text.push_str(&format!("; could not be read: {}", missing.join(", ")));
    }
    text
}

/// Everything that was found, for a code block: what was asked, and what came.
#[must_use]
pub fn whole(findings: &[Finding]) -> String {
    let parts: Vec<String> = findings
        .iter()
        .map(|finding| {
            let asked = shortened(&finding.query, 200);
            let head = format!(
                "{} ({}, {} UTC): {asked}",
                finding.name,
                source(finding.source),
                words::clock(finding.at)
            );
            let came = match &finding.found {
                Found::Read { short, whole, .. } if whole.trim().is_empty() => short.clone(),
                Found::Read { whole, .. } => whole.clone(),
                Found::Missing { why } => format!("could not be read: {why}"),
            };
            format!("{head}\n{}", indented(&came))
        })
        .collect();
    parts.join("\n")
}

/// A line for each finding that people can see for themselves elsewhere: `Open *Failed requests* at`, and a link
/// under the name of its host.
#[must_use]
pub fn links(findings: &[Finding]) -> Vec<String> {
    let of = |finding: &Finding| {
        let link = Mrkdwn::link(finding.link.as_deref()?, LINK)?;
        let name = Mrkdwn::escape(&shortened(&finding.name, 60));
        Some(format!("Open *{name}* at {link}"))
    };
    findings.iter().filter_map(of).collect()
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn source(source: FoundIn) -> &'static str {
    match source {
        FoundIn::Prometheus => "Prometheus",
        FoundIn::Loki => "Loki",
        FoundIn::Tempo => "Tempo",
        FoundIn::Jaeger => "Jaeger",
        FoundIn::Cluster => "cluster",
        FoundIn::Http => "HTTP",
    }
}

/// A line for each finding, for the hand-over: `Error ratio: 12.3 % (limit 5 %), beyond its limit, at 04:02:11 UTC`.
#[must_use]
pub fn lines(evidence: &Evidence) -> Vec<String> {
    evidence.findings.iter().map(line).collect()
}

pub(super) fn line(finding: &Finding) -> String {
    let at = words::clock(finding.at);
    match (finding.value(), &finding.found) {
        (Some(value), _) if finding.beyond() == Some(true) => {
            format!("{}: {value}, beyond its limit, at {at} UTC", finding.name)
        }
        (Some(value), _) => format!("{}: {value}, at {at} UTC", finding.name),
        (None, Found::Missing { why }) => format!("{}: could not be read: {why}", finding.name),
        (None, Found::Read { short, .. }) => format!("{}: {short}, at {at} UTC", finding.name),
    }
}
