//! Slack, the pager and the places that keep checkpoints, asked in ways that change nothing there.

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use crate::app::checkpoints;
use crate::app::wiring::slack_settings;
use crate::config::{Settings, SlackCredentials};
use crate::paging::PagerDuty;
use crate::slack;

const SLACK: &str = "slack";
const PAGER: &str = "pager";
const ANCHORS: &str = "anchors";
/// Slack takes a signature for five minutes; long before that something is wrong with a clock.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// Nothing was ever opened under this key, so that resolving it does nothing.
const NO_PAGE: &str = "interlock-doctor";

/// Whether the database is the newest that there was, and nobody else has written to it.
pub(super) async fn newest(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let wanted = &settings.checkpoints;
    let examined = match checkpoints::examine(settings, now).await {
        Ok(examined) => examined,
        Err(error) => return vec![Finding::unclear(ANCHORS, error.to_string())],
    };
    let mut wrong = examined.wrong;
    let kept = wanted.webhook.url.is_some() || wanted.thread;
    if wanted.key.is_some() && kept && wanted.file.is_none() && wanted.s3.bucket.is_none() {
        let text = "no place that keeps checkpoints can be asked at a start, so that a database that was set back is not noticed: \
                    set checkpoints.file or checkpoints.s3, too";
        wrong.push(text.to_owned());
    }
    let fine = (wrong.is_empty() && !examined.compared.is_empty()).then(|| {
        format!(
            "the database is what these hold of it: {}",
            examined.compared.join(", ")
        )
    });
    let wrong = wrong.into_iter().map(|text| Finding::wrong(ANCHORS, text));
    wrong
        .chain(fine.map(|text| Finding::fine(ANCHORS, text)))
        .collect()
}

pub(super) async fn slack(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let credentials = match settings.slack.credentials() {
        Ok(credentials) => credentials,
        Err(error) => return vec![Finding::wrong(SLACK, error.to_string())],
    };
    let made = slack_settings(settings, &credentials);
    let mut found = match slack::installed(&made, now).await {
        Ok(installed) => of_installation(&installed),
        Err(error) => vec![Finding::wrong(SLACK, error.to_string())],
    };
    found.push(match credentials {
        SlackCredentials::Socket { .. } => match slack::socket_opens(&made).await {
            Ok(()) => Finding::fine(SLACK, "Socket Mode can be opened"),
            Err(error) => Finding::wrong(SLACK, format!("Socket Mode can't be opened: {error}")),
        },
        SlackCredentials::Http { .. } => clicked(settings, &made, now).await,
    });
    found.extend(approvers(settings, &made).await);
    found.extend(channels(settings, &made).await);
    if settings.slack.channel.is_none() {
        found.push(Finding::wrong(
            SLACK,
            "slack.channel is not set: name the channel for alerts that no [[routes]] row covers",
        ));
    }
    found
}

/// Everybody whom the policy names, as far as Slack knows them.
async fn approvers(settings: &Settings, made: &slack::Settings) -> Vec<Finding> {
    let policy = crate::app::rules(settings, "").policy;
    let groups: Vec<_> = policy.groups().cloned().collect();
    let users: Vec<String> = policy
        .rows
        .iter()
        .flat_map(|row| row.users.iter().cloned())
        .collect();
    let asked = match slack::Api::new(made) {
        Ok(api) => {
            let people = slack::People::new(api, std::sync::Arc::default());
            people.absent(&groups, &users).await
        }
        Err(error) => return vec![Finding::unclear(SLACK, error.to_string())],
    };
    match asked {
        Ok(absent) if absent.is_empty() => {
            vec![Finding::fine(SLACK, "it has everybody whom [[approvers]] names")]
        }
        Ok(absent) => absent
            .into_iter()
            .map(|(name, why)| {
                let text = format!(
                    "[[approvers]] names {name} ({}), which counts for nobody: name somebody else",
                    why.words()
                );
                Finding::wrong(SLACK, text)
            })
            .collect(),
        Err(error) => vec![Finding::unclear(
            SLACK,
            format!("it did not say whether it has everybody whom [[approvers]] names: {error}"),
        )],
    }
}

/// Every channel that the configuration names.
async fn channels(settings: &Settings, made: &slack::Settings) -> Vec<Finding> {
    let asked = match slack::Api::new(made) {
        Ok(api) => crate::app::channels::unusable(settings, &api).await,
        Err(error) => return vec![Finding::unclear(SLACK, error.to_string())],
    };
    match asked {
        Ok(found) if found.is_empty() => {
            vec![Finding::fine(
                SLACK,
                "cards can be posted in every channel that is named",
            )]
        }
        Ok(found) => found
            .into_iter()
            .map(|problem| Finding::wrong(SLACK, problem))
            .collect(),
        Err(error) => vec![Finding::unclear(
            SLACK,
            format!("it did not say whether it has the channels that are named: {error}"),
        )],
    }
}

fn of_installation(installed: &slack::Installed) -> Vec<Finding> {
    let mut found = vec![Finding::fine(
        SLACK,
        format!(
            "the token is that of {} in the workspace {}",
            installed.user, installed.team
        ),
    )];
    let lacking = installed.lacking.iter().map(|(scope, why)| {
        let text = format!(
            "the scope {scope} is missing ({why}): add it from manifest.yml and install the app again"
        );
        Finding::wrong(SLACK, text)
    });
    found.extend(lacking);
    if !installed.unneeded.is_empty() {
        let text = format!(
            "the token has scopes that nothing uses: {}; take them out of the app",
            installed.unneeded.join(", ")
        );
        found.push(Finding::wrong(SLACK, text));
    }
    found.push(match installed.ahead {
        Some(ahead) if ahead.abs() > SKEW => Finding::wrong(
            "clock",
            format!(
                "Slack's clock and ours differ by {} s, and from five minutes on no click is taken: set the time by NTP",
                ahead.as_secs().abs()
            ),
        ),
        Some(_) => Finding::fine("clock", "it agrees with Slack's"),
        None => Finding::unclear("clock", "Slack did not say what time it is"),
    });
    found
}

async fn clicked(settings: &Settings, made: &slack::Settings, now: Timestamp) -> Finding {
    let base = settings.public_url.as_ref().map_or_else(
        || format!("http://{}", settings.server.listen),
        |url| url.as_str().to_owned(),
    );
    match slack::click(made, &base, now).await {
        Ok(()) => Finding::fine(
            SLACK,
            format!("a signed click arrives at {base}, and a forged one is refused"),
        ),
        Err(error) => Finding::wrong(
            SLACK,
            format!(
                "clicks do not arrive at {base}: {error}; is `interlock serve` running, and public_url its address?"
            ),
        ),
    }
}

/// The anchors that are elsewhere, asked without giving them anything.
pub(super) async fn anchors(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    if settings.checkpoints.key.is_none() {
        return Vec::new();
    }
    let anchors = match checkpoints::anchors(settings) {
        Ok(anchors) => anchors,
        Err(error) => return vec![Finding::wrong(ANCHORS, error)],
    };
    let mut found = Vec::new();
    for anchor in &anchors {
        let Some(answer) = anchor.ask(now).await else {
            continue;
        };
        found.push(match answer {
            Ok(place) => Finding::fine(ANCHORS, format!("{place} answers")),
            Err(checkpoints::AnchorError::Refused { url, status: 401 | 403 }) => Finding::unclear(
                ANCHORS,
                format!(
                    "{url} does not let us look: either it does not take our key, or the key may put checkpoints there and no \
                     more; the log says when one is not taken"
                ),
            ),
            Err(checkpoints::AnchorError::Refused { url, status })
                if anchor.is_posted_to() && (400..500).contains(&status) =>
            {
                Finding::unclear(
                    ANCHORS,
                    format!(
                        "whether {url} takes checkpoints is not known: it answers {status} to a look, and they are POSTed; the log says \
                         when one is not taken"
                    ),
                )
            }
            Err(error) => Finding::wrong(ANCHORS, format!("{error}, so checkpoints may not get there")),
        });
    }
    found
}

pub(super) async fn pager(settings: &Settings) -> Vec<Finding> {
    let client = match PagerDuty::new(&settings.pagerduty) {
        Ok(client) => client,
        Err(error) => return vec![Finding::unclear(PAGER, error.to_string())],
    };
    if !client.can_page() {
        return vec![Finding::wrong(
            PAGER,
            "none is configured, so nobody will be paged: set pagerduty.routing_key",
        )];
    }
    let mut found = vec![match client.resolve_by_key(NO_PAGE).await {
        Ok(_) => Finding::fine(PAGER, "it takes our routing key"),
        Err(error) => Finding::wrong(PAGER, format!("it does not take our routing key: {error}")),
    }];
    if settings.pagerduty.api_token.is_some() {
        found.push(match client.on_calls().await {
            Ok(people) if people.is_empty() => Finding::wrong(PAGER, "nobody is on call now"),
            Ok(_) => Finding::fine(PAGER, "it says who is on call"),
            Err(error) => Finding::wrong(PAGER, format!("it does not take our API token: {error}")),
        });
    }
    found
}
