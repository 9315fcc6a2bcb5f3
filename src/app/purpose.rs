//! What the rules of each printed role are for: a role holds what all commands of one account need in one namespace, and whoever
//! reads it asks which those are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::power::Power;
use crate::actions::rights::{Role, Where};

/// What is asked for, and by whom: a runbook with its commands (`step 3`, `evidence "Pods now"`), a key of the configuration, or
/// Interlock, which asks for no command.
pub type Purpose = BTreeMap<String, BTreeSet<String>>;

/// An account, and a namespace; `None` for the whole cluster.
type Holding = ((String, String), Option<String>);

/// Of every role that is printed.
#[derive(Debug)]
pub struct Purposes(BTreeMap<Holding, Purpose>);

/// What Interlock needs for itself, whatever the runbooks say.
const ITSELF: &str = "Interlock itself";

impl Power {
    /// What each role among the objects is for.
    #[must_use]
    pub fn purposes(&self) -> Purposes {
        let mut all: BTreeMap<Holding, Purpose> = BTreeMap::new();
        for namespace in self.own_places() {
            let own = all.entry((self.accounts.own.clone(), namespace)).or_default();
            own.entry(ITSELF.to_owned()).or_default();
        }
        for need in &self.needs.needs {
            let account = match need.role {
                Role::Looks => &self.accounts.own,
                Role::Runs(tier) => self.accounts.tiers.get(&tier).unwrap_or(&self.accounts.own),
            };
            let purpose = all
                .entry((account.clone(), need.right.namespace.clone()))
                .or_default();
            match &need.of {
                Where::Command { runbook, what } => {
                    let commands = purpose.entry(runbook.to_string()).or_default();
                    commands.insert(what.clone());
                }
                Where::FollowRollouts => {
                    purpose.entry(need.of.to_string()).or_default();
                }
            }
        }
        Purposes(all)
    }

    /// Where it asks for the tokens of the other accounts, holds its Lease, and reads the admission policies.
    fn own_places(&self) -> BTreeSet<Option<String>> {
        let accounts = self.accounts.tiers.values();
        let others = accounts.filter(|account| **account != self.accounts.own);
        let tokens = others.map(|(home, _)| Some(home.clone()));
        let standby = self.standby.iter().map(|right| right.namespace.clone());
        let policies = (!self.policies().is_empty()).then_some(None);
        tokens.chain(standby).chain(policies).collect()
    }
}

impl Purposes {
    /// Of one of these objects, when it is a role: the binding that is among them says whose.
    #[must_use]
    pub fn of(&self, object: &Value, among: &[Value]) -> Option<&Purpose> {
        let (kind, name) = (&object["kind"], &object["metadata"]["name"]);
        let namespace = &object["metadata"]["namespace"];
        let binding = among.iter().find(|other| {
            let role = &other["roleRef"];
            (&role["kind"], &role["name"], &other["metadata"]["namespace"]) == (kind, name, namespace)
        })?;
        let account = &binding["subjects"][0];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let account = (text(&account["namespace"])?, text(&account["name"])?);
        self.0.get(&(account, text(namespace)))
    }
}
