//! The order in which things are looked at: what needs no network first. What servers say of themselves is told without secrets.

use super::finding::Finding;
use super::{evidence, inside, outside, power};
use crate::app::{StartError, intake, knowledge};
use crate::config::Settings;
use crate::ports::Clock;

/// Looks at everything, and tells each finding as it comes.
///
/// # Errors
/// The runbooks can't be read, so that nobody knows what is needed, or the secrets are too many or too long to look for.
pub async fn examine(
    settings: &Settings,
    clock: &dyn Clock,
    tell: &mut dyn FnMut(Finding),
) -> Result<(), StartError> {
    let redactor = intake::redactor(settings)?;
    let mut tell = |finding: Finding| tell(finding.cleaned(&redactor));
    let catalog = knowledge::open_runbooks(&settings.runbooks.path)?.current();
    inside::look(settings, &catalog, clock.now())
        .into_iter()
        .for_each(&mut tell);
    outside::newest(settings, clock.now())
        .await
        .into_iter()
        .for_each(&mut tell);
    outside::slack(settings, clock.now())
        .await
        .into_iter()
        .for_each(&mut tell);
    outside::anchors(settings, clock.now())
        .await
        .into_iter()
        .for_each(&mut tell);
    outside::pager(settings).await.into_iter().for_each(&mut tell);
    let answers = evidence::look(settings, clock.now()).await;
    answers.into_iter().for_each(&mut tell);
    for name in settings.kubernetes.clusters.keys() {
        let found = power::look(settings, &catalog, name, &redactor, clock.now()).await;
        found.into_iter().for_each(&mut tell);
    }
    if settings.kubernetes.clusters.is_empty() {
        tell(Finding::wrong(
            "clusters",
            "none is configured: set kubernetes.clusters.NAME.kubeconfig, or no step can run",
        ));
    }
    Ok(())
}
