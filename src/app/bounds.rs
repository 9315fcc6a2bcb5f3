//! Whether what the admission policies bind is bound, in sentences: for `doctor`, and for the log of a start. RBAC alone knows
//! neither commands nor what is in a Job, so that without them Interlock may do more than its runbooks say.

use std::collections::BTreeMap;

use super::power::{HOME, Power};
use super::review::ReviewError;
use crate::actions::Mark;
use crate::actions::kubernetes::clusters::Clusters;
use crate::actions::rights::{Bounds, Reviewer, Standing};
use crate::config::Settings;
use crate::domain::ids::ClusterName;
use crate::domain::runbook::Catalog;

/// How it stands, and a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Fine(String),
    Wrong(String),
    Unclear(String),
}

/// It is no attempt of a plan and belongs to no database.
const LOOK: Mark = Mark::own("review");
const APPLY: &str = "`interlock rbac | kubectl apply -f -`";

/// Asks the cluster. Nothing to say where the runbooks ask for nothing that a policy could bind.
///
/// # Errors
/// The cluster can't be asked with Interlock's own account.
pub(super) async fn look(
    clusters: &Clusters,
    settings: &Settings,
    catalog: &Catalog,
    name: &ClusterName,
) -> Result<Vec<Said>, ReviewError> {
    let mut power = Power::of(settings, catalog, name.clone(), HOME);
    if power.policies().is_empty() {
        return Ok(Vec::new());
    }
    let reviewer = Reviewer::new(clusters.client(name, &LOOK).await?);
    let who = reviewer.who().await?;
    let account = who
        .as_deref()
        .and_then(|who| who.strip_prefix("system:serviceaccount:"));
    // The policies name the accounts, whose namespace `rbac` was told.
    if let Some((home, _)) = account.and_then(|account| account.split_once(':')) {
        power = Power::of(settings, catalog, name.clone(), home);
    }
    let standings = match reviewer.bounds(&power.policies()).await? {
        Bounds::TooOld => {
            let text = "it has no ValidatingAdmissionPolicy, which came with Kubernetes 1.30, so that which commands, Jobs and changes \
                        the runbooks have is bound by nothing in the cluster: RBAC knows only that there may be some";
            return Ok(vec![Said::Wrong(text.to_owned())]);
        }
        Bounds::Policies(standings) => standings,
    };
    let mut said = sentences(&standings);
    let own = format!("system:serviceaccount:{}", power.own_account().replace('/', ":"));
    if let Some(who) = who.filter(|who| *who != own) {
        said.push(Said::Wrong(format!(
            "Interlock runs here as {who}, and the admission policies are about {own}: run it as that account"
        )));
    }
    Ok(said)
}

/// One sentence for each way in which policies stand.
fn sentences(standings: &BTreeMap<String, Standing>) -> Vec<Said> {
    let mut by: BTreeMap<Standing, Vec<&str>> = BTreeMap::new();
    for (name, standing) in standings {
        by.entry(*standing).or_default().push(name);
    }
    let sentence = |(standing, names): (Standing, Vec<&str>)| {
        let all = names.join(", ");
        match standing {
            Standing::InForce => Said::Fine(match names.len() {
                1 => "the admission policy that its runbooks ask for is in force".to_owned(),
                count => format!("all {count} admission policies that its runbooks ask for are in force"),
            }),
            Standing::Missing => Said::Wrong(format!(
                "these admission policies are not there, so that Interlock may do more than its runbooks say: {all} ({APPLY})"
            )),
            Standing::Differs => Said::Wrong(format!(
                "these admission policies are not what the runbooks ask for now: {all} ({APPLY})"
            )),
            Standing::Unbound => Said::Wrong(format!(
                "these admission policies refuse nothing, since no binding puts them in force with Deny: {all} ({APPLY})"
            )),
            Standing::Unread => Said::Unclear(format!(
                "whether these admission policies are in force is not known, since Interlock may not read them: {all} ({APPLY} \
                 grants it)"
            )),
        }
    };
    by.into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_stand_is_one_sentence() {
        let standings = [
            ("a", Standing::InForce),
            ("b", Standing::Missing),
            ("c", Standing::Missing),
            ("d", Standing::Unread),
        ];
        let said = sentences(
            &standings
                .map(|(name, standing)| (name.to_owned(), standing))
                .into(),
        );
        let [Said::Fine(_), Said::Wrong(missing), Said::Unclear(unread)] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert!(missing.contains(": b, c (`interlock rbac"), "{missing}");
        assert!(
            unread.contains("is not known") && unread.contains(": d ("),
            "{unread}"
        );
    }
}
