//! The renderer and the page as a person meets them: over HTTP, and as HTML.

#[path = "page/cards.rs"]
mod cards;
#[path = "page/fixture.rs"]
mod fixture;
#[path = "page/foreign.rs"]
mod foreign;
#[path = "page/http.rs"]
mod http_client;
#[path = "page/levers.rs"]
mod levers;
#[path = "page/manual.rs"]
mod manual;
#[path = "page/real.rs"]
mod real;
#[path = "page/rendering.rs"]
mod rendering;
#[path = "page/serving.rs"]
mod serving;
#[path = "page/stories.rs"]
mod stories;
