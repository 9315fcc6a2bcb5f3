//! Files shared in a message: pictures are drawn, others are a tile with name, kind and size.

use super::html::Html;
use super::image::file_src;
use crate::playground::slack::view::FileView;

/// Kinds that a browser draws without running anything in them.
pub const PICTURES: [&str; 3] = ["image/png", "image/jpeg", "image/gif"];

/// Writes one file.
pub fn write(h: &mut Html, file: &FileView) {
    let src = file_src(&file.id);
    let title = if file.title.is_empty() {
        &file.name
    } else {
        &file.title
    };
    let alt = if file.alt.is_empty() { title } else { &file.alt };
    if PICTURES.contains(&file.mimetype.as_str()) {
        h.el("figure", &[("class", "blk image")], |h| {
            h.tag("figcaption", &[], title);
            h.open(
                "img",
                &[
                    ("class", "picture"),
                    ("src", &src),
                    ("alt", alt),
                    ("loading", "lazy"),
                ],
            );
        });
        return;
    }
    h.el("a", &[("class", "file"), ("href", &src), ("target", "_blank"), ("rel", "noopener")], |h| {
        h.raw(concat!(
            "<svg class=\"file-icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"M6 2h8l5 5v15H6z\"/>",
            "<path d=\"M14 2v5h5M9 12h7M9 15.5h7M9 19h4\"/></svg>"
        ));
        h.el("span", &[], |h| {
            h.tag("b", &[], title);
            h.tag("small", &[], &format!("{} · {}", kind(file), size(file.size)));
        });
    });
}

fn kind(file: &FileView) -> String {
    match file.name.rsplit_once('.') {
        Some((_, extension)) if extension.len() <= 5 => extension.to_uppercase(),
        _ => file.mimetype.clone(),
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}
