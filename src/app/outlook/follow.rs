//! The tasks that tell the cards what stands around an incident: freezes, what was started, and whom Slack does not have.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use tracing::{debug, warn};

use super::Recent;
use crate::actions::redact::Redactor;
use crate::domain::command::Command;
use crate::domain::freeze::{FileSeen, FreezeFile, Scope};
use crate::domain::ids::GroupId;
use crate::domain::policy::Policy;
use crate::engine::Handle;
use crate::executor::read_freeze_file;
use crate::render::people;
use crate::slack::cards::Frozen;
use crate::slack::{Absent, People};

/// How often the engine is asked for what is only shown.
const LOOK: Duration = Duration::from_secs(1);

/// The freeze file, and what takes secrets out of what it says.
pub struct FreezeFileAt {
    pub path: PathBuf,
    pub redactor: Arc<Redactor>,
}

impl FreezeFileAt {
    async fn read(&self) -> FreezeFile {
        match read_freeze_file(Some(&self.path)).await {
            FreezeFile::Absent => FreezeFile::Absent,
            FreezeFile::Present { reason } => FreezeFile::Present {
                reason: self.redactor.clean(&reason).into_owned(),
            },
            unreadable @ FreezeFile::Unreadable { .. } => unreadable,
        }
    }

    fn written(&self) -> String {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        path.display().to_string()
    }
}

/// Has it recorded and told when the file begins or ends to freeze. Read twice alike, so that a mount that comes and goes
/// tells nobody every second.
async fn record(
    engine: &Handle,
    at: &FreezeFileAt,
    known: Option<&FileSeen>,
    now: &FreezeFile,
    last: &FreezeFile,
) {
    if now != last || now.says().as_ref() == known.map(|seen| &seen.said) {
        return;
    }
    let command = Command::FreezeFileSeen {
        path: at.written(),
        file: now.clone(),
    };
    if let Err(error) = engine.submit(command).await {
        debug!(%error, "what the freeze file says could not be recorded; it is offered again");
    }
}

/// Tells the cards of freezes by people and by the file, and of what was started. What starts is checked elsewhere, at
/// every start.
pub async fn follow(engine: Handle, file: FreezeFileAt, shown: Arc<RwLock<Recent>>) {
    let mut last = FreezeFile::Absent;
    while let (Ok(freeze), Ok(started), Ok(glass)) = (
        engine.freeze().await,
        engine.started().await,
        engine.glass().await,
    ) {
        let now = file.read().await;
        let of_file = now.says().map(|says| Frozen {
            scope: Scope::Everything,
            by: FreezeFile::BY.to_owned(),
            reason: says.words(),
            who: None,
            file: Some(file.written()),
            over: None,
        });
        record(&engine, &file, freeze.file(), &now, &last).await;
        last = now;
        let mut frozen: Vec<Frozen> = freeze
            .held()
            .iter()
            .map(|held| Frozen {
                scope: held.scope.clone(),
                by: people::named(&held.by.user, &held.name),
                reason: held.reason.clone(),
                who: Some(held.by.clone()),
                file: None,
                over: held.over,
            })
            .chain(of_file)
            .collect();
        frozen.sort_by(|one, other| one.scope.cmp(&other.scope));
        *shown.write() = Recent {
            frozen,
            started,
            glass,
        };
        tokio::time::sleep(LOOK).await;
    }
}

/// How often Slack is asked whether it has everybody whom the policy names.
const ASK_ABSENT: Duration = Duration::from_secs(300);

/// Tells the cards and the log of groups and people whom the policy names and Slack does not have. Their rows count for
/// nobody; that is decided elsewhere, at every click.
pub async fn follow_absent(people: Arc<People>, policy: Policy, shown: Arc<RwLock<Absent>>) {
    let groups: Vec<GroupId> = policy.groups().cloned().collect();
    let users: BTreeSet<String> = policy
        .rows
        .iter()
        .flat_map(|row| row.users.iter().cloned())
        .collect();
    let users: Vec<String> = users.into_iter().collect();
    loop {
        match people.absent(&groups, &users).await {
            Ok(absent) => {
                let known = shown.read().clone();
                for (name, why) in absent.iter().filter(|(name, _)| !known.contains_key(*name)) {
                    warn!(
                        "the policy names {name} ({}): its [[approvers]] rows count for nobody by that name",
                        why.words()
                    );
                }
                *shown.write() = absent;
            }
            Err(error) => warn!(%error, "Slack did not say whether it has everybody whom the policy names"),
        }
        tokio::time::sleep(ASK_ABSENT).await;
    }
}
