//! A JSON value as YAML that people can read: blocks, plain words where they are safe, and texts of several lines as they
//! are. Whatever could be read as something else stands in the quotes of JSON, which YAML reads the same.

use std::fmt::Write as _;

use serde_json::Value;

/// One document, with a line end.
pub(super) fn written(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let _ = write!(text, "{:depth$}{}:", "", scalar(&Value::from(key.as_str())));
                behind(value, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut inner = String::new();
                block(item, depth + 2, &mut inner);
                let _ = writeln!(text, "{:depth$}- {}", "", inner.trim());
            }
        }
        _ => {
            let _ = writeln!(text, "{:depth$}{}", "", scalar(value));
        }
    }
}

/// What stands behind `key:`.
fn behind(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            block(value, depth + 2, text);
        }
        Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_number()) => {
            let items: Vec<String> = items.iter().map(scalar).collect();
            let _ = writeln!(text, " [{}]", items.join(", "));
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, depth + 2, text);
        }
        Value::String(lines) if is_literal(lines) => {
            text.push_str(" |-\n");
            for line in lines.lines() {
                let _ = writeln!(text, "{:1$}{line}", "", depth + 2);
            }
        }
        _ => {
            let _ = writeln!(text, " {}", scalar(value));
        }
    }
}

/// Several lines that a block keeps as they are.
fn is_literal(text: &str) -> bool {
    let safe =
        |line: &str| !line.is_empty() && line == line.trim_end() && !line.chars().any(char::is_control);
    text.contains('\n') && !text.starts_with(' ') && !text.ends_with('\n') && text.lines().all(safe)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Words that no reader of YAML takes for anything but a text.
fn is_plain(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/' | '_');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    begins && text.chars().all(safe) && !words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::written;

    #[test]
    fn nothing_is_read_as_something_else() {
        let value = json!({
            "a": [{"name": "x", "verbs": ["get", "*"]}, {"name": "no"}],
            "interlock.dev/rights": "granted",
            "condition": "(\na == 'x'\n)",
            "one": "a: b",
            "empty": [],
            "none": {},
            "yes": true,
        });
        let text = written(&value);
        assert_eq!(
            text,
            "a:\n  - name: x\n    verbs: [get, \"*\"]\n  - name: \"no\"\ncondition: |-\n  (\n  a == 'x'\n  )\nempty: []\n\
             interlock.dev/rights: granted\nnone: {}\none: \"a: b\"\n\"yes\": true\n"
        );
    }
}
