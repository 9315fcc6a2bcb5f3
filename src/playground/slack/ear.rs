//! The read side of a client's connection, which can be made deaf to pings.
//!
//! A WebSocket library answers each ping that it reads and can't be told not to. A deaf ear turns the opcode of each ping into
//! that of a pong, which nobody answers; everything else passes as it came. To find the opcodes it follows the frames
//! (RFC 6455 §5.2) from the upgrade on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const OPCODE: u8 = 0x0f;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// What is known of one connection.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    upgraded: AtomicBool,
    deaf: AtomicBool,
}

impl Hearing {
    /// What comes now is frames. Called before the client hears of the upgrade.
    pub(super) fn upgraded(&self) {
        self.upgraded.store(true, Ordering::Release);
    }

    /// From now on pings go unanswered.
    pub(super) fn deafen(&self) {
        self.deaf.store(true, Ordering::Release);
    }
}

/// A connection whose pings may be overheard.
#[derive(Debug)]
pub(super) struct Ear {
    stream: TcpStream,
    hearing: Arc<Hearing>,
    walk: Walk,
}

impl Ear {
    pub(super) fn new(stream: TcpStream, hearing: Arc<Hearing>) -> Self {
        Self {
            stream,
            hearing,
            walk: Walk::default(),
        }
    }
}

/// Where in the frames the stream is: in a header of which these bytes came, or in a payload of which so much is left.
#[derive(Debug, Default)]
struct Walk {
    header: Vec<u8>,
    left: u64,
}

impl Walk {
    fn over(&mut self, bytes: &mut [u8], deaf: bool) {
        for byte in bytes {
            if self.left > 0 {
                self.left -= 1;
                continue;
            }
            if self.header.is_empty() && deaf && *byte & OPCODE == PING {
                *byte = (*byte & !OPCODE) | PONG;
            }
            self.header.push(*byte);
            if let Some(payload) = payload_of(&self.header) {
                self.left = payload;
                self.header.clear();
            }
        }
    }
}

/// The length of the payload, once the header is whole.
fn payload_of(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    if header.len() < 2 + extended + mask {
        return None;
    }
    let length = header.get(2..2 + extended)?;
    Some(match extended {
        0 => u64::from(second & 0x7f),
        _ => length.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
    })
}

impl AsyncRead for Ear {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        if this.hearing.upgraded.load(Ordering::Acquire) {
            let deaf = this.hearing.deaf.load(Ordering::Acquire);
            let came = buf.filled_mut().get_mut(before..).unwrap_or_default();
            this.walk.over(came, deaf);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Ear {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_alone_are_overheard_however_the_bytes_are_cut() {
        // A masked text of 130 bytes that are all 0x89, a masked ping of two, a masked close.
        let mut frames = vec![0x81, 0xfe, 0, 130, 1, 2, 3, 4];
        frames.extend([0x89; 130]);
        let ping = frames.len();
        frames.extend([0x89, 0x82, 1, 2, 3, 4, 0x89, 0x89]);
        frames.extend([0x88, 0x80, 1, 2, 3, 4]);
        let mut expected = frames.clone();
        expected[ping] = 0x8a;
        for cut in [1, 2, 3, 7, 150] {
            let mut walk = Walk::default();
            let mut seen = frames.clone();
            for part in seen.chunks_mut(cut) {
                walk.over(part, true);
            }
            assert_eq!(seen, expected, "cut into {cut}");
            assert_eq!((walk.left, walk.header.len()), (0, 0));
        }
        let mut heard = frames.clone();
        Walk::default().over(&mut heard, false);
        assert_eq!(heard, frames);
    }
}
