//! The page's own small drawings: strokes in the colour of the text.

pub const MARK: &str = concat!(
    "<svg class=\"mark\" viewBox=\"0 0 32 32\" aria-hidden=\"true\"><rect width=\"32\" height=\"32\" rx=\"9\"/>",
    "<path d=\"M11 14v-3a5 5 0 0 1 10 0v3\"/><path d=\"M8.5 14h15v9.5h-15z\"/><path d=\"M16 17.5v3\"/></svg>"
);
pub const HASH: &str = "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M8 3 6 17M14 3l-2 14M3.5 7.5h13.5M3 12.5h13.5\"/></svg>";
pub const LOCK: &str = concat!(
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M6 9V6.5a4 4 0 0 1 8 0V9\"/>",
    "<rect x=\"4\" y=\"9\" width=\"12\" height=\"8\" rx=\"1.5\"/></svg>"
);
pub const PERSON: &str = concat!(
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><circle cx=\"10\" cy=\"7\" r=\"3.2\"/>",
    "<path d=\"M3.8 17c.6-3.6 3-5.2 6.2-5.2s5.6 1.6 6.2 5.2\"/></svg>"
);
pub const HOME: &str = concat!(
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M3 9.5 10 3l7 6.5\"/>",
    "<path d=\"M5 8.5V17h10V8.5\"/></svg>"
);
pub const WORLD: &str = concat!(
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><rect x=\"3\" y=\"3.5\" width=\"14\" height=\"5\" rx=\"1\"/>",
    "<rect x=\"3\" y=\"11.5\" width=\"14\" height=\"5\" rx=\"1\"/><path d=\"M6 6h.01M6 14h.01\"/></svg>"
);
pub const MENU: &str = "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M3 5.5h14M3 10h14M3 14.5h14\"/></svg>";
pub const BACK: &str =
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M12 4 6 10l6 6\"/></svg>";
pub const CLOSE: &str =
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"m5 5 10 10M15 5 5 15\"/></svg>";
pub const SEND: &str = "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M3 10 17 3.5l-4 13L9.5 11z\"/></svg>";
pub const FIRE: &str =
    "<svg class=\"ic\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"M6 4v12l10-6z\"/></svg>";

/// The picture beside the page's title.
pub const FAVICON: &str = concat!(
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" rx=\"9\" fill=\"#0e7c66\"/>",
    "<g fill=\"none\" stroke=\"#fff\" stroke-width=\"2.4\" stroke-linecap=\"round\" stroke-linejoin=\"round\">",
    "<path d=\"M11 14v-3a5 5 0 0 1 10 0v3\"/><path d=\"M8.5 14h15v9.5h-15z\"/><path d=\"M16 17.5v3\"/></g></svg>"
);
