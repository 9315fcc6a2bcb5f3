//! What is read of users and user groups (docs.slack.dev, user object and usergroups.list).

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct UserReply {
    pub user: User,
}

/// A missing flag means that it is not set, as Slack leaves some out for deactivated people; `id` is what must be there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub id: String,
    pub team_id: Option<String>,
    pub name: String,
    pub deleted: bool,
    pub is_bot: bool,
    pub is_app_user: bool,
    pub is_restricted: bool,
    pub is_ultra_restricted: bool,
    pub is_stranger: bool,
    pub profile: Profile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profile {
    pub display_name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct GroupsReply {
    pub usergroups: Vec<Group>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    pub id: String,
    pub handle: String,
    /// Not 0 when the group is switched off.
    pub date_delete: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct MembersReply {
    pub users: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AuthReply {
    pub team_id: String,
    #[serde(default)]
    pub user_id: String,
}
