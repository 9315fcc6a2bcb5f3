//! What keeps Interlock from starting, and looks from bringing anything.

use axum::http::StatusCode;

use super::{denied, lines, text};
use crate::actions::filters::FilterError;
use crate::actions::kubernetes::resolve::Unresolved;
use crate::app::StartError;
use crate::config::runbooks::LoadError;
use crate::evidence::prometheus::QueryError;
use crate::ingress::BindError;
use crate::slack::{InstalledError, SettingsError};
use crate::tls::TlsError;

pub fn of_the_start() -> String {
    let why = || text("it does not answer");
    let start = [
        StartError::Socket {
            path: text("/var/lib/interlock/interlock.sock"),
            reason: text("permission denied"),
        },
        StartError::NoChannel,
    ];
    let port = || "10.0.0.7:443".parse().unwrap();
    let bind = [
        BindError::InUse(port()),
        BindError::Forbidden(port()),
        BindError::NotHere(port()),
        BindError::Other(port(), denied()),
    ];
    let folder = || text("runbooks");
    let load = [
        LoadError::Folder {
            path: folder(),
            source: denied(),
        },
        LoadError::TooMany { path: folder() },
    ];
    let settings = [
        SettingsError::Base(text("slack.com")),
        SettingsError::Roots(TlsError::NoRoots("permission denied".to_owned())),
        SettingsError::NoBotToken,
        SettingsError::NoAppToken,
        SettingsError::NoSigningSecret,
        SettingsError::Socket(why()),
    ];
    let installed = [
        InstalledError::Refused {
            method: text("auth.test"),
            code: text("invalid_auth"),
            needed: String::new(),
        },
        InstalledError::Unreachable(text("https://slack.com/api"), why()),
        InstalledError::ClickRefused(StatusCode::SERVICE_UNAVAILABLE),
        InstalledError::ForgeryTaken(StatusCode::OK),
    ];
    [
        // What may be set up wrong says so itself.
        lines(
            "The start",
            &[
                "Config",
                "Store",
                "Runbooks",
                "Bind",
                "Slack",
                "TooMuchPower",
                "Setup",
            ],
            &start,
        ),
        lines("Listening", &[], &bind),
        lines("The runbooks' folder", &[], &load),
        lines("Slack's settings", &[], &settings),
        lines("Slack, asked by the doctor", &[], &installed),
    ]
    .concat()
}

pub fn of_looks() -> String {
    let why = || text("it does not answer");
    let of = "Prometheus";
    let asked = [
        QueryError::Address {
            of,
            address: text("prometheus"),
        },
        QueryError::Client(text("there are no root certificates")),
        QueryError::Unreachable { of, why: why() },
        QueryError::Refused {
            of,
            why: text("parse error"),
        },
        QueryError::Unreadable {
            of,
            why: text("it is no JSON"),
        },
    ];
    let filters = [
        FilterError::InputTooLarge { bytes: 9_000_000 },
        FilterError::OutputTooLarge,
        FilterError::NoMatch { pattern: text("up") },
        FilterError::Pattern {
            pattern: text("("),
            why: text("it is not closed"),
        },
    ];
    let what = || text("deployment production/api");
    let pods = [
        Unresolved::NoSelector(what()),
        Unresolved::NoReadyPod {
            what: what(),
            states: text("api-1 CrashLoopBackOff"),
        },
        Unresolved::NoPods(what()),
        Unresolved::PodNotReady {
            pod: text("api-1"),
            state: text("CrashLoopBackOff"),
        },
        Unresolved::NotAWorkload(text("Service")),
        Unresolved::NoSuchContainer {
            pod: text("api-1"),
            wanted: text("ap"),
            containers: text("api, proxy"),
        },
    ];
    [
        lines("Evidence", &[], &asked),
        lines("Output", &["Jq"], &filters),
        lines("Pods", &["Failure"], &pods),
    ]
    .concat()
}
