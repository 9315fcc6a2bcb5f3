//! The pager's part of the panel: who is on call, incidents, and what reached people's phones.

use super::backend::PagerPanel;
use super::html::Html;
use super::time;
use super::world::part;
use crate::playground::pager::IncidentView;

/// How many incidents and pages are shown.
const SHOWN: usize = 6;

/// Writes the pager.
pub fn write(h: &mut Html, pager: &PagerPanel) {
    let open = pager.incidents.iter().filter(|i| i.status != "resolved").count();
    part(h, "pager", "Pager", (open > 0).then_some(open), true, |h| {
        if let Some(first) = pager.on_call.first() {
            h.el("p", &[("class", "on-call")], |h| {
                h.text("On call: ").tag("b", &[], &first.name);
                if let Some(next) = pager.on_call.get(1) {
                    h.tag("small", &[], &format!(", then {}", next.name));
                }
            });
        }
        if pager.incidents.is_empty() {
            h.raw("<p class=\"quiet\">No incident has been opened and nobody has been paged.</p>");
        }
        for found in pager.incidents.iter().take(SHOWN) {
            incident(h, found);
        }
        if !pager.pages.is_empty() {
            h.raw("<h3 class=\"sub\">Pages sent</h3>");
            h.el("ul", &[("class", "log")], |h| {
                for page in pager.pages.iter().take(SHOWN) {
                    h.el("li", &[], |h| {
                        time::write(h, page.at, "{time_secs}");
                        h.el("span", &[("class", "log-what")], |h| {
                            h.tag("b", &[], &page.to).text(" ").text(&page.text);
                        });
                    });
                }
            });
        }
    });
}

fn incident(h: &mut Html, incident: &IncidentView) {
    h.el("div", &[("class", "incident"), ("data-key", &incident.id)], |h| {
        let class = match incident.status.as_str() {
            "resolved" => "pill good",
            "acknowledged" => "pill changing",
            _ => "pill bad",
        };
        h.el("div", &[("class", "incident-head")], |h| {
            h.tag("b", &[], &format!("#{} {}", incident.number, incident.title));
            h.tag("span", &[("class", class)], &incident.status);
        });
        let mut about = vec![incident.service.clone(), format!("{} urgency", incident.urgency)];
        if !incident.assignees.is_empty() {
            about.push(incident.assignees.join(", "));
        }
        h.tag("small", &[], &about.join(" · "));
        for note in incident.notes.iter().rev().take(3).rev() {
            h.tag("p", &[("class", "incident-note")], note);
        }
    });
}
