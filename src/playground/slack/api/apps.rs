//! `apps.connections.open`: a one-time address for a Socket Mode connection.

use serde_json::{Value, json};

use super::super::ids;
use super::super::model::app::Transport;
use super::super::model::tickets::SocketTicket;
use super::call::Call;
use super::reply::ApiError;

pub(super) fn connections_open(call: &mut Call<'_>) -> Result<Value, ApiError> {
    if !call.is_post {
        return Err(ApiError::new("insecure_request"));
    }
    if call.ws.app.link_disabled || call.ws.app.settings.transport != Transport::SocketMode {
        return Err(ApiError::new("socket_mode_disabled"));
    }
    let ticket = ids::secret(32);
    call.ws
        .tickets
        .insert(ticket.clone(), SocketTicket { issued: call.now });
    let base = call.ws.base.replacen("http", "ws", 1);
    Ok(json!({"url": format!("{base}/link?ticket={ticket}&app_id={}", call.ws.app.id)}))
}
