//! What the policy names and Slack does not have: a group that nobody made or that was switched off, a person who left.
//! Their rows count for nobody; here is what makes that visible before somebody needs them.

use std::collections::BTreeMap;

use super::cache::People;
use super::groups;
use super::standing::standing;
use super::wire::UserReply;
use crate::domain::ids::{GroupId, PersonId};
use crate::ports::Standing;
use crate::slack::api::{ApiError, CALL_TIMEOUT};

/// Why somebody whom the policy names counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Slack has no such group, or it is switched off.
    NoGroup,
    NoUser,
    Deactivated,
    Guest,
    Bot,
    Stranger,
}

impl Absence {
    /// Behind the name, in brackets.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoGroup => "no such group in Slack",
            Self::NoUser => "no such person in Slack",
            Self::Deactivated => "left, the account is deactivated",
            Self::Guest => "a guest, who can't approve",
            Self::Bot => "a bot, which can't approve",
            Self::Stranger => "of another workspace, who can't approve",
        }
    }

    fn of(standing: Standing) -> Option<Self> {
        match standing {
            // What could not be read is not known to be absent.
            Standing::Member | Standing::Unreadable => None,
            Standing::Guest => Some(Self::Guest),
            Standing::Bot => Some(Self::Bot),
            Standing::Stranger => Some(Self::Stranger),
            Standing::Deactivated => Some(Self::Deactivated),
        }
    }
}

/// By the name that the policy has: `@sre`, `S0123`, `U0456`.
pub type Absent = BTreeMap<String, Absence>;

impl People {
    /// Asks Slack about everybody whom the policy names.
    ///
    /// # Errors
    /// Slack could not be asked; then nothing is known.
    pub async fn absent(&self, groups: &[GroupId], users: &[String]) -> Result<Absent, ApiError> {
        let team = match self.team() {
            Some(team) => team,
            None => self.identify().await?,
        };
        let missing = groups::missing(self.api(), groups, CALL_TIMEOUT).await?;
        let mut absent: Absent = missing
            .into_iter()
            .map(|group| (group.as_str().to_owned(), Absence::NoGroup))
            .collect();
        for user in users {
            let params = [("user", user.clone())];
            let asked = self.api().get::<UserReply>("users.info", &params, CALL_TIMEOUT);
            let found = match asked.await {
                Ok(reply) => {
                    let id = PersonId {
                        team: team.clone(),
                        user: user.clone(),
                    };
                    Absence::of(standing(&reply.user, &id, &team))
                }
                Err(error) if matches!(error.code(), Some("user_not_found" | "user_not_visible")) => {
                    Some(Absence::NoUser)
                }
                Err(error) => return Err(error),
            };
            if let Some(found) = found {
                absent.insert(user.clone(), found);
            }
        }
        Ok(absent)
    }
}
