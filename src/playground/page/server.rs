//! The page over HTTP: the document, the fragment, the stream that says "changed", files, and the assets in
//! the binary.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::middleware::from_fn;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::Stream;
use tokio::sync::broadcast::error::RecvError;

use super::backend::{Backend, BackendError};
use super::html::Html;
use super::layout::{self, Scene};
use super::place::Place;
use super::reading::Reading;
use super::world::World;
use super::{files, guard, icons};
use crate::playground::control;
use crate::playground::slack::view::PersonView;

/// Changes closer together than this reach a window as one.
const GATHER: Duration = Duration::from_millis(60);

/// Where the page's assets lie in the repository.
macro_rules! asset_path {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/templates/playground/", $name)
    };
}
struct Page {
    backend: Arc<dyn Backend>,
    reading: Reading,
}

/// The page and the control API over one playground.
pub fn router(backend: Arc<dyn Backend>) -> Router {
    let page = Arc::new(Page {
        backend: backend.clone(),
        reading: Reading::default(),
    });
    Router::new()
        .route("/", get(document))
        .route("/fragment", get(fragment))
        .route("/files/{id}", get(file))
        .route(
            "/assets/page.css",
            get(|| asset("text/css; charset=utf-8", include_str!(asset_path!("page.css")))),
        )
        .route(
            "/assets/page.js",
            get(|| {
                asset(
                    "text/javascript; charset=utf-8",
                    include_str!(asset_path!("page.js")),
                )
            }),
        )
        .route("/assets/icon.svg", get(|| asset("image/svg+xml", icons::FAVICON)))
        .with_state(page)
        .merge(control::router(backend))
        .layer(from_fn(guard::guard))
}

async fn asset(kind: &'static str, body: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], body)
}

async fn document(State(page): State<Arc<Page>>, Query(place): Query<Place>) -> Response {
    draw(&page, place, layout::document).await
}

async fn fragment(State(page): State<Arc<Page>>, Query(place): Query<Place>) -> Response {
    draw(&page, place, layout::fragment).await
}

async fn draw(page: &Page, mut place: Place, with: fn(&Scene<'_>) -> Html) -> Response {
    let drawn = async {
        place.who = person(page.backend.people().await?, &place.who)?;
        let view = page.backend.view(&place.who).await?;
        let world = World::ask(page.backend.as_ref()).await?;
        Ok(with(&Scene {
            place: &place,
            view: &view,
            world: &world,
            reading: &page.reading,
        }))
    };
    match drawn.await {
        Ok(html) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], html.into_string()).into_response(),
        Err(error) => failed(&error),
    }
}

/// Whose eyes a window has: the id, or the handle as people type it; without either those of the first person.
fn person(people: Vec<PersonView>, wanted: &str) -> Result<String, BackendError> {
    let handle = wanted.trim_start_matches('@');
    let is_wanted = |p: &PersonView| p.id == wanted || p.name.eq_ignore_ascii_case(handle);
    let found = if wanted.is_empty() {
        people.iter().find(|p| !p.is_bot)
    } else {
        people.iter().find(|p| is_wanted(p))
    };
    found.map(|p| p.id.clone()).ok_or_else(|| BackendError::NotFound {
        what: "person",
        id: wanted.to_owned(),
        there: control::people_named(&people),
    })
}

fn failed(error: &BackendError) -> Response {
    (control::status_of(error), error.to_string()).into_response()
}

/// Pictures and plain text are shown, everything else is downloaded under its name: nothing uploaded runs in the page's
/// origin.
async fn file(State(page): State<Arc<Page>>, Path(id): Path<String>) -> Response {
    let file = match page.backend.file(&id).await {
        Ok(file) => file,
        Err(error) => return failed(&error),
    };
    let kind = file.mimetype.as_str();
    let (shown, how) = match files::PICTURES.iter().find(|picture| **picture == kind) {
        Some(picture) => (*picture, "inline"),
        None if kind == "text/plain" => ("text/plain; charset=utf-8", "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    let name = percent_encoding::utf8_percent_encode(&file.name, percent_encoding::NON_ALPHANUMERIC);
    let named = format!("{how}; filename*=UTF-8''{name}");
    let headers = [(CONTENT_TYPE, shown.to_owned()), (CONTENT_DISPOSITION, named)];
    (StatusCode::OK, headers, file.bytes).into_response()
}

/// A stream with an event `changed` after every burst of changes, and one at the start. It carries data
/// because browsers drop an event without.
pub fn changes(backend: &dyn Backend) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let receiver = backend.changes();
    let stream = futures::stream::unfold((receiver, true), |(mut receiver, first)| async move {
        if !first {
            if let Err(RecvError::Closed) = receiver.recv().await {
                return None;
            }
            tokio::time::sleep(GATHER).await;
            receiver = receiver.resubscribe();
        }
        Some((Ok(Event::default().event("changed").data("1")), (receiver, false)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
