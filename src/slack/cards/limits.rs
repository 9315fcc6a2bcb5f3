//! Slack's limits on blocks, as a check that tests put cards and views through (docs.slack.dev, Block Kit reference).

use std::collections::HashSet;

use serde_json::Value;

/// Everything that Slack would refuse.
pub(crate) fn problems_of_message(body: &Value) -> Vec<String> {
    let mut problems = Problems::default();
    problems.text(body.get("text"), 4000, "text");
    let blocks = body
        .get("blocks")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    problems.blocks(&blocks, 50, false);
    problems.0
}

pub(crate) fn problems_of_view(view: &Value) -> Vec<String> {
    let mut problems = Problems::default();
    let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
    problems.blocks(&blocks, 100, true);
    if view["type"] == "modal" {
        problems.text(view.pointer("/title/text"), 24, "title");
        for part in ["submit", "close"] {
            if view.get(part).is_some() {
                problems.text(view.pointer(&format!("/{part}/text")), 24, part);
            }
        }
        if blocks.iter().any(|block| block["type"] == "input") && view.get("submit").is_none() {
            problems.0.push("inputs without submit".to_owned());
        }
    }
    if view["private_metadata"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .count()
        > 3000
    {
        problems.0.push("private_metadata".to_owned());
    }
    if view.to_string().len() > 250_000 {
        problems.0.push("view is larger than 250 KB".to_owned());
    }
    problems.0
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn text(&mut self, text: Option<&Value>, most: usize, place: &str) {
        match text.and_then(Value::as_str) {
            Some(text) if (1..=most).contains(&text.chars().count()) && !text.trim().is_empty() => {}
            Some(text) => self
                .0
                .push(format!("{place}: {} characters", text.chars().count())),
            None => self.0.push(format!("{place}: missing")),
        }
    }

    fn mrkdwn(&mut self, object: &Value, most: usize, place: &str) {
        self.text(object.get("text"), most, place);
        let text = object["text"].as_str().unwrap_or_default();
        for call in ["<!channel", "<!here", "<!everyone"] {
            if text.contains(call) {
                self.0.push(format!("{place}: {call}"));
            }
        }
        if object["type"] == "mrkdwn" && object["verbatim"] != true {
            self.0.push(format!("{place}: not verbatim"));
        }
    }

    fn blocks(&mut self, blocks: &[Value], most: usize, inputs: bool) {
        if blocks.is_empty() || blocks.len() > most {
            self.0.push(format!("{} blocks", blocks.len()));
        }
        let mut ids = HashSet::new();
        for (number, block) in blocks.iter().enumerate() {
            let place = format!("block {number}");
            if let Some(id) = block.get("block_id").and_then(Value::as_str)
                && (id.is_empty() || id.chars().count() > 255 || !ids.insert(id.to_owned()))
            {
                self.0.push(format!("{place}: block_id {id}"));
            }
            self.block(block, &place, inputs);
        }
    }

    fn block(&mut self, block: &Value, place: &str, inputs: bool) {
        match block["type"].as_str().unwrap_or_default() {
            "section" => {
                self.mrkdwn(&block["text"], 3000, place);
                if let Some(accessory) = block.get("accessory") {
                    self.element(accessory, place);
                }
            }
            "header" => self.text(block.pointer("/text/text"), 150, place),
            "context" => {
                let elements = block["elements"].as_array().cloned().unwrap_or_default();
                if elements.is_empty() || elements.len() > 10 {
                    self.0.push(format!("{place}: {} elements", elements.len()));
                }
                for element in &elements {
                    self.mrkdwn(element, 3000, place);
                }
            }
            "rich_text" => self.text(block.pointer("/elements/0/elements/0/text"), 3000, place),
            "actions" => {
                let elements = block["elements"].as_array().cloned().unwrap_or_default();
                if elements.is_empty() || elements.len() > 25 {
                    self.0.push(format!("{place}: {} elements", elements.len()));
                }
                let ids: HashSet<_> = elements
                    .iter()
                    .map(|element| element["action_id"].to_string())
                    .collect();
                if ids.len() != elements.len() {
                    self.0.push(format!("{place}: an action_id twice"));
                }
                if elements
                    .iter()
                    .filter(|element| element["style"] == "primary")
                    .count()
                    > 1
                {
                    self.0.push(format!("{place}: two primary buttons"));
                }
                for element in &elements {
                    self.element(element, place);
                }
            }
            "input" if inputs => {
                self.text(block.pointer("/label/text"), 2000, place);
                self.element(&block["element"], place);
            }
            other => self.0.push(format!("{place}: a block of type {other}")),
        }
    }

    fn element(&mut self, element: &Value, place: &str) {
        self.text(element.get("action_id"), 255, place);
        match element["type"].as_str().unwrap_or_default() {
            "button" => {
                self.text(element.pointer("/text/text"), 75, place);
                self.text(element.get("value"), 2000, place);
                self.text(element.get("accessibility_label"), 75, place);
                if let Some(confirm) = element.get("confirm") {
                    for (part, most) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
                        self.text(confirm.pointer(&format!("/{part}/text")), most, place);
                    }
                }
            }
            "overflow" => self.options(element, 1..=5, place),
            "static_select" => self.options(element, 1..=100, place),
            "checkboxes" => self.options(element, 1..=10, place),
            "plain_text_input" => {
                if element["max_length"].as_u64().is_some_and(|most| most > 3000) {
                    self.0.push(format!("{place}: max_length"));
                }
            }
            other => self.0.push(format!("{place}: an element of type {other}")),
        }
    }

    fn options(&mut self, element: &Value, count: std::ops::RangeInclusive<usize>, place: &str) {
        let options = element["options"].as_array().cloned().unwrap_or_default();
        if !count.contains(&options.len()) {
            self.0.push(format!("{place}: {} options", options.len()));
        }
        for option in &options {
            self.text(option.pointer("/text/text"), 75, place);
            self.text(option.get("value"), 75, place);
        }
    }
}
