//! The renderer and the page as a person meets them: over HTTP, and as HTML.

#[path = "page/cards.rs"]
mod cards;
#[path = "page/fixture.rs"]
mod fixture;
#[path = "page/foreign.rs"]
mod foreign;
#[path = "page/http.rs"]
mod http_client;
#[path = "page/rendering.rs"]
mod rendering;
#[path = "page/serving.rs"]
mod serving;
