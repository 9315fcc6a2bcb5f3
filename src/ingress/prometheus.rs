//! Prometheus itself, which takes this address for an Alertmanager and posts to `…/api/v2/alerts`: a bare list without
//! status and fingerprint. An alert fires while its end lies ahead (some four minutes, renewed each minute). Prometheus tries
//! once and waits for no answer that it would repeat, so an Alertmanager between the two is the better way.

use std::borrow::Cow;

use serde::Deserialize;

use super::alertmanager::{description_of, episode, fingerprint_of, links_of, name_of, title_of};
use super::error::ParseError;
use super::moment::written;
use super::read::{Incoming, Read};
use super::text::Pairs;
use crate::domain::alert::{Alert, AlertStatus, Told};
use crate::domain::ids::{EpisodeKey, Fingerprint};

const EXPECTED: &str = "the list that Prometheus posts to `/api/v2/alerts`";

#[derive(Deserialize)]
struct Item<'b> {
    labels: Pairs,
    #[serde(default)]
    annotations: Pairs,
    #[serde(borrow, default, rename = "startsAt")]
    starts_at: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "endsAt")]
    ends_at: Option<Cow<'b, str>>,
    #[serde(borrow, default, rename = "generatorURL")]
    generator_url: Option<Cow<'b, str>>,
}

pub(super) fn read(incoming: &Incoming<'_>) -> Result<Read, ParseError> {
    let body = incoming.body;
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(ParseError::Empty),
        Some(b'{') => {
            return Err(ParseError::WrongSender(
                "this is an object, but Prometheus posts a list: send Alertmanager's webhook to /webhooks/alertmanager",
            ));
        }
        Some(_) => {}
    }
    let items: Vec<Item<'_>> =
        serde_json::from_slice(body).map_err(|_| ParseError::locate::<Vec<Item<'_>>>(body, EXPECTED))?;
    Ok(Read::alerts(
        items.into_iter().map(|item| alert(item, incoming)).collect(),
    ))
}

fn alert(item: Item<'_>, incoming: &Incoming<'_>) -> Alert {
    let (Pairs(mut labels), Pairs(annotations)) = (item.labels, item.annotations);
    let whole = incoming.mapping.whole(&labels, fingerprint_of);
    let voice = incoming.mapping.voice(&mut labels);
    let starts_at = item.starts_at.as_deref().and_then(written);
    let ends_at = item.ends_at.as_deref().and_then(written);
    let ended = ends_at.filter(|at| *at <= incoming.now);
    let fingerprint = fingerprint_of(&labels);
    let name = name_of(&labels);
    let word = labels.get("severity").cloned().unwrap_or_default();
    Alert {
        source: incoming.source.clone(),
        episode: EpisodeKey::new(match starts_at {
            Some(at) => episode(&fingerprint, at),
            None => format!("{fingerprint}@"),
        }),
        fingerprint: Fingerprint::new(fingerprint),
        group: None,
        status: if ended.is_some() {
            AlertStatus::Resolved
        } else {
            AlertStatus::Firing
        },
        title: title_of(&name, &labels, &annotations),
        name,
        description: description_of(&annotations),
        severity: incoming.mapping.severity(&word),
        severity_word: word,
        service: incoming.mapping.service(&labels),
        links: links_of(&annotations, None, None, item.generator_url.as_deref()),
        labels,
        annotations,
        starts_at,
        ends_at: ended,
        source_ref: None,
        dedup_key: None,
        told: Told {
            // Each of a pair sends by itself, and by its start alone they are told apart where no label does it.
            voice: Some(match starts_at {
                Some(at) if voice.is_empty() => format!("the Prometheus that saw it start at {at}"),
                Some(_) | None => voice,
            }),
            // Until when it says so.
            at: ends_at.filter(|_| ended.is_none()),
            whole: whole.map(|whole| {
                EpisodeKey::new(match starts_at {
                    Some(at) => episode(&whole, at),
                    None => format!("{whole}@"),
                })
            }),
            by: None,
        },
    }
}
