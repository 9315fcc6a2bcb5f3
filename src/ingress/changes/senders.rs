//! The shapes of those who tell what they changed. A deployment that is under way, or failed, is told as that; one that only waits
//! is left aside. A sender that knows no service may be given one in its address, `?service=NAME`.
//! Shapes: <https://docs.github.com/en/webhooks/webhook-events-and-payloads> (`deployment_status`, `push`, `release`),
//! <https://docs.gitlab.com/user/project/integrations/webhook_events/> (deployment, push, release),
//! <https://fluxcd.io/flux/components/notification/events/>,
//! <https://developer.pagerduty.com/docs/send-change-events>, <https://launchdarkly.com/docs/home/infrastructure/webhooks>.

use serde_json::Value;

use super::draft::Draft;
use super::read::{ChangesRead, Told};
use crate::domain::change::{ChangeKind, ChangeState};
use crate::ingress::error::ParseError;
use crate::ingress::json::{any, first, lacks, list, object, pairs, part, quoted, text};
use crate::ingress::moment::{moment, told as written_at};

type Result = std::result::Result<ChangesRead, ParseError>;

const AWAY: &str = "this event changes nothing that runs";

/// For whoever wrote another word: those of `state` and of `WAITING`.
const STATES: &str = "success, succeeded, successful, done, finished; in_progress, running, started; failure, failed, error; and for \
    what is no change (yet) pending, queued, waiting, created, blocked, manual, skipped, inactive, canceled, cancelled";
const WAITING: [&str; 10] = [
    "pending",
    "queued",
    "waiting",
    "created",
    "blocked",
    "manual",
    "skipped",
    "inactive",
    "canceled",
    "cancelled",
];

/// What a word of a CI system for how a deployment stands means; `None` for one that has not begun, or never will.
fn state(word: &str) -> Option<ChangeState> {
    match word.to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "successful" | "done" | "finished" => Some(ChangeState::Done),
        "in_progress" | "running" | "started" => Some(ChangeState::Running),
        "failure" | "failed" | "error" => Some(ChangeState::Failed),
        _ => None,
    }
}

/// When it was, as a product writes it: what can't be read is no reason to lose a change, and it was about now. Where a team writes
/// the body itself (`written_at`) it is refused, so that it is seen when that is set up.
fn at(body: &Value, pointers: &[&str]) -> Option<jiff::Timestamp> {
    let mut values = pointers.iter().filter_map(|pointer| body.pointer(pointer));
    values.find_map(moment)
}

fn one(told: &Told<'_>, kind: ChangeKind, draft: Draft) -> Result {
    Ok(ChangesRead::of(draft.finish(&told.source, kind, told.now)))
}

/// Pushes to the default branch, published releases, and deployments.
pub(super) fn github(told: &Told<'_>) -> Result {
    let body = object(told.body, "a webhook of GitHub as JSON")?;
    let service = text(&body, "/repository/name");
    match told.header("x-github-event") {
        Some("deployment_status") => {
            let Some(state) = text(&body, "/deployment_status/state").and_then(|word| state(&word)) else {
                return Ok(ChangesRead::aside(AWAY));
            };
            one(told, ChangeKind::Deploy, deployment(&body, state))
        }
        Some("release") if text(&body, "/action").as_deref() == Some("published") => {
            let draft = Draft {
                id: text(&body, "/release/id"),
                state: ChangeState::Done,
                at: at(&body, &["/release/published_at"]),
                title: first(&body, &["/release/name", "/release/tag_name"]).unwrap_or_default(),
                by: text(&body, "/release/author/login"),
                link: text(&body, "/release/html_url"),
                environment: None,
                service,
            };
            one(told, ChangeKind::Other, draft)
        }
        Some("push") => {
            let branch = text(&body, "/repository/default_branch").map(|name| format!("refs/heads/{name}"));
            if branch.is_none() || text(&body, "/ref") != branch {
                return Ok(ChangesRead::aside(AWAY));
            }
            let draft = Draft {
                id: text(&body, "/after"),
                state: ChangeState::Done,
                at: at(&body, &["/head_commit/timestamp"]),
                title: text(&body, "/head_commit/message")
                    .and_then(first_line)
                    .unwrap_or_default(),
                by: first(&body, &["/pusher/name", "/sender/login"]),
                link: text(&body, "/compare"),
                environment: None,
                service,
            };
            one(told, ChangeKind::Other, draft)
        }
        Some(_) => Ok(ChangesRead::aside(AWAY)),
        None => Err(lacks(
            "/X-GitHub-Event",
            "the header that GitHub sends",
            "a webhook of GitHub",
        )),
    }
}

/// A deployment of GitHub's, as its newest status tells.
fn deployment(body: &Value, state: ChangeState) -> Draft {
    let what = first(body, &["/deployment/description", "/deployment/ref"]).unwrap_or_default();
    let sha: String = text(body, "/deployment/sha")
        .unwrap_or_default()
        .chars()
        .take(7)
        .collect();
    Draft {
        id: text(body, "/deployment/id"),
        state,
        at: at(body, &["/deployment_status/created_at"]),
        environment: text(body, "/deployment/environment"),
        title: format!("{what} {sha}"),
        by: first(body, &["/deployment/creator/login", "/sender/login"]),
        link: first(body, &["/deployment_status/target_url", "/repository/html_url"]),
        service: text(body, "/repository/name"),
    }
}

/// Deployments, releases, and pushes to the default branch.
pub(super) fn gitlab(told: &Told<'_>) -> Result {
    let body = object(told.body, "a webhook of GitLab")?;
    let service = text(&body, "/project/name");
    match text(&body, "/object_kind").as_deref() {
        Some("deployment") => {
            let Some(state) = text(&body, "/status").and_then(|word| state(&word)) else {
                return Ok(ChangesRead::aside(AWAY));
            };
            let sha = text(&body, "/short_sha").unwrap_or_default();
            let draft = Draft {
                id: text(&body, "/deployment_id"),
                state,
                at: at(&body, &["/status_changed_at"]),
                environment: text(&body, "/environment"),
                title: format!(
                    "{} {sha}",
                    first(&body, &["/commit_title", "/ref"]).unwrap_or_default()
                ),
                by: first(&body, &["/user/username", "/user/name"]),
                link: first(&body, &["/deployable_url", "/project/web_url"]),
                service,
            };
            one(told, ChangeKind::Deploy, draft)
        }
        Some("release") if text(&body, "/action").as_deref() == Some("create") => {
            let draft = Draft {
                id: text(&body, "/id"),
                at: at(&body, &["/released_at", "/created_at"]),
                title: first(&body, &["/name", "/tag"]).unwrap_or_default(),
                link: text(&body, "/url"),
                service,
                ..Draft::default()
            };
            one(told, ChangeKind::Other, draft)
        }
        Some("push") => {
            let branch = text(&body, "/project/default_branch").map(|name| format!("refs/heads/{name}"));
            if branch.is_none() || text(&body, "/ref") != branch {
                return Ok(ChangesRead::aside(AWAY));
            }
            let newest = list(&body, "/commits").last();
            let draft = Draft {
                id: text(&body, "/after"),
                state: ChangeState::Done,
                at: newest.and_then(|commit| at(commit, &["/timestamp"])),
                title: newest
                    .and_then(|commit| text(commit, "/title"))
                    .unwrap_or_default(),
                by: first(&body, &["/user_username", "/user_name"]),
                link: newest.and_then(|commit| text(commit, "/url")),
                environment: None,
                service,
            };
            one(told, ChangeKind::Other, draft)
        }
        Some(_) => Ok(ChangesRead::aside(AWAY)),
        None => Err(lacks("/object_kind", "a text", "a webhook of GitLab")),
    }
}

/// What a Kustomization or a HelmRelease applied.
pub(super) fn flux(told: &Told<'_>) -> Result {
    const EXPECTED: &str = "an event of Flux's notification controller";
    let body = object(told.body, EXPECTED)?;
    part(&body, "/involvedObject", EXPECTED)?;
    let kind = text(&body, "/involvedObject/kind").unwrap_or_default();
    let applied = matches!(kind.as_str(), "Kustomization" | "HelmRelease");
    if !applied {
        return Ok(ChangesRead::aside(AWAY));
    }
    let state = match (
        text(&body, "/severity").as_deref(),
        text(&body, "/reason").as_deref(),
    ) {
        (Some("error"), _) => ChangeState::Failed,
        (_, Some("Progressing")) => ChangeState::Running,
        (_, Some(_)) => ChangeState::Done,
        (_, None) => ChangeState::Unknown,
    };
    let name = text(&body, "/involvedObject/name");
    // `kustomize.toolkit.fluxcd.io/revision`: the controller's group goes before it.
    let mut metadata = pairs(&body, "/metadata").into_iter();
    let revision = metadata.find(|(key, _)| key == "revision" || key.ends_with("/revision"));
    let revision = revision.map(|(_, revision)| revision).unwrap_or_default();
    let said = text(&body, "/message").and_then(first_line).unwrap_or_default();
    let draft = Draft {
        // What it says differs while it goes on; without a revision nothing else tells two apart.
        id: Some(match revision.as_str() {
            "" => format!("{kind} {} {said}", name.as_deref().unwrap_or("")),
            revision => format!("{kind} {} {revision}", name.as_deref().unwrap_or("")),
        }),
        state,
        at: at(&body, &["/timestamp"]),
        environment: text(&body, "/involvedObject/namespace"),
        title: format!("{kind} {revision}: {said}"),
        service: name,
        by: None,
        link: None,
    };
    one(told, ChangeKind::Deploy, draft)
}

/// The template that `docs/sources.md` gives for argocd-notifications.
pub(super) fn argocd(told: &Told<'_>) -> Result {
    const EXPECTED: &str = "the body of the template in docs/sources.md";
    let body = object(told.body, EXPECTED)?;
    let app = first(&body, &["/app", "/application", "/name"]);
    let app = app.ok_or_else(|| lacks("/app", "the application's name", EXPECTED))?;
    // What Go's templates write where there is nothing is nothing.
    let phase = text(&body, "/phase").filter(|phase| !phase.starts_with("{{") && !phase.starts_with('<'));
    let state = match phase.map(|phase| phase.to_ascii_lowercase()).as_deref() {
        None => ChangeState::Unknown,
        Some("succeeded") => ChangeState::Done,
        Some("running" | "terminating") => ChangeState::Running,
        Some("failed" | "error") => ChangeState::Failed,
        Some(other) => {
            return Err(ParseError::NoWord {
                at: "phase".to_owned(),
                given: quoted(&Value::from(other)),
                known: "Running, Terminating, Succeeded, Failed, Error",
            });
        }
    };
    let revision = text(&body, "/revision").unwrap_or_default();
    let short: String = revision.chars().take(12).collect();
    let said = text(&body, "/message").and_then(first_line).unwrap_or_default();
    let draft = Draft {
        // The same from its start to its end.
        id: Some(format!(
            "{app} {revision} {}",
            first(
                &body,
                &["/startedAt", "/started_at", "/finishedAt", "/finished_at"]
            )
            .unwrap_or_default()
        )),
        state,
        at: written_at(
            &body,
            &[
                "/finishedAt",
                "/finished_at",
                "/startedAt",
                "/started_at",
                "/time",
            ],
        )?,
        environment: first(&body, &["/namespace", "/destination/namespace"]),
        title: match state {
            ChangeState::Done => format!("synced {short} {said}"),
            ChangeState::Running | ChangeState::Failed | ChangeState::Unknown => {
                format!("sync of {short} {said}")
            }
        },
        by: first(&body, &["/author", "/initiated_by"]),
        link: text(&body, "/url"),
        service: Some(app),
    };
    one(told, ChangeKind::Deploy, draft)
}

/// A change event, as PagerDuty's own endpoint takes it.
pub(super) fn pagerduty(told: &Told<'_>) -> Result {
    const EXPECTED: &str = "a change event of PagerDuty";
    let body = object(told.body, EXPECTED)?;
    part(&body, "/payload", EXPECTED)?;
    let draft = Draft {
        id: None,
        state: ChangeState::Done,
        at: written_at(&body, &["/payload/timestamp"])?,
        service: first(&body, &["/payload/custom_details/service", "/payload/source"]),
        environment: text(&body, "/payload/custom_details/environment"),
        title: text(&body, "/payload/summary").unwrap_or_default(),
        by: first(
            &body,
            &["/payload/custom_details/user", "/payload/custom_details/author"],
        ),
        link: text(&body, "/links/0/href"),
    };
    one(told, ChangeKind::Deploy, draft)
}

/// Flags: the project stands for the service, since a flag knows none.
pub(super) fn launchdarkly(told: &Told<'_>) -> Result {
    let body = object(told.body, "a webhook of LaunchDarkly")?;
    if text(&body, "/kind").as_deref() != Some("flag") {
        return Ok(ChangesRead::aside(AWAY));
    }
    // `proj/shop:env/production:flag/new-checkout-flow`
    let resource = text(&body, "/target/resources/0").unwrap_or_default();
    let named = |what: &str| {
        let mut parts = resource.split(':').filter_map(|part| part.split_once('/'));
        let found = parts.find(|(kind, _)| *kind == what);
        found.map(|(_, name)| name.split(';').next().unwrap_or(name).to_owned())
    };
    let verb = text(&body, "/titleVerb").unwrap_or_else(|| "changed".to_owned());
    let flag = first(&body, &["/name"])
        .or_else(|| named("flag"))
        .unwrap_or_default();
    let draft = Draft {
        id: text(&body, "/_id"),
        state: ChangeState::Done,
        at: at(&body, &["/date"]),
        service: named("proj"),
        environment: named("env"),
        title: format!("{verb} {flag}"),
        by: first(&body, &["/member/email", "/member/firstName"]),
        link: None,
    };
    one(told, ChangeKind::Flag, draft)
}

/// Interlock's own: an object, or a list of them.
pub(super) fn generic(told: &Told<'_>) -> Result {
    const EXPECTED: &str = "an object with `title` and `service`, or a list of them";
    let body = any(told.body)?;
    let rows: &[Value] = match &body {
        Value::Array(rows) => rows,
        Value::Object(_) => std::slice::from_ref(&body),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(lacks("/body", "an object in { } or a list", EXPECTED));
        }
    };
    let mut changes = Vec::new();
    for row in rows {
        let title = text(row, "/title");
        let title = title.ok_or_else(|| lacks("/title", "a text with something in it", EXPECTED))?;
        let kind = match text(row, "/kind").as_deref() {
            Some("deploy") | None => ChangeKind::Deploy,
            Some("flag") => ChangeKind::Flag,
            Some("config") => ChangeKind::Config,
            Some(_) => ChangeKind::Other,
        };
        let state = match first(row, &["/state", "/status", "/phase"]) {
            None => ChangeState::Done,
            Some(word) => match state(&word) {
                Some(state) => state,
                None if WAITING.iter().any(|known| word.eq_ignore_ascii_case(known)) => continue,
                None => {
                    return Err(ParseError::NoWord {
                        at: "state".to_owned(),
                        given: quoted(&Value::String(word)),
                        known: STATES,
                    });
                }
            },
        };
        let draft = Draft {
            id: text(row, "/id"),
            state,
            at: written_at(row, &["/at", "/time", "/timestamp"])?,
            service: text(row, "/service"),
            environment: text(row, "/environment"),
            by: text(row, "/by"),
            link: text(row, "/url"),
            title,
        };
        changes.extend(draft.finish(&told.source, kind, told.now));
    }
    Ok(ChangesRead::of(changes))
}

fn first_line(text: String) -> Option<String> {
    text.lines().next().map(str::to_owned)
}
