//! A file's scenario and its variants: the same once more with something else in it, so that both sides of a limit, every word
//! of a trigger and every severity take a line each and not a file.

use toml::{Table, Value};

use super::scenario::Scenario;

/// The scenarios of one file, each with its name. A file that can't be read is one that fails.
pub(super) fn all(name: &str, text: &str) -> Vec<(String, Result<Box<Scenario>, String>)> {
    let told = |error: toml::de::Error| error.to_string().trim_end().to_owned();
    let base: Scenario = match toml::from_str(text) {
        Ok(base) => base,
        Err(error) => return vec![(name.to_owned(), Err(told(error)))],
    };
    let table: Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => return vec![(name.to_owned(), Err(told(error)))],
    };
    let mut found = Vec::new();
    for row in &base.variants {
        let title = row.get("name").and_then(Value::as_str);
        let own = format!("{name}: {}", title.unwrap_or("a variant without a name"));
        let read = title
            .ok_or_else(|| "a variant has no `name`: say in a line what is otherwise in it".to_owned())
            .and_then(|title| merged(&table, row, title))
            .and_then(|table| table.try_into::<Scenario>().map_err(told))
            .map(Box::new);
        found.push((own, read));
    }
    found.insert(0, (name.to_owned(), Ok(Box::new(base))));
    found
}

/// The file's scenario with what the variant says in its place. `alert` goes over every alert key by key; every other key, and
/// so all that is expected, is the variant's whole.
fn merged(base: &Table, row: &Table, title: &str) -> Result<Table, String> {
    let mut table = base.clone();
    table.remove("variants");
    let name = base.get("name").and_then(Value::as_str).unwrap_or_default();
    table.insert("name".to_owned(), Value::String(format!("{name}: {title}")));
    if !row.contains_key("expect") {
        return Err(format!("the variant `{title}` expects nothing: add `expect`"));
    }
    for (key, value) in row {
        match (key.as_str(), value) {
            ("name", _) => {}
            ("variants", _) => return Err(format!("the variant `{title}` has variants of its own")),
            ("alert", Value::Table(over)) => {
                let alerts = table.get_mut("alerts").and_then(Value::as_array_mut);
                for alert in alerts.into_iter().flatten().filter_map(Value::as_table_mut) {
                    alert.extend(over.clone());
                }
            }
            ("alert", _) => return Err(format!("`alert` of the variant `{title}` is no table")),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(table)
}
