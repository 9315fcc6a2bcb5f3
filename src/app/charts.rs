//! The chart of a finding: its query over the hour around the alert, asked when the thread is about to get it, cleaned, drawn.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::actions::redact::Redactor;
use crate::domain::evidence::Finding;
use crate::domain::incident::Incident;
use crate::evidence::chart::{Chart, Drawn};
use crate::evidence::prometheus::Prometheus;
use crate::evidence::range::Span;

/// What a chart shows.
const AROUND: SignedDuration = SignedDuration::from_hours(1);
/// Of that, after the alert, as far as it has passed.
const AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Seconds between two points: 240 of them, of the 11,000 that Prometheus allows.
const STEP: u32 = 15;

/// Makes charts.
pub struct Charts {
    pub prometheus: Prometheus,
    pub redactor: Arc<Redactor>,
}

impl Charts {
    /// The chart of a finding; `None` when there is nothing to draw, or it can't be had just now: the numbers of the finding
    /// stand on the card in any case.
    pub async fn draw(&self, incident: &Incident, finding: &Finding, now: Timestamp) -> Option<Drawn> {
        let alert = incident.first_alert()?;
        let alert_at = alert.starts_at.unwrap_or(incident.opened_at).min(now);
        let span = around(alert_at, now);
        let mut lines = match self.prometheus.range(&finding.query, span).await {
            Ok(lines) => lines,
            Err(error) => {
                tracing::warn!(incident = %incident.id, %error, "there is no chart of a finding");
                return None;
            }
        };
        for value in lines.lines.iter_mut().flat_map(|line| line.labels.values_mut()) {
            *value = self.redactor.clean(value).into_owned();
        }
        let chart = Chart {
            name: &finding.name,
            lines: &lines,
            span,
            alert_at,
            limit: finding.limit.as_ref(),
        };
        chart.draw().unwrap_or_else(|error| {
            tracing::error!(incident = %incident.id, %error, "a chart can't be drawn");
            None
        })
    }
}

fn around(alert: Timestamp, now: Timestamp) -> Span {
    let to = alert.checked_add(AFTER).unwrap_or(now).min(now);
    Span {
        from: to.checked_sub(AROUND).unwrap_or(Timestamp::MIN),
        to,
        step: STEP,
    }
}
