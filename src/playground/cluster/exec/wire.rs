//! Frames on the WebSocket: channels out, channels in, and the faults that cut or hold them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::protocol::Protocol;
use crate::playground::cluster::faults::FaultKind;

pub(super) const STDIN: u8 = 0;
pub(super) const STDOUT: u8 = 1;
pub(super) const STDERR: u8 = 2;
pub(super) const STATUS: u8 = 3;
const CLOSE: u8 = 255;
/// Most data in one frame, besides the channel number.
const CHUNK: usize = 32 * 1024;

/// The session is over, and nothing more is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The client closed, and was answered.
    ClientClosed,
    /// The connection is lost, or to be lost.
    Lost,
}

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Stdin(Vec<u8>),
    StdinClosed,
    /// Resizes, pings, other channels.
    Other,
}

/// One end of an exec session.
pub(super) struct Wire {
    socket: WebSocketStream<TokioIo<Upgraded>>,
    protocol: Protocol,
    fault: Option<FaultKind>,
    frames: u32,
}

impl Wire {
    pub async fn new(upgraded: Upgraded, protocol: Protocol, fault: Option<FaultKind>) -> Self {
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        Self {
            socket,
            protocol,
            fault,
            frames: 0,
        }
    }

    /// Sends data on a channel, cut into frames; no data is one empty frame.
    pub async fn send(&mut self, channel: u8, data: &[u8]) -> Result<(), Over> {
        if data.is_empty() {
            return self.frame(channel, &[]).await;
        }
        for chunk in data.chunks(CHUNK) {
            self.frame(channel, chunk).await?;
        }
        Ok(())
    }

    /// Sends the Status whole in one frame, where the protocol has it.
    pub async fn status(&mut self, status: &[u8]) -> Result<(), Over> {
        match self.fault.clone() {
            Some(FaultKind::CutBeforeStatus | FaultKind::CutAfterApply | FaultKind::FailAfterApply) => {
                return Err(Over::Lost);
            }
            Some(FaultKind::HangAfterApply) => std::future::pending::<()>().await,
            Some(FaultKind::EndWithFailure(message)) => {
                let status = serde_json::json!({
                    "metadata": {}, "status": "Failure", "message": message, "reason": "InternalError", "code": 500,
                });
                return self.frame(STATUS, status.to_string().as_bytes()).await;
            }
            _ => {}
        }
        if self.protocol.tells_status() {
            self.frame(STATUS, status).await
        } else {
            Ok(())
        }
    }

    async fn frame(&mut self, channel: u8, data: &[u8]) -> Result<(), Over> {
        match self.fault {
            Some(FaultKind::CutAfterFrames(most)) if self.frames >= most => return Err(Over::Lost),
            Some(FaultKind::HangAfterFrames(most)) if self.frames >= most => {
                std::future::pending::<()>().await
            }
            _ => {}
        }
        self.frames += 1;
        let message = if self.protocol == Protocol::Base64 {
            Message::text(format!("{channel}{}", STANDARD.encode(data)))
        } else {
            let mut frame = Vec::with_capacity(data.len() + 1);
            frame.push(channel);
            frame.extend_from_slice(data);
            Message::binary(frame)
        };
        self.socket.send(message).await.map_err(|_| Over::Lost)
    }

    /// The next thing that the client says. Pings are answered underneath.
    pub async fn receive(&mut self) -> Result<Incoming, Over> {
        let message = self.socket.next().await;
        let bytes = match message {
            Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
            Some(Ok(Message::Text(text))) => match text.as_bytes().split_first() {
                Some((digit, rest)) => {
                    let mut bytes = vec![digit.wrapping_sub(b'0')];
                    bytes.extend(STANDARD.decode(rest).unwrap_or_default());
                    bytes
                }
                None => Vec::new(),
            },
            Some(Ok(Message::Close(_))) => {
                // Reading on lets the library send its answer to the close.
                while let Some(Ok(_)) = self.socket.next().await {}
                return Err(Over::ClientClosed);
            }
            Some(Ok(_)) => {
                self.socket.flush().await.map_err(|_| Over::Lost)?;
                return Ok(Incoming::Other);
            }
            Some(Err(_)) | None => return Err(Over::Lost),
        };
        Ok(match bytes.split_first() {
            Some((&STDIN, data)) => Incoming::Stdin(data.to_vec()),
            Some((&CLOSE, [STDIN, ..])) if self.protocol.closes_streams() => Incoming::StdinClosed,
            _ => Incoming::Other,
        })
    }

    /// Ends the session as the server does: close frame 1000 without a reason, then the connection.
    pub async fn close(mut self) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        if self.socket.close(Some(frame)).await.is_ok() {
            let mut stream = self.socket.into_inner();
            let _ = tokio::io::AsyncWriteExt::shutdown(&mut stream).await;
        }
    }
}
