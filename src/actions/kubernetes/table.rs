//! Columns of text as kubectl prints them, from the tables that a server makes.

use serde_json::Value;

/// Spaces between columns.
const GAP: usize = 3;

/// Which columns are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Usual,
    /// Those for `-o wide` too.
    Wide,
}

/// Prints the rows of all pages under one heading; empty when there are none. A page that is no table but a list or
/// an object gives its names.
#[must_use]
pub fn print(pages: &[Value], with_namespace: bool, width: Width) -> String {
    let mut heading: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for page in pages {
        let (columns, page_rows) = if page["kind"] == "Table" {
            from_table(page, width)
        } else {
            from_objects(page)
        };
        heading.get_or_insert(columns);
        rows.extend(page_rows);
    }
    let Some(mut heading) = heading.filter(|_| !rows.is_empty()) else {
        return String::new();
    };
    if with_namespace {
        heading.insert(0, "NAMESPACE".to_owned());
    }
    let mut lines = vec![heading];
    lines.extend(rows.into_iter().map(|(namespace, mut cells)| {
        if with_namespace {
            cells.insert(0, namespace);
        }
        cells
    }));
    aligned(&lines)
}

/// The names of all objects of the pages, which are lists or objects.
pub fn names(pages: &[Value]) -> impl Iterator<Item = &str> {
    let objects = pages.iter().flat_map(|page| match page["items"].as_array() {
        Some(items) => items.as_slice(),
        None => std::slice::from_ref(page),
    });
    objects.filter_map(|object| object["metadata"]["name"].as_str())
}

type Rows = Vec<(String, Vec<String>)>;

/// Columns with a priority above 0 are for `-o wide`.
fn from_table(table: &Value, width: Width) -> (Vec<String>, Rows) {
    let columns = array(table, "columnDefinitions");
    let shown: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| width == Width::Wide || column["priority"].as_i64().unwrap_or(0) == 0)
        .map(|(index, _)| index)
        .collect();
    let heading = shown
        .iter()
        .map(|index| cell(&columns[*index]["name"]).to_uppercase())
        .collect();
    let rows = array(table, "rows").iter().map(|row| {
        let cells = shown.iter().map(|index| cell(&row["cells"][*index])).collect();
        (cell(&row["object"]["metadata"]["namespace"]), cells)
    });
    (heading, rows.collect())
}

fn from_objects(page: &Value) -> (Vec<String>, Rows) {
    let objects = if page["items"].is_array() {
        array(page, "items")
    } else {
        std::slice::from_ref(page)
    };
    let rows = objects.iter().map(|object| {
        let metadata = &object["metadata"];
        (
            cell(&metadata["namespace"]),
            vec![cell(&metadata["name"]), cell(&metadata["creationTimestamp"])],
        )
    });
    (vec!["NAME".to_owned(), "CREATED".to_owned()], rows.collect())
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            row.push_str(cell);
            row.push_str(&" ".repeat(width + GAP - cell.chars().count()));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_of_the_server_is_printed_as_kubectl_does() {
        let page = json!({
            "kind": "Table",
            "columnDefinitions": [
                {"name": "Name", "priority": 0}, {"name": "Ready", "priority": 0},
                {"name": "Restarts", "priority": 0}, {"name": "IP", "priority": 1},
            ],
            "rows": [
                {"cells": ["redis-primary-1", "1/1", 0, "10.0.0.1"], "object": {"metadata": {"namespace": "production"}}},
                {"cells": ["api", "0/2", 12, "10.0.0.2"], "object": {"metadata": {"namespace": "staging"}}},
            ],
        });
        let text = print(std::slice::from_ref(&page), false, Width::Usual);
        assert_eq!(
            text,
            "NAME              READY   RESTARTS\nredis-primary-1   1/1     0\napi               0/2     12\n"
        );
        let wide = print(std::slice::from_ref(&page), false, Width::Wide);
        assert!(wide.contains("IP") && wide.contains("10.0.0.2"), "{wide}");
        assert!(print(&[page], true, Width::Usual).starts_with("NAMESPACE    NAME              READY"));
    }

    #[test]
    fn no_rows_print_nothing() {
        assert_eq!(
            print(
                &[json!({"kind": "Table", "columnDefinitions": [{"name": "Name"}], "rows": []})],
                false,
                Width::Usual
            ),
            ""
        );
        assert_eq!(print(&[json!({"items": []})], false, Width::Usual), "");
    }
}
