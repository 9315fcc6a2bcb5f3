//! Text objects of Block Kit: `plain_text` and `mrkdwn`.

use serde_json::Value;

use super::ctx::{Ctx, bool_of, str_of};
use super::emoji::{self, Piece};
use super::html::Html;
use super::inline;
use super::mrkdwn::{self, AutoLink};

/// Writes a text object; a bare string counts as plain text.
pub fn write(h: &mut Html, object: &Value, ctx: &Ctx<'_>) {
    if let Some(text) = object.as_str() {
        plain(h, text, true);
    } else if str_of(object, "type") == "mrkdwn" {
        let auto = if bool_of(object, "verbatim") {
            AutoLink::Off
        } else {
            AutoLink::On
        };
        mrkdwn::write(h, str_of(object, "text"), ctx.names, auto);
    } else {
        let with_emoji = object.get("emoji").and_then(Value::as_bool).unwrap_or(true);
        plain(h, str_of(object, "text"), with_emoji);
    }
}

/// Plain text with line breaks and, where asked for, emoji names.
fn plain(h: &mut Html, text: &str, with_emoji: bool) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            h.raw("<br>");
        }
        if !with_emoji {
            h.text(line);
            continue;
        }
        for piece in emoji::pieces(line) {
            match piece {
                Piece::Text(text) => {
                    h.text(text);
                }
                Piece::Emoji { name, picture } => inline::write_emoji(h, name, picture),
            }
        }
    }
}

/// The text of a text object as one line without formatting, for labels and options.
pub fn line(object: &Value) -> String {
    let text = object.as_str().unwrap_or_else(|| str_of(object, "text"));
    if str_of(object, "type") == "mrkdwn" {
        return mrkdwn::plain(text);
    }
    let picture_or_text = |piece| match piece {
        Piece::Text(text) => text,
        Piece::Emoji { picture, .. } => picture,
    };
    emoji::pieces(text).into_iter().map(picture_or_text).collect()
}
