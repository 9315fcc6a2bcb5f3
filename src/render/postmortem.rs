//! The draft of a postmortem, from the journal's entries: what a machine knows is filled in, the rest is asked for in brackets.

use serde::Serialize;

use super::{changes, evidence, memory, summary, words};
use crate::domain::event::{Entry, Event};
use crate::domain::incident::Incident;
use crate::domain::memory::Similar;
use crate::domain::text::shortened;

const TEMPLATE: &str = include_str!("../../templates/postmortem.md");

#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    summary: summary::SummaryView,
    opened: String,
    severity: String,
    service: String,
    paged: String,
    changes: Vec<String>,
    evidence: Vec<String>,
    similar: Vec<String>,
}

/// The draft as Markdown. Foreign text stands in it on one line each, and without what would make a heading, a table or a
/// picture of it.
///
/// # Errors
/// When the template can't be rendered: a defect of this build.
pub fn text(entries: &[Entry], incident: &Incident, similar: &[Similar]) -> Result<String, tera::Error> {
    let mut tera = tera::Tera::default();
    tera.add_raw_template("postmortem.md", TEMPLATE)?;
    let context = tera::Context::from_serialize(&view(entries, incident, similar))?;
    tera.render("postmortem.md", &context)
}

fn view(entries: &[Entry], incident: &Incident, similar: &[Similar]) -> View {
    let mut summary = summary::view(entries, incident);
    for text in [&mut summary.title, &mut summary.result, &mut summary.approved_by] {
        *text = plain(text);
    }
    for line in &mut summary.timeline {
        line.text = plain(&line.text);
    }
    let pages = entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::PageAsked { .. }))
        .count();
    let found = incident.evidence.iter().flat_map(evidence::lines);
    View {
        summary,
        opened: format!("{} UTC", incident.began_at().strftime("%Y-%m-%d %H:%M:%S")),
        severity: incident.severity.to_string(),
        service: incident
            .service
            .as_ref()
            .map_or("not named".to_owned(), |service| plain(service.as_str())),
        paged: if pages == 0 {
            "nobody".to_owned()
        } else {
            words::counted(pages, "time")
        },
        changes: changes::lines(incident).iter().map(|line| plain(line)).collect(),
        evidence: found.map(|line| plain(&line)).collect(),
        similar: similar
            .iter()
            .map(|similar| plain(&memory::line(similar)))
            .collect(),
    }
}

/// One line, with the signs of Markdown made harmless.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in shortened(text, 500).chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '\\' | '|' | '[' | ']' | '!' | '`' | '#' | '*' | '_' | '~' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn foreign_text_makes_no_picture_heading_or_table() {
        assert_eq!(
            plain("![x](http://evil.test/p.png) | # <img>\nnext"),
            "\\!\\[x\\](http://evil.test/p.png) \\| \\# &lt;img> next"
        );
        // A backslash of theirs does not take ours away.
        assert_eq!(plain("\\[x\\](y)"), "\\\\\\[x\\\\\\](y)");
    }
}
