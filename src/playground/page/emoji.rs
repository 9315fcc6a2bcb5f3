//! The emoji names that bots and people on call use. An unknown name stays as it was typed, as in Slack.

/// The picture for a name without colons. Skin tone suffixes are ignored.
pub fn lookup(name: &str) -> Option<&'static str> {
    let name = name.split("::").next().unwrap_or(name);
    TABLE
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, picture)| *picture)
}

/// A stretch of text, or an emoji that was written by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    Text(&'t str),
    Emoji { name: &'t str, picture: &'static str },
}

/// Cuts text at the emoji names in it.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(colon) = text[at..].find(':').map(|found| at + found) {
        let name = text[colon + 1..]
            .split([':', ' ', '\n'])
            .next()
            .unwrap_or_default();
        let end = colon + 1 + name.len();
        match lookup(name).filter(|_| text[end..].starts_with(':')) {
            Some(picture) => {
                out.push(Piece::Text(&text[start..colon]));
                out.push(Piece::Emoji { name, picture });
                start = end + 1;
                at = start;
            }
            None => at = colon + 1,
        }
    }
    out.push(Piece::Text(&text[start..]));
    out.retain(|piece| *piece != Piece::Text(""));
    out
}

const TABLE: &[(&str, &str)] = &[
    ("+1", "👍"),
    ("-1", "👎"),
    ("100", "💯"),
    ("alarm_clock", "⏰"),
    ("ambulance", "🚑"),
    ("arrow_down", "⬇️"),
    ("arrow_right", "➡️"),
    ("arrow_up", "⬆️"),
    ("arrows_counterclockwise", "🔄"),
    ("ballot_box_with_check", "☑️"),
    ("bangbang", "‼️"),
    ("bar_chart", "📊"),
    ("bell", "🔔"),
    ("black_large_square", "⬛"),
    ("blue_heart", "💙"),
    ("bomb", "💣"),
    ("book", "📖"),
    ("books", "📚"),
    ("boom", "💥"),
    ("broken_heart", "💔"),
    ("bug", "🐛"),
    ("bulb", "💡"),
    ("calendar", "📅"),
    ("chart_with_downwards_trend", "📉"),
    ("chart_with_upwards_trend", "📈"),
    ("clap", "👏"),
    ("clipboard", "📋"),
    ("clock1", "🕐"),
    ("closed_lock_with_key", "🔐"),
    ("coffee", "☕"),
    ("computer", "💻"),
    ("construction", "🚧"),
    ("eyes", "👀"),
    ("exclamation", "❗"),
    ("face_with_monocle", "🧐"),
    ("fast_forward", "⏩"),
    ("fire", "🔥"),
    ("fire_engine", "🚒"),
    ("gear", "⚙️"),
    ("ghost", "👻"),
    ("green_heart", "💚"),
    ("grey_question", "❔"),
    ("grinning", "😀"),
    ("hammer_and_wrench", "🛠️"),
    ("hand", "✋"),
    ("heart", "❤️"),
    ("heavy_check_mark", "✔️"),
    ("heavy_minus_sign", "➖"),
    ("heavy_multiplication_x", "✖️"),
    ("heavy_plus_sign", "➕"),
    ("hourglass", "⌛"),
    ("hourglass_flowing_sand", "⏳"),
    ("information_source", "ℹ️"),
    ("joy", "😂"),
    ("key", "🔑"),
    ("label", "🏷️"),
    ("large_blue_circle", "🔵"),
    ("large_green_circle", "🟢"),
    ("large_orange_circle", "🟠"),
    ("large_red_square", "🟥"),
    ("large_yellow_circle", "🟡"),
    ("link", "🔗"),
    ("lock", "🔒"),
    ("loudspeaker", "📢"),
    ("mag", "🔍"),
    ("mega", "📣"),
    ("memo", "📝"),
    ("microscope", "🔬"),
    ("moneybag", "💰"),
    ("muscle", "💪"),
    ("no_bell", "🔕"),
    ("no_entry", "⛔"),
    ("no_entry_sign", "🚫"),
    ("octagonal_sign", "🛑"),
    ("ok", "🆗"),
    ("ok_hand", "👌"),
    ("one", "1️⃣"),
    ("package", "📦"),
    ("pager", "📟"),
    ("paperclip", "📎"),
    ("party_popper", "🎉"),
    ("pause_button", "⏸️"),
    ("pencil", "📝"),
    ("pencil2", "✏️"),
    ("phone", "☎️"),
    ("play_or_pause_button", "⏯️"),
    ("point_right", "👉"),
    ("pray", "🙏"),
    ("pushpin", "📌"),
    ("question", "❓"),
    ("rage", "😡"),
    ("raised_hand", "✋"),
    ("raised_hands", "🙌"),
    ("red_circle", "🔴"),
    ("repeat", "🔁"),
    ("robot_face", "🤖"),
    ("rocket", "🚀"),
    ("rotating_light", "🚨"),
    ("satellite", "🛰️"),
    ("scream", "😱"),
    ("seedling", "🌱"),
    ("shield", "🛡️"),
    ("shrug", "🤷"),
    ("slightly_smiling_face", "🙂"),
    ("smile", "😄"),
    ("snowflake", "❄️"),
    ("sos", "🆘"),
    ("sparkles", "✨"),
    ("speech_balloon", "💬"),
    ("star", "⭐"),
    ("stethoscope", "🩺"),
    ("stop_button", "⏹️"),
    ("stop_sign", "🛑"),
    ("stopwatch", "⏱️"),
    ("tada", "🎉"),
    ("telephone_receiver", "📞"),
    ("thinking_face", "🤔"),
    ("three", "3️⃣"),
    ("thumbsdown", "👎"),
    ("thumbsup", "👍"),
    ("ticket", "🎫"),
    ("timer_clock", "⏲️"),
    ("triangular_flag_on_post", "🚩"),
    ("turtle", "🐢"),
    ("two", "2️⃣"),
    ("unlock", "🔓"),
    ("warning", "⚠️"),
    ("wastebasket", "🗑️"),
    ("wave", "👋"),
    ("white_check_mark", "✅"),
    ("white_circle", "⚪"),
    ("wrench", "🔧"),
    ("x", "❌"),
    ("yellow_heart", "💛"),
    ("zap", "⚡"),
    ("zzz", "💤"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_and_without_a_skin_tone() {
        assert_eq!(lookup("white_check_mark"), Some("✅"));
        assert_eq!(lookup("+1::skin-tone-3"), Some("👍"));
        assert_eq!(lookup("no_such_thing"), None);
    }

    #[test]
    fn text_is_cut_at_known_names_only() {
        let check = Piece::Emoji {
            name: "x",
            picture: "❌",
        };
        assert_eq!(pieces("a:x:b"), vec![Piece::Text("a"), check, Piece::Text("b")]);
        assert_eq!(pieces("10:30:45 :nope:"), vec![Piece::Text("10:30:45 :nope:")]);
        assert_eq!(pieces(":x"), vec![Piece::Text(":x")]);
    }
}
