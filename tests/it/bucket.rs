//! A bucket of an S3-compatible store that keeps checkpoints. Source: the API reference of Amazon S3.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::any;
use md5::{Digest as _, Md5};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::world::Setup;

/// What a bucket keeps, by the names of the objects.
type Objects = Arc<Mutex<BTreeMap<String, String>>>;

/// How a bucket answers whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Answers,
    Refuses,
    IsAway,
}

/// `GET` of an object, or of the list of them: `ListObjectsV2` with `prefix` and `start-after`, two names a page.
fn reads(path: &str, asked: impl Fn(&str) -> Option<String>, objects: &Objects) -> (StatusCode, String) {
    let objects = objects.lock();
    if asked("list-type").is_none() {
        let name = path.trim_start_matches("/proofs/");
        return match objects.get(name) {
            Some(body) => (StatusCode::OK, body.clone()),
            None => (StatusCode::NOT_FOUND, String::new()),
        };
    }
    let after = asked("continuation-token")
        .or(asked("start-after"))
        .unwrap_or_default();
    let prefix = asked("prefix").unwrap_or_default();
    let all: Vec<&String> = objects
        .keys()
        .filter(|name| name.starts_with(&prefix) && **name > after)
        .collect();
    let page: Vec<&&String> = all.iter().take(2).collect();
    let contents: String = page
        .iter()
        .map(|name| format!("<Contents><Key>{name}</Key></Contents>"))
        .collect();
    let cut = all.len() > page.len();
    let next = page.last().filter(|_| cut);
    let next = next.map_or_else(String::new, |name| {
        format!("<NextContinuationToken>{name}</NextContinuationToken>")
    });
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>proofs</Name><MaxKeys>2</MaxKeys><IsTruncated>{cut}</IsTruncated>{next}{contents}</ListBucketResult>"
    );
    (StatusCode::OK, body)
}

pub type Bucket = (
    String,
    mpsc::UnboundedReceiver<(String, HeaderMap, Value)>,
    Arc<Mutex<Reads>>,
);

/// A bucket with object lock: it takes what is new, whole and locked, and what was signed says so. Who may read it may list it.
pub async fn bucket() -> Bucket {
    let (told, kept) = mpsc::unbounded_channel();
    let objects = Objects::default();
    let how = Arc::new(Mutex::new(Reads::Answers));
    let its = how.clone();
    let take = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let query: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let asked = |name: &str| {
            query
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        };
        if asked("X-Amz-Signature").is_none_or(|text| text.len() != 64) {
            return (StatusCode::FORBIDDEN, String::new());
        }
        if method == Method::GET {
            return match *its.lock() {
                Reads::Answers => reads(uri.path(), asked, &objects),
                Reads::Refuses => (StatusCode::FORBIDDEN, String::new()),
                Reads::IsAway => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
            };
        }
        let nothing = String::new();
        let signed = asked("X-Amz-SignedHeaders").unwrap_or_default();
        let all = [
            "content-md5",
            "x-amz-object-lock-mode",
            "x-amz-object-lock-retain-until-date",
        ];
        let covered = all.iter().all(|name| signed.split(';').any(|one| one == *name));
        if !covered {
            return (StatusCode::FORBIDDEN, nothing);
        }
        let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Md5::digest(&body));
        if headers["content-md5"] != digest {
            return (StatusCode::BAD_REQUEST, nothing);
        }
        let name = uri.path().trim_start_matches("/proofs/").to_owned();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap();
        if objects.lock().insert(name, text).is_some() {
            return (StatusCode::CONFLICT, nothing);
        }
        // Once the story has ended nobody looks.
        let _ = told.send((uri.path().to_owned(), headers, body));
        (StatusCode::OK, nothing)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, kept, how)
}

pub fn with_bucket(key: &str, url: &str) -> Setup {
    Setup::default().table(&format!(
        "[checkpoints]\nkey = \"{key}\"\n[checkpoints.s3]\nbucket = \"proofs\"\nendpoint = \"{url}\"\n\
         access_key_id = \"AKIA-TEST\"\nsecret_access_key = \"s3-secret-of-the-test\"\nretain_days = 400"
    ))
}
