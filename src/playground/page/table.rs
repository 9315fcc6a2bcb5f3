//! The `table` block: rows of cells, each raw text or rich text, with alignment per column.

use serde_json::Value;

use super::ctx::{Ctx, list_of, str_of};
use super::html::Html;
use super::rich_text;

/// Writes a table; the first row is the head.
pub fn write(h: &mut Html, block: &Value, ctx: &Ctx<'_>) {
    let columns = list_of(block, "column_settings");
    h.el("div", &[("class", "blk table-wrap")], |h| {
        h.el("table", &[], |h| {
            for (index, row) in list_of(block, "rows").iter().enumerate() {
                let tag = if index == 0 { "th" } else { "td" };
                h.el("tr", &[], |h| {
                    for (column, cell) in row.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate() {
                        let align = columns.get(column).map_or("left", |c| align(c));
                        h.el(tag, &[("class", align)], |h| write_cell(h, cell, ctx));
                    }
                });
            }
        });
    });
}

fn align(column: &Value) -> &'static str {
    match str_of(column, "align") {
        "right" => "right",
        "center" => "center",
        _ => "left",
    }
}

fn write_cell(h: &mut Html, cell: &Value, ctx: &Ctx<'_>) {
    if str_of(cell, "type") == "rich_text" {
        rich_text::write(h, cell, ctx);
    } else {
        h.text(str_of(cell, "text"));
    }
}
