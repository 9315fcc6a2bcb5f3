//! Those who are asked for evidence, asked for what nobody has: that they answer is all there is to see.

use jiff::Timestamp;

use super::finding::Finding;
use crate::app::looks::{Servers, Tracing};
use crate::app::wiring::evidence;
use crate::config::Settings;
use crate::domain::runbook::JaegerSearch;
use crate::evidence::prometheus::Prometheus;

const ABOUT: &str = "evidence";

/// Nothing is told of those that are not configured: evidence is asked of nobody else.
pub(super) async fn look(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let Servers {
        prometheus,
        loki,
        traces,
    } = match evidence(settings) {
        Ok(servers) => servers,
        Err(error) => return vec![Finding::wrong(ABOUT, error.to_string())],
    };
    let mut found = Vec::new();
    if let Some(prometheus) = &prometheus {
        found.push(told("Prometheus", asked(prometheus).await));
    }
    if let Some(loki) = &loki {
        let asked = loki.query("{interlock=\"doctor\"}", now).await;
        found.push(told("Loki", asked.map(drop).map_err(|error| error.to_string())));
    }
    match &traces {
        Some(Tracing::Tempo(tempo)) => {
            let query = "{ resource.service.name = \"interlock-doctor\" }";
            let asked = tempo.search(query, now).await;
            found.push(told("Tempo", asked.map(drop).map_err(|error| error.to_string())));
        }
        Some(Tracing::Jaeger(jaeger)) => {
            let asked = match JaegerSearch::parse("service=interlock-doctor") {
                Ok(search) => jaeger
                    .search(&search, now)
                    .await
                    .map(drop)
                    .map_err(|error| error.to_string()),
                Err(mistake) => Err(mistake.message),
            };
            found.push(told("Jaeger", asked));
        }
        None => {}
    }
    found
}

async fn asked(prometheus: &Prometheus) -> Result<(), String> {
    let answer = prometheus.query("vector(1)").await;
    answer.map(drop).map_err(|error| error.to_string())
}

fn told(of: &str, asked: Result<(), String>) -> Finding {
    match asked {
        Ok(()) => Finding::fine(ABOUT, format!("{of} answers")),
        Err(why) => Finding::wrong(
            ABOUT,
            format!("{why}; what runbooks ask there is shown as not read"),
        ),
    }
}
