//! The Status on channel 3, byte for byte as recorded: no kind, no apiVersion, fields in this order.

use serde::Serialize;

use super::protocol::Protocol;
use crate::playground::cluster::double::ServerFlavour;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Exited(i32),
    /// The runtime could not start it, and why.
    NotStarted(String),
    /// The container was not there (servers that find out only after the upgrade).
    NoContainer(String),
    /// No stream was asked for (the same servers).
    NoStreams,
}

#[derive(Serialize)]
struct Status<'a> {
    metadata: Empty,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Details<'a> {
    causes: [Cause<'a>; 1],
}

#[derive(Serialize)]
struct Cause<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    message: String,
}

/// The bytes behind the channel number.
pub(super) fn encode(
    ending: &Ending,
    flavour: ServerFlavour,
    protocol: Protocol,
    argv: &[String],
) -> Vec<u8> {
    let status = match ending {
        Ending::Exited(0) => Status {
            metadata: Empty {},
            status: "Success",
            message: None,
            reason: None,
            details: None,
            code: None,
        },
        Ending::Exited(code) => exited(*code, flavour, protocol, argv),
        Ending::NotStarted(why) => internal(format!("{}{why}", prefix(flavour, protocol))),
        Ending::NoContainer(name) => internal(format!(
            "unable to upgrade connection: container not found (\"{name}\")"
        )),
        Ending::NoStreams => internal(
            "unable to upgrade connection: you must specify at least 1 of stdin, stdout, stderr".to_owned(),
        ),
    };
    let json = serde_json::to_string(&status).unwrap_or_default();
    // Go's encoder escapes these three.
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .into_bytes()
}

fn from_runtime(flavour: ServerFlavour, protocol: Protocol) -> bool {
    // Newer kubelets word v5 themselves; v4 comes from the container runtime.
    match flavour {
        ServerFlavour::V136 | ServerFlavour::V130 => protocol != Protocol::V5,
        ServerFlavour::V129 | ServerFlavour::V120 => true,
    }
}

fn exited(code: i32, flavour: ServerFlavour, protocol: Protocol, argv: &[String]) -> Status<'static> {
    let told = if from_runtime(flavour, protocol) {
        format!("error executing command [{}], exit code {code}", argv.join(" "))
    } else {
        format!("command terminated with exit code {code}")
    };
    Status {
        metadata: Empty {},
        status: "Failure",
        message: Some(format!("command terminated with non-zero exit code: {told}")),
        reason: Some("NonZeroExitCode"),
        details: Some(Details {
            causes: [Cause {
                reason: Some("ExitCode"),
                message: code.to_string(),
            }],
        }),
        code: None,
    }
}

fn prefix(flavour: ServerFlavour, protocol: Protocol) -> &'static str {
    if from_runtime(flavour, protocol) {
        ""
    } else {
        "Internal error occurred: "
    }
}

fn internal(cause: String) -> Status<'static> {
    Status {
        metadata: Empty {},
        status: "Failure",
        message: Some(format!("Internal error occurred: {cause}")),
        reason: Some("InternalError"),
        details: Some(Details {
            causes: [Cause {
                reason: None,
                message: cause,
            }],
        }),
        code: Some(500),
    }
}
