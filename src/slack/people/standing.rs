//! What Slack's user object says of somebody. Whoever is several things at once is the one that counts least.

use super::wire::User;
use crate::domain::ids::PersonId;
use crate::ports::{Person, Standing};

pub(super) fn standing(user: &User, id: &PersonId, team: &str) -> Standing {
    let foreign =
        user.is_stranger || id.team != team || user.team_id.as_deref().is_some_and(|own| own != team);
    if user.deleted {
        Standing::Deactivated
    } else if user.is_bot || user.is_app_user {
        Standing::Bot
    } else if foreign {
        Standing::Stranger
    } else if user.is_restricted || user.is_ultra_restricted {
        Standing::Guest
    } else {
        Standing::Member
    }
}

pub(super) fn name(user: &User) -> String {
    let shown = user.profile.display_name.trim();
    if shown.is_empty() {
        user.name.clone()
    } else {
        shown.to_owned()
    }
}

pub(super) fn unreadable(id: &PersonId) -> Person {
    Person {
        id: id.clone(),
        name: id.user.clone(),
        standing: Standing::Unreadable,
        groups: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_member_of_this_workspace_is_a_member() {
        let id = PersonId {
            team: "T1".to_owned(),
            user: "U1".to_owned(),
        };
        let member = || User {
            id: "U1".to_owned(),
            team_id: Some("T1".to_owned()),
            ..User::default()
        };
        assert_eq!(standing(&member(), &id, "T1"), Standing::Member);
        assert_eq!(
            standing(
                &User {
                    deleted: true,
                    ..member()
                },
                &id,
                "T1"
            ),
            Standing::Deactivated
        );
        assert_eq!(
            standing(
                &User {
                    is_bot: true,
                    ..member()
                },
                &id,
                "T1"
            ),
            Standing::Bot
        );
        assert_eq!(
            standing(
                &User {
                    is_restricted: true,
                    ..member()
                },
                &id,
                "T1"
            ),
            Standing::Guest
        );
        assert_eq!(
            standing(
                &User {
                    is_ultra_restricted: true,
                    ..member()
                },
                &id,
                "T1"
            ),
            Standing::Guest
        );
        assert_eq!(
            standing(
                &User {
                    is_stranger: true,
                    ..member()
                },
                &id,
                "T1"
            ),
            Standing::Stranger
        );
        assert_eq!(
            standing(
                &User {
                    team_id: Some("T2".to_owned()),
                    ..member()
                },
                &id,
                "T1"
            ),
            Standing::Stranger
        );
        assert_eq!(
            standing(
                &member(),
                &PersonId {
                    team: "T2".to_owned(),
                    ..id
                },
                "T1"
            ),
            Standing::Stranger
        );
    }
}
