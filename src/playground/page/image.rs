//! Pictures. The page loads nothing from outside: files of the workspace and `data:` pictures are drawn, any
//! other URL is shown as its alternative text with a link.

use serde_json::Value;

use super::ctx::{Ctx, str_of};
use super::html::{Html, safe_href};
use super::{inline, text};

/// An `image` block.
pub fn block(h: &mut Html, block: &Value, ctx: &Ctx<'_>) {
    h.el("figure", &[("class", "blk image")], |h| {
        if block.get("title").is_some_and(Value::is_object) {
            h.el("figcaption", &[], |h| text::write(h, &block["title"], ctx));
        }
        picture(h, block, "picture");
    });
}

/// An `image` element in a context block or as an accessory.
pub fn element(h: &mut Html, element: &Value) {
    picture(h, element, "thumb");
}

fn picture(h: &mut Html, object: &Value, class: &str) {
    let alt = str_of(object, "alt_text");
    match source(object) {
        Some(src) => {
            h.open(
                "img",
                &[
                    ("class", class),
                    ("src", &src),
                    ("alt", alt),
                    ("title", alt),
                    ("loading", "lazy"),
                ],
            );
        }
        None => {
            h.el("span", &[("class", "img-missing")], |h| {
                h.text(if alt.is_empty() { "picture" } else { alt });
                if let Some(href) = safe_href(str_of(object, "image_url")) {
                    h.raw(" · ");
                    inline::link(h, href, "open");
                }
            });
        }
    }
}

/// Where the page itself serves the picture, if it does.
fn source(object: &Value) -> Option<String> {
    if let Some(file) = object.get("slack_file") {
        let id = Some(str_of(file, "id"))
            .filter(|id| !id.is_empty())
            .or_else(|| file_id_in(str_of(file, "url")))?;
        return is_file_id(id).then(|| file_src(id));
    }
    let url = str_of(object, "image_url");
    if ["png", "jpeg", "gif", "webp"]
        .iter()
        .any(|kind| url.starts_with(&format!("data:image/{kind};base64,")))
    {
        return Some(url.to_owned());
    }
    file_id_in(url).map(file_src)
}

/// The page's address for the bytes of a file.
pub fn file_src(id: &str) -> String {
    format!(
        "/files/{}",
        percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC)
    )
}

/// Workspace files have ids like `F0123ABCD` (at least nine characters, [Block Kit's own pattern]).
///
/// [Block Kit's own pattern]: https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
fn is_file_id(id: &str) -> bool {
    let mut chars = id.chars();
    chars.next() == Some('F') && id.len() >= 9 && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// The file id inside a file URL of the workspace: `…/files-pri/T012-F0123ABCD/name.png`.
fn file_id_in(url: &str) -> Option<&str> {
    let path = url.split_once("/files").map(|(_, path)| path)?;
    path.split(['/', '-', '?']).find(|part| is_file_id(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_workspace_and_inline_data_are_loaded() {
        let src = |v: Value| source(&v);
        assert_eq!(
            src(json!({"slack_file": {"id": "F0123ABCD"}})).as_deref(),
            Some("/files/F0123ABCD")
        );
        let url = "http://127.0.0.1:1/files-pri/T012-F0123ABCD/a.png";
        assert_eq!(
            src(json!({"slack_file": {"url": url}})).as_deref(),
            Some("/files/F0123ABCD")
        );
        assert_eq!(src(json!({"slack_file": {"id": "../../etc"}})), None);
        assert_eq!(src(json!({"image_url": "https://evil.example/pixel.png"})), None);
        assert_eq!(src(json!({"image_url": "data:image/svg+xml;base64,AAAA"})), None);
        assert!(src(json!({"image_url": "data:image/png;base64,AAAA"})).is_some());
    }
}
