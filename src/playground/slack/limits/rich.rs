//! Rich text: the four kinds of part and what may stand in them.

use serde_json::Value;

use super::report::Report;

pub(super) fn rich_text(report: &mut Report, block: &Value, at: &str) {
    report.only(block, at, &["block_id", "elements"]);
    if !report.required(block, "elements", at) {
        return;
    }
    for (index, part) in report
        .items(block, "elements", at, 0, usize::MAX)
        .iter()
        .enumerate()
    {
        part_of(report, part, &format!("{at}/elements/{index}"));
    }
}

fn part_of(report: &mut Report, part: &Value, at: &str) {
    match part["type"].as_str().unwrap_or_default() {
        "rich_text_section" => inline(report, part, at, &["elements"]),
        "rich_text_preformatted" => inline(report, part, at, &["elements", "border", "language"]),
        "rich_text_quote" => inline(report, part, at, &["elements", "border"]),
        "rich_text_list" => {
            report.only(part, at, &["elements", "style", "indent", "offset", "border"]);
            report.required(part, "style", at);
            report.one_of(part, "style", at, &["bullet", "ordered"]);
            for (index, item) in report
                .items(part, "elements", at, 0, usize::MAX)
                .iter()
                .enumerate()
            {
                inline(report, item, &format!("{at}/elements/{index}"), &["elements"]);
            }
        }
        other => report.add(&format!("unsupported type: {other}"), &format!("{at}/type")),
    }
}

fn inline(report: &mut Report, part: &Value, at: &str, allowed: &[&str]) {
    report.only(part, at, allowed);
    if !report.required(part, "elements", at) {
        return;
    }
    for (index, element) in report
        .items(part, "elements", at, 0, usize::MAX)
        .iter()
        .enumerate()
    {
        let at = format!("{at}/elements/{index}");
        let needed = match element["type"].as_str().unwrap_or_default() {
            "text" => "text",
            "link" => "url",
            "emoji" => "name",
            "user" => "user_id",
            "usergroup" => "usergroup_id",
            "channel" => "channel_id",
            "broadcast" => "range",
            "date" => "timestamp",
            "color" => "value",
            "team" => "team_id",
            other => {
                report.add(&format!("unsupported type: {other}"), &format!("{at}/type"));
                continue;
            }
        };
        if report.required(element, needed, &at) && needed == "text" {
            report.string(element, "text", &at, 1, usize::MAX - 1);
        }
    }
}
