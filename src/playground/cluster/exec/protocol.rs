//! The choice of a subprotocol.

use crate::playground::cluster::double::ServerFlavour;

/// What is spoken on the WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `v5.channel.k8s.io`: as v4, and a stream can be closed.
    V5,
    /// `v4.channel.k8s.io`: binary frames and a Status at the end.
    V4,
    /// `base64.channel.k8s.io`: text frames, no Status.
    Base64,
    /// None was offered: binary frames, no Status.
    Unnamed,
}

impl Protocol {
    /// Chooses as the server does, whatever the order offered; `None` means that nothing offered is known.
    pub fn choose(flavour: ServerFlavour, offered: &str) -> Option<Self> {
        let offered: Vec<&str> = offered
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        if offered.is_empty() {
            return Some(Self::Unnamed);
        }
        let speaks_v5 = match flavour {
            ServerFlavour::V136 | ServerFlavour::V130 => true,
            ServerFlavour::V129 | ServerFlavour::V120 => false,
        };
        [Self::V5, Self::V4, Self::Base64]
            .into_iter()
            .filter(|protocol| *protocol != Self::V5 || speaks_v5)
            .find(|protocol| offered.contains(&protocol.name()))
    }

    /// The value of `Sec-WebSocket-Protocol` in the answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::V5 => "v5.channel.k8s.io",
            Self::V4 => "v4.channel.k8s.io",
            Self::Base64 => "base64.channel.k8s.io",
            Self::Unnamed => "",
        }
    }

    /// Whether the outcome is told on channel 3.
    pub fn tells_status(self) -> bool {
        matches!(self, Self::V5 | Self::V4)
    }

    /// Whether a client can close stdin alone.
    pub fn closes_streams(self) -> bool {
        self == Self::V5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_protocol_is_chosen_whatever_the_order() {
        let both = "v4.channel.k8s.io, v5.channel.k8s.io";
        assert_eq!(Protocol::choose(ServerFlavour::V136, both), Some(Protocol::V5));
        assert_eq!(Protocol::choose(ServerFlavour::V120, both), Some(Protocol::V4));
        assert_eq!(Protocol::choose(ServerFlavour::V129, "v5.channel.k8s.io"), None);
        assert_eq!(Protocol::choose(ServerFlavour::V136, "v9.channel.k8s.io"), None);
        assert_eq!(Protocol::choose(ServerFlavour::V136, ""), Some(Protocol::Unnamed));
    }
}
