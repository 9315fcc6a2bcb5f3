//! Collects what is wrong and where, and the small checks that everything else is made of.

use serde_json::Value;

/// Problems found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    messages: Vec<String>,
}

impl Report {
    pub(super) fn into_messages(self) -> Vec<String> {
        self.messages
    }

    pub(super) fn add(&mut self, text: &str, at: &str) {
        self.messages.push(format!("[ERROR] {text} [json-pointer:{at}]"));
    }

    /// Refuses fields that the object does not have.
    pub(super) fn only(&mut self, value: &Value, at: &str, allowed: &[&str]) {
        let Some(map) = value.as_object() else {
            self.add("must provide an object", at);
            return;
        };
        for key in map
            .keys()
            .filter(|key| !allowed.contains(&key.as_str()) && *key != "type")
        {
            self.add(&format!("invalid additional property: {key}"), at);
        }
    }

    pub(super) fn required(&mut self, value: &Value, key: &str, at: &str) -> bool {
        let present = value.get(key).is_some_and(|field| !field.is_null());
        if !present {
            self.add(&format!("missing required field: {key}"), at);
        }
        present
    }

    /// A string field, when present, within `min..=max` characters.
    pub(super) fn string(&mut self, value: &Value, key: &str, at: &str, min: usize, max: usize) {
        let Some(field) = value.get(key).filter(|field| !field.is_null()) else {
            return;
        };
        let place = format!("{at}/{key}");
        match field.as_str() {
            None => self.add("must be a string", &place),
            Some(text) => self.length(text, &place, min, max),
        }
    }

    pub(super) fn length(&mut self, text: &str, place: &str, min: usize, max: usize) {
        let count = text.chars().count();
        if count > max {
            self.add(&format!("must be less than {} characters", max + 1), place);
        }
        if count < min {
            self.add(
                &format!("must be more than {} characters", min.saturating_sub(1)),
                place,
            );
        }
    }

    pub(super) fn flag(&mut self, value: &Value, key: &str, at: &str) {
        if value
            .get(key)
            .is_some_and(|field| !field.is_boolean() && !field.is_null())
        {
            self.add("must be a boolean", &format!("{at}/{key}"));
        }
    }

    pub(super) fn one_of(&mut self, value: &Value, key: &str, at: &str, allowed: &[&str]) {
        let Some(field) = value.get(key).filter(|field| !field.is_null()) else {
            return;
        };
        if !field.as_str().is_some_and(|text| allowed.contains(&text)) {
            self.add(
                &format!("must be one of: {}", allowed.join(", ")),
                &format!("{at}/{key}"),
            );
        }
    }

    /// A list field within `min..=max` items; absent counts as none.
    pub(super) fn items<'a>(
        &mut self,
        value: &'a Value,
        key: &str,
        at: &str,
        min: usize,
        max: usize,
    ) -> &'a [Value] {
        let place = format!("{at}/{key}");
        let field = &value[key];
        if !field.is_null() && !field.is_array() {
            self.add("must be an array", &place);
            return &[];
        }
        let items = field.as_array().map(Vec::as_slice).unwrap_or_default();
        self.count(items.len(), &place, min, max);
        items
    }

    pub(super) fn count(&mut self, count: usize, place: &str, min: usize, max: usize) {
        if count > max {
            self.add(&format!("no more than {max} items allowed"), place);
        }
        if count < min {
            self.add(&format!("no fewer than {min} items allowed"), place);
        }
    }
}
