//! Signed requests to the app's request URLs.

use std::sync::Arc;

use axum::body::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::{Value, json};

use super::super::core::Core;
use super::super::faults::DeliveryFault;
use super::super::model::app::RequestUrls;
use super::super::sign::request_signature_headers;
use super::{AckBody, DEADLINE, DeliveryKind, Failure, Parcel};

/// Longest answer that is read.
const ANSWER: usize = 1 << 20;
/// Most redirects that are followed.
const REDIRECTS: usize = 2;

const FORM: &str = "application/x-www-form-urlencoded";

fn address(kind: DeliveryKind, urls: &RequestUrls) -> &str {
    match kind {
        DeliveryKind::Event => &urls.events,
        DeliveryKind::SlashCommand => &urls.commands,
        DeliveryKind::BlockActions
        | DeliveryKind::BlockSuggestion
        | DeliveryKind::ViewSubmission
        | DeliveryKind::ViewClosed
        | DeliveryKind::Shortcut
        | DeliveryKind::MessageAction => &urls.interactions,
    }
}

/// The body as Slack encodes it for its kind, with its content type.
fn encoded(kind: DeliveryKind, payload: &Value) -> (String, &'static str) {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    match kind {
        DeliveryKind::Event => (payload.to_string(), "application/json"),
        DeliveryKind::SlashCommand => {
            for (key, value) in payload.as_object().into_iter().flatten() {
                form.append_pair(key, value.as_str().unwrap_or_default());
            }
            (form.finish(), FORM)
        }
        DeliveryKind::BlockActions
        | DeliveryKind::BlockSuggestion
        | DeliveryKind::ViewSubmission
        | DeliveryKind::ViewClosed
        | DeliveryKind::Shortcut
        | DeliveryKind::MessageAction => (form.append_pair("payload", &payload.to_string()).finish(), FORM),
    }
}

impl Core {
    pub(super) async fn send_by_http(
        self: &Arc<Self>,
        parcel: &Parcel<'_>,
        urls: &RequestUrls,
    ) -> Result<AckBody, Failure> {
        let deadline = self.clock.now().plus(DEADLINE);
        tokio::select! {
            answer = self.exchange(parcel, address(parcel.kind, urls).to_owned()) => answer,
            () = self.clock.sleep_until(deadline) => Err(Failure::Timeout),
        }
    }

    async fn exchange(self: &Arc<Self>, parcel: &Parcel<'_>, mut url: String) -> Result<AckBody, Failure> {
        for _ in 0..=REDIRECTS {
            let request = self.request(parcel, &url)?;
            let response = self
                .http
                .request(request)
                .await
                .map_err(|_| Failure::Connection)?;
            let status = response.status();
            let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
            if status.is_redirection()
                && let Some(to) = header("location").and_then(|to| joined(&url, to))
            {
                url = to;
                continue;
            }
            let no_retry = header("x-slack-no-retry") == Some("1");
            let body = Limited::new(response.into_body(), ANSWER)
                .collect()
                .await
                .map_err(|_| Failure::Connection)?;
            if !status.is_success() {
                let code = status.as_u16();
                return Err(if no_retry {
                    Failure::StatusNoRetry(code)
                } else {
                    Failure::Status(code)
                });
            }
            return Ok(read(&body.to_bytes()));
        }
        Err(Failure::TooManyRedirects)
    }

    fn request(self: &Arc<Self>, parcel: &Parcel<'_>, url: &str) -> Result<Request<Full<Bytes>>, Failure> {
        let (body, content_type) = encoded(parcel.kind, parcel.payload);
        let secret = match parcel.fault {
            Some(DeliveryFault::WrongSecret) => "not the signing secret".to_owned(),
            Some(_) | None => self.with(|ws| ws.app.signing_secret.clone()),
        };
        let skew = match parcel.fault {
            Some(DeliveryFault::ClockSkew { seconds }) => seconds,
            Some(_) | None => 0,
        };
        let signed_at = parcel.signed_at.saturating_add_signed(skew);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::USER_AGENT, "Slackbot 1.0 (+https://api.slack.com/robots)");
        for (name, value) in request_signature_headers(&secret, signed_at, body.as_bytes()) {
            request = request.header(name, value);
        }
        if let Some(retry) = parcel.retry {
            request = request
                .header("x-slack-retry-num", retry.number.to_string())
                .header("x-slack-retry-reason", retry.reason);
        }
        request
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Failure::Connection)
    }

    /// Asks the events URL to prove that it is the app's: the challenge must come back.
    pub(in super::super) async fn verify_events_url(self: &Arc<Self>, url: &str) -> Result<(), Failure> {
        let challenge = super::super::ids::secret(40);
        let token = self.with(|ws| ws.app.verification_token.clone());
        let payload = json!({"type": "url_verification", "token": token, "challenge": challenge});
        let signed_at = self.clock.wall().seconds();
        let parcel = Parcel {
            kind: DeliveryKind::Event,
            payload: &payload,
            retry: None,
            fault: None,
            signed_at,
        };
        let urls = RequestUrls::single(url);
        match self.send_by_http(&parcel, &urls).await? {
            AckBody::Text(text) if text.trim() == challenge => Ok(()),
            AckBody::Json(value) if value["challenge"] == json!(challenge) => Ok(()),
            AckBody::Text(_) | AckBody::Json(_) | AckBody::Empty => Err(Failure::Status(200)),
        }
    }
}

fn joined(base: &str, to: &str) -> Option<String> {
    url::Url::parse(base).ok()?.join(to).ok().map(String::from)
}

fn read(body: &[u8]) -> AckBody {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() {
        return AckBody::Empty;
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(map)) if map.is_empty() => AckBody::Empty,
        Ok(value @ (Value::Object(_) | Value::Array(_))) => AckBody::Json(value),
        Ok(_) | Err(_) => AckBody::Text(text.into_owned()),
    }
}
