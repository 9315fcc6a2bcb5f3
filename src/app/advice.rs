//! The optional advisor: what is configured, what leaves for it, and what of its answer counts.
//!
//! Invariant: nothing leaves with a secret in it, and nothing comes back but an order of what was sent and values of the
//! parameters that were named.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::StartError;
use crate::actions::redact::Redactor;
use crate::config::{AdvisorProtocol, Settings};
use crate::domain::advice::{Blanks, Question};
use crate::domain::ids::RunbookName;
use crate::evidence::advisor::{Advisor, AdvisorError, AdvisorSettings, Protocol};
use crate::evidence::filling;
use crate::ports::{self, Pending};

/// For one question, all in all.
const WITHIN: Duration = Duration::from_secs(3);
/// Questions at the same time; in a storm the others go without an answer.
const AT_ONCE: usize = 4;

struct Advice {
    advisor: Advisor,
    redactor: Arc<Redactor>,
    turns: Semaphore,
}

/// `None` where none is configured, which is the default.
///
/// # Errors
/// Its address is none.
pub(super) fn advisor(
    settings: &Settings,
    redactor: Arc<Redactor>,
) -> Result<Option<Arc<dyn ports::Advisor>>, StartError> {
    let section = &settings.advisor;
    let Some(url) = &section.url else {
        return Ok(None);
    };
    let advisor = Advisor::new(AdvisorSettings {
        protocol: match section.protocol {
            AdvisorProtocol::Anthropic => Protocol::Anthropic,
            AdvisorProtocol::Openai => Protocol::OpenAi,
            AdvisorProtocol::Embeddings => Protocol::Embeddings,
        },
        base: url.as_str().to_owned(),
        model: section.model.clone(),
        key: section.api_key.as_ref().map(|key| key.expose().to_owned()),
        within: WITHIN,
    });
    let advisor = advisor.map_err(|error| StartError::Setup(format!("advisor.url: {error}")))?;
    Ok(Some(Arc::new(Advice {
        advisor,
        redactor,
        turns: Semaphore::new(AT_ONCE),
    })))
}

impl Advice {
    async fn ask(&self, question: &Question) -> Result<Vec<usize>, AdvisorError> {
        let clean = |text: &str| self.redactor.clean(text).into_owned();
        let alert = serde_json::json!({
            "name": clean(&question.name),
            "title": clean(&question.title),
            "description": clean(&question.description),
        });
        let candidates: Vec<serde_json::Value> = question
            .candidates
            .iter()
            .map(|choice| serde_json::json!({"title": clean(&choice.title), "about": clean(&choice.about)}))
            .collect();
        self.advisor.order(&alert, &candidates).await
    }

    async fn values(&self, blanks: &Blanks) -> Result<BTreeMap<String, String>, AdvisorError> {
        let clean = |text: &str| self.redactor.clean(text).into_owned();
        let [name, title, description] = blanks.alert.each_ref().map(|text| clean(text));
        let alert = serde_json::json!({"name": name, "title": title, "description": description});
        let runbook = serde_json::json!({"title": clean(&blanks.title)});
        let told: Vec<serde_json::Value> = blanks
            .open
            .iter()
            .map(|blank| filling::told(blank, &clean))
            .collect();
        self.advisor.fill((&alert, &runbook), &blanks.open, &told).await
    }

    /// What is answered in time, when there is a turn left.
    async fn within<T>(
        &self,
        what: &'static str,
        answer: impl Future<Output = Result<T, AdvisorError>>,
    ) -> Option<T> {
        let _turn = self.turns.try_acquire().ok()?;
        match tokio::time::timeout(WITHIN, answer).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the advisor gave no {what}; it goes on without");
                None
            }
            Err(_) => {
                tracing::warn!("the advisor gave no {what} within 3 s; it goes on without");
                None
            }
        }
    }
}

impl ports::Advisor for Advice {
    fn order<'a>(&'a self, question: &'a Question) -> Pending<'a, Option<Vec<RunbookName>>> {
        Box::pin(async move {
            let order = self.within("order", self.ask(question)).await?;
            let named = order.iter().map(|place| question.candidates.get(*place));
            named.map(|choice| Some(choice?.runbook.clone())).collect()
        })
    }

    fn fill<'a>(&'a self, blanks: &'a Blanks) -> Pending<'a, Option<BTreeMap<String, String>>> {
        Box::pin(async move {
            if !self.advisor.fills() {
                return None;
            }
            self.within("values", self.values(blanks)).await
        })
    }
}
