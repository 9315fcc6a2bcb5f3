//! The way of one request: who is it, what does it want, does a fault meet it, may it, do it, write it down.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::authorize::authorize;
use super::query::{Caller, Query};
use super::target::{ObjectTarget, Target};
use super::{discovery, log, openapi, protobuf, read, respond, review, scale, token, watch, write};
use crate::playground::cluster::api::Body;
use crate::playground::cluster::authorizer::Grants;
use crate::playground::cluster::exec;
use crate::playground::cluster::faults::{Asked, FaultKind};
use crate::playground::cluster::ids::Ids;
use crate::playground::cluster::journal::RequestRecord;
use crate::playground::cluster::json;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::store::Key;

/// Largest request body, as on the real server.
const BODY_LIMIT: usize = 3 * 1024 * 1024;
/// Time to send a body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The connection is to be closed without an answer.
#[derive(Debug, Error)]
#[error("the connection was cut by a fault")]
pub(in crate::playground::cluster) struct Cut;

type Answer = Result<Response<Body>, ApiError>;

/// Answers one request.
pub(in crate::playground::cluster) async fn handle(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    stop: CancellationToken,
) -> Result<Response<Body>, Cut> {
    let target = Target::parse(request.uri().path()).filter(|target| !is_hidden(&shared, target));
    let query = Query::parse(request.uri().query());
    let verb = verb(request.method(), target.as_ref(), &query);
    let object = match &target {
        Some(Target::Object(object)) => Some(object.clone()),
        _ => None,
    };
    let audit_id = audit_id(&request, &shared);
    let authorization = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let identity = shared.read(|model| {
        let uid_of = |kind, namespace: &str, name: &str| {
            let object = model.copy(&Key::new(kind, namespace, name))?;
            Some(json::text(&object, "/metadata/uid").to_owned())
        };
        shared.users.identify(authorization, model.now, uid_of)
    });
    let seq = note(
        &shared,
        &request,
        &audit_id,
        verb,
        object.as_ref(),
        identity.as_ref().map_or("", |who| who.name()),
    );
    let fault = take_fault(&shared, verb, object.as_ref());
    let fault = match before(fault).await? {
        Before::Go(fault) => fault,
        Before::Answered(answer) => return Ok(finish(&shared, seq, &audit_id, answer)),
        Before::Refused(error) => return Ok(finish(&shared, seq, &audit_id, respond::refusal(error))),
    };
    let answer = match (identity, target) {
        (_, Some(Target::Health)) => Ok(respond::whole(StatusCode::OK, "text/plain; charset=utf-8", "ok")),
        (None, _) => Err(ApiError::unauthorized()),
        (Some(_), None) => Err(ApiError::text(StatusCode::NOT_FOUND, "404 page not found\n")),
        (Some(identity), Some(target)) => {
            let grants = shared.read(|model| Grants::of(model, &identity));
            let caller = Caller {
                identity,
                grants,
                audit_id: audit_id.clone(),
                query,
                headers: request.headers().clone(),
            };
            dispatch(&shared, request, caller, target, verb, fault.clone(), stop).await
        }
    };
    let applied = answer.is_ok();
    let response = answer.unwrap_or_else(respond::refusal);
    let response = after(
        fault,
        applied && response.status() != StatusCode::SWITCHING_PROTOCOLS,
        response,
    )
    .await?;
    Ok(finish(&shared, seq, &audit_id, response))
}

fn is_hidden(shared: &Shared, target: &Target) -> bool {
    let group = match target {
        Target::Object(object) => object.kind.info().group,
        Target::Group(group) | Target::Resources(group, _) | Target::OpenApi(group, _) => group,
        Target::Health
        | Target::Version
        | Target::CoreVersions
        | Target::Groups
        | Target::OpenApiV2
        | Target::OpenApiIndex
        | Target::Review(_) => return false,
    };
    !group.is_empty() && shared.without_groups.iter().any(|hidden| hidden == group)
}

fn verb(method: &Method, target: Option<&Target>, query: &Query) -> &'static str {
    let Some(Target::Object(object)) = target else {
        return if *method == Method::POST { "create" } else { "get" };
    };
    match (method, object.name.is_some()) {
        (&Method::GET, true) => "get",
        (&Method::GET, false) if query.truth("watch") => "watch",
        (&Method::GET, false) => "list",
        (&Method::POST, _) => "create",
        (&Method::PUT, _) => "update",
        (&Method::PATCH, _) => "patch",
        (&Method::DELETE, true) => "delete",
        (&Method::DELETE, false) => "deletecollection",
        _ => "",
    }
}

fn audit_id(request: &Request<Incoming>, shared: &Shared) -> String {
    let sent = request
        .headers()
        .get("audit-id")
        .and_then(|value| value.to_str().ok());
    let fresh = |ids: &mut Ids| ids.uid();
    sent.filter(|id| !id.is_empty())
        .map_or_else(|| shared.make_id(fresh), str::to_owned)
}

fn note(
    shared: &Shared,
    request: &Request<Incoming>,
    audit_id: &str,
    verb: &str,
    object: Option<&ObjectTarget>,
    user: &str,
) -> u64 {
    let user_agent = request
        .headers()
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let resource = object.map_or_else(String::new, |object| {
        let group = object.kind.info().group;
        if group.is_empty() {
            object.resource()
        } else {
            format!("{}.{group}", object.resource())
        }
    });
    shared.note_request(RequestRecord {
        seq: 0,
        at: shared.read(|model| model.now),
        audit_id: audit_id.to_owned(),
        user: user.to_owned(),
        method: request.method().to_string(),
        path: request
            .uri()
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        verb: verb.to_owned(),
        resource,
        code: None,
        user_agent: user_agent.to_owned(),
    })
}

fn take_fault(shared: &Shared, verb: &str, object: Option<&ObjectTarget>) -> Option<FaultKind> {
    let resource = object.map_or_else(String::new, ObjectTarget::resource);
    let (namespace, name) = object.map_or(("", ""), |object| (object.namespace.as_str(), object.name()));
    shared.faults.take(&Asked {
        verb,
        resource: &resource,
        namespace,
        name,
    })
}

enum Before {
    Go(Option<FaultKind>),
    Refused(ApiError),
    Answered(Response<Body>),
}

fn in_between(code: u16, body: String) -> Response<Body> {
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    respond::whole(code, "application/json", body)
}

/// What a fault does before anything is done.
async fn before(fault: Option<FaultKind>) -> Result<Before, Cut> {
    if let Some(latency) = fault.as_ref().and_then(FaultKind::latency) {
        tokio::time::sleep(latency).await;
    }
    match fault {
        Some(FaultKind::CutBefore) => Err(Cut),
        Some(FaultKind::Hang) => std::future::pending().await,
        Some(FaultKind::Refuse { code, message }) => {
            let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(Before::Refused(ApiError::scripted(code, reason(code), message)))
        }
        Some(FaultKind::Answer {
            applied: false,
            code,
            body,
        }) => Ok(Before::Answered(in_between(code, body))),
        other => Ok(Before::Go(other)),
    }
}

fn reason(code: StatusCode) -> &'static str {
    match code.as_u16() {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "",
    }
}

/// What a fault does once the request has taken effect. An exec that was upgraded meets its fault in its own frames.
async fn after(
    fault: Option<FaultKind>,
    applied: bool,
    response: Response<Body>,
) -> Result<Response<Body>, Cut> {
    match fault {
        Some(FaultKind::FailAfterApply) if applied => {
            let message = "Internal error occurred: etcdserver: request timed out".to_owned();
            let error = ApiError::scripted(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message);
            Ok(respond::refusal(error))
        }
        Some(FaultKind::CutAfterApply | FaultKind::CutAfterFrames(_) | FaultKind::CutBeforeStatus)
            if applied =>
        {
            Err(Cut)
        }
        Some(FaultKind::Answer {
            applied: true,
            code,
            body,
        }) if applied => Ok(in_between(code, body)),
        Some(FaultKind::HangAfterApply | FaultKind::HangAfterFrames(_)) if applied => {
            std::future::pending().await
        }
        _ => Ok(response),
    }
}

fn finish(shared: &Shared, seq: u64, audit_id: &str, mut response: Response<Body>) -> Response<Body> {
    shared.note_answer(seq, response.status().as_u16());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        if let Ok(value) = HeaderValue::from_str(audit_id) {
            response.headers_mut().insert("audit-id", value);
        }
        response
            .headers_mut()
            .insert("cache-control", HeaderValue::from_static("no-cache, private"));
    }
    response
}

async fn dispatch(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    caller: Caller,
    target: Target,
    verb: &'static str,
    fault: Option<FaultKind>,
    stop: CancellationToken,
) -> Answer {
    let method = request.method().clone();
    match target {
        Target::Object(target) => {
            authorize(&caller, verb, &target)?;
            object(shared, request, &caller, &target, verb, fault, stop).await
        }
        Target::Review(resource) => {
            let body = body(request).await?;
            review::answer(resource, shared.flavour, &caller, &body)
        }
        _ if method != Method::GET => Err(ApiError::method_not_allowed()),
        Target::Version => Ok(discovery::version(shared.flavour)),
        Target::CoreVersions => Ok(discovery::core(&caller)),
        Target::Groups => Ok(discovery::groups(&caller, &shared.without_groups)),
        Target::Group(group) => discovery::group(&group),
        Target::Resources(group, version) => discovery::resources(&group, &version),
        Target::OpenApiV2 => Ok(openapi::v2()),
        Target::OpenApiIndex => Ok(openapi::index(&shared.without_groups)),
        Target::OpenApi(group, version) => Ok(openapi::v3(&group, &version)),
        Target::Health => Ok(respond::whole(StatusCode::OK, "text/plain; charset=utf-8", "ok")),
    }
}

async fn object(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    caller: &Caller,
    target: &ObjectTarget,
    verb: &'static str,
    fault: Option<FaultKind>,
    stop: CancellationToken,
) -> Answer {
    match (target.subresource.as_deref(), verb) {
        (Some("exec"), _) => exec::open(shared, request, caller, target, fault, stop),
        (Some("token"), "create") => token::create(shared, target, &body(request).await?),
        (Some("log"), "get") => log::answer(shared, caller, target),
        (Some("scale"), "get") => scale::read(shared, target),
        (Some("scale"), "update" | "patch") => {
            let content_type = caller.header("content-type").to_owned();
            let body = body(request).await?;
            scale::write(shared, caller, target, verb, &content_type, &body)
        }
        (None | Some("status"), "get") => read::get(shared, caller, target),
        (None, "list") => read::list(shared, caller, target),
        (None, "watch") => watch::answer(shared, caller, target),
        (None, "create") => write::create(shared, caller, target, &body(request).await?),
        (None | Some("status"), "update") => write::update(shared, caller, target, &body(request).await?),
        (None | Some("status"), "patch") => write::patch(shared, caller, target, &body(request).await?),
        (None, "delete") => write::delete(shared, caller, target, &body(request).await?),
        (None, "deletecollection") => write::delete_all(shared, caller, target, &body(request).await?),
        (Some(_), "get") => Err(ApiError::no_such_resource()),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// The body as JSON, whatever it was sent as.
async fn body(request: Request<Incoming>) -> Result<Bytes, ApiError> {
    let content_type = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let is_protobuf = content_type.starts_with("application/vnd.kubernetes.protobuf");
    let collected = Limited::new(request.into_body(), BODY_LIMIT).collect();
    let bytes = match tokio::time::timeout(BODY_PATIENCE, collected).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Err(ApiError::too_large()),
        Err(_) => {
            return Err(ApiError::text(
                StatusCode::REQUEST_TIMEOUT,
                "the request body took too long\n",
            ));
        }
    };
    if is_protobuf && !bytes.is_empty() {
        let object = protobuf::to_json(&bytes).map_err(|why| ApiError::unsupported_media(&why))?;
        return Ok(Bytes::from(object.to_string()));
    }
    Ok(bytes)
}
