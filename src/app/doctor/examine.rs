//! The order in which things are looked at: what needs no network first.

use super::finding::Finding;
use super::{evidence, inside, outside, power};
use crate::app::knowledge;
use crate::config::Settings;
use crate::config::runbooks::LoadError;
use crate::ports::Clock;

/// Looks at everything, and tells each finding as it comes.
///
/// # Errors
/// The runbooks can't be read: nobody knows then what is needed.
pub async fn examine(
    settings: &Settings,
    clock: &dyn Clock,
    tell: &mut dyn FnMut(Finding),
) -> Result<(), LoadError> {
    let catalog = knowledge::open_runbooks(&settings.runbooks.path)?.current();
    inside::look(settings, &catalog, clock.now())
        .into_iter()
        .for_each(&mut *tell);
    outside::newest(settings, clock.now())
        .await
        .into_iter()
        .for_each(&mut *tell);
    outside::slack(settings, clock.now())
        .await
        .into_iter()
        .for_each(&mut *tell);
    outside::anchors(settings, clock.now())
        .await
        .into_iter()
        .for_each(&mut *tell);
    outside::pager(settings).await.into_iter().for_each(&mut *tell);
    let answers = evidence::look(settings, clock.now()).await;
    answers.into_iter().for_each(&mut *tell);
    for name in settings.kubernetes.clusters.keys() {
        let found = power::look(settings, &catalog, name, clock.now()).await;
        found.into_iter().for_each(&mut *tell);
    }
    if settings.kubernetes.clusters.is_empty() {
        tell(Finding::wrong(
            "clusters",
            "none is configured: set kubernetes.clusters.NAME.kubeconfig, or no step can run",
        ));
    }
    Ok(())
}
