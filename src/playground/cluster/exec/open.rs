//! The checks before the upgrade, in the order and with the answers of the real server, and the upgrade itself.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;

use super::protocol::Protocol;
use super::session::{self, Job};
use super::status_frame::Ending;
use super::wire::Wire;
use crate::playground::cluster::api::{Body, Caller, ObjectTarget, container_of, find};
use crate::playground::cluster::controller::pod_status;
use crate::playground::cluster::double::ServerFlavour;
use crate::playground::cluster::faults::FaultKind;
use crate::playground::cluster::json;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::sim::PodSim;
use crate::playground::cluster::status::ApiError;
use crate::playground::cluster::users::Attributes;

/// Opens an exec session, or says why not.
pub(in crate::playground::cluster) fn open(
    shared: &Arc<Shared>,
    mut request: Request<Incoming>,
    caller: &Caller,
    target: &ObjectTarget,
    fault: Option<FaultKind>,
    stop: CancellationToken,
) -> Result<Response<Body>, ApiError> {
    let flavour = shared.flavour;
    check_create(caller, target, flavour)?;
    let job = shared.read(|model| job(model, caller, target, flavour))?;
    let upgrade = caller.header("upgrade").to_ascii_lowercase();
    if upgrade.starts_with("spdy") {
        let why = "SPDY is not spoken here; use a client that speaks WebSocket (kubectl 1.31 or newer)";
        return Err(ApiError::bad_request(why));
    }
    if upgrade != "websocket" {
        return Err(ApiError::bad_request("Upgrade request required"));
    }
    if request.method() != Method::GET {
        let refusal = match flavour {
            ServerFlavour::V130 => ApiError::text(StatusCode::METHOD_NOT_ALLOWED, "bad method"),
            ServerFlavour::V136 | ServerFlavour::V129 | ServerFlavour::V120 => {
                ApiError::empty(StatusCode::METHOD_NOT_ALLOWED)
            }
        };
        return Err(refusal);
    }
    let offered = caller.header("sec-websocket-protocol");
    let protocol =
        Protocol::choose(flavour, offered).ok_or_else(|| ApiError::empty(StatusCode::FORBIDDEN))?;
    let accept = derive_accept_key(caller.header("sec-websocket-key").as_bytes());
    let upgraded = hyper::upgrade::on(&mut request);
    let shared = shared.clone();
    tokio::spawn(async move {
        let session = async {
            // A client that never completes the upgrade simply goes away.
            let Ok(upgraded) = upgraded.await else { return };
            let wire = Wire::new(upgraded, protocol, fault).await;
            session::run(shared, job, wire, protocol).await;
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = session => {}
        }
    });
    switching(protocol, &accept)
}

fn switching(protocol: Protocol, accept: &str) -> Result<Response<Body>, ApiError> {
    let mut response = Response::new(Full::new(Bytes::new()).boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accept = HeaderValue::from_str(accept).map_err(|_| ApiError::bad_request("bad Sec-WebSocket-Key"))?;
    let headers = response.headers_mut();
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    headers.insert("connection", HeaderValue::from_static("Upgrade"));
    headers.insert("sec-websocket-accept", accept);
    headers.insert(
        "sec-websocket-protocol",
        HeaderValue::from_static(protocol.name()),
    );
    Ok(response)
}

/// From 1.35 on a WebSocket needs `create` as well, and is refused without a reason.
fn check_create(caller: &Caller, target: &ObjectTarget, flavour: ServerFlavour) -> Result<(), ApiError> {
    let asked = Attributes {
        verb: "create",
        group: "",
        resource: "pods/exec",
        namespace: &target.namespace,
        name: target.name(),
    };
    if flavour == ServerFlavour::V136 && !caller.may(&asked) {
        let message = format!("pods \"{}\" is forbidden: ", target.name());
        return Err(ApiError::forbidden("", "pods", target.name(), message));
    }
    Ok(())
}

fn job(
    model: &Model,
    caller: &Caller,
    target: &ObjectTarget,
    flavour: ServerFlavour,
) -> Result<Job, ApiError> {
    let pod: Arc<Value> = find(model, target)?;
    let query = &caller.query;
    let container = container_of(&pod, query.get("container"))?;
    if json::text(&pod, "/spec/nodeName").is_empty() {
        let why = format!("pod {} does not have a host assigned", target.name());
        return Err(ApiError::bad_request(why));
    }
    let job = Job {
        namespace: target.namespace.clone(),
        pod: target.name().to_owned(),
        uid: json::text(&pod, "/metadata/uid").to_owned(),
        workload: pod_status::workload(model, &pod)
            .map_or_else(|| target.name().to_owned(), |(_, name)| name),
        container,
        argv: query.all("command"),
        stdin: query.truth("stdin"),
        stdout: query.truth("stdout"),
        stderr: query.truth("stderr"),
        tty: query.truth("tty"),
        doomed: None,
        audit_id: caller.audit_id.clone(),
        user: caller.identity.name().to_owned(),
    };
    let running = model.sim(&pod).is_some_and(PodSim::is_running);
    refuse_early(job, running, flavour)
}

/// Servers that translate WebSocket at the API server find out only after the upgrade; all others refuse before it.
fn refuse_early(mut job: Job, running: bool, flavour: ServerFlavour) -> Result<Job, ApiError> {
    let no_streams = !(job.stdin || job.stdout || job.stderr);
    let doom = match (no_streams, running) {
        (true, _) => Ending::NoStreams,
        (false, false) => Ending::NoContainer(job.container.clone()),
        (false, true) => return Ok(job),
    };
    match (flavour, &doom) {
        (ServerFlavour::V130, _) => {
            job.doomed = Some(doom);
            Ok(job)
        }
        (ServerFlavour::V136 | ServerFlavour::V129 | ServerFlavour::V120, Ending::NoStreams) => {
            Err(ApiError::text(
                StatusCode::BAD_REQUEST,
                "you must specify at least 1 of stdin, stdout, stderr",
            ))
        }
        (ServerFlavour::V136 | ServerFlavour::V129 | ServerFlavour::V120, _) => {
            let why = format!("container not found (\"{}\")", job.container);
            Err(ApiError::text(StatusCode::INTERNAL_SERVER_ERROR, &why))
        }
    }
}
