//! People and groups.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a person is to this workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Standing {
    Member,
    /// Invited to some channels only (`is_restricted`).
    Guest,
    /// Invited to one channel only (`is_ultra_restricted`).
    SingleChannelGuest,
    /// An account that was switched off (`deleted`).
    Deactivated,
    /// A member of another workspace, met in a shared channel (`is_stranger`).
    Foreign {
        /// The other workspace's team id.
        team: String,
    },
    /// The installed app's own user.
    Bot,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// Slack id such as `U0ANA00001`.
    pub id: String,
    /// Handle without `@`.
    pub name: String,
    pub real_name: String,
    /// Shown beside the name: "on-call engineer".
    pub title: String,
    pub email: String,
    pub email_confirmed: bool,
    pub standing: Standing,
    pub is_admin: bool,
}

impl User {
    pub(in super::super) fn team<'a>(&'a self, home: &'a str) -> &'a str {
        match &self.standing {
            Standing::Foreign { team } => team,
            Standing::Member | Standing::Guest | Standing::SingleChannelGuest => home,
            Standing::Deactivated | Standing::Bot => home,
        }
    }

    pub(in super::super) fn is_guest(&self) -> bool {
        matches!(self.standing, Standing::Guest | Standing::SingleChannelGuest)
    }

    pub(in super::super) fn is_active(&self) -> bool {
        self.standing != Standing::Deactivated
    }

    /// The user object of docs.slack.dev /reference/objects/user-object.
    pub(in super::super) fn wire(&self, home: &str, with_email: bool, updated: u64) -> Value {
        let team = self.team(home);
        let mut profile = json!({
            "title": self.title, "real_name": self.real_name, "real_name_normalized": self.real_name,
            "display_name": self.name, "display_name_normalized": self.name, "team": team,
            "avatar_hash": "g0000000000", "status_text": "", "status_emoji": "", "phone": "", "skype": "",
        });
        if with_email && self.standing != Standing::Bot {
            profile["email"] = json!(self.email);
        }
        let ultra = self.standing == Standing::SingleChannelGuest;
        json!({
            "id": self.id, "team_id": team, "name": self.name, "real_name": self.real_name,
            "deleted": !self.is_active(), "color": "9f69e7", "tz": "Etc/UTC", "tz_label": "UTC", "tz_offset": 0,
            "profile": profile, "is_admin": self.is_admin, "is_owner": false, "is_primary_owner": false,
            "is_restricted": self.is_guest(), "is_ultra_restricted": ultra,
            "is_bot": self.standing == Standing::Bot, "is_app_user": false, "updated": updated,
            "is_email_confirmed": self.email_confirmed,
            "is_stranger": matches!(self.standing, Standing::Foreign { .. }),
        })
    }
}

/// A user group such as `@sre`.
#[derive(Clone, Debug)]
pub(in super::super) struct UserGroup {
    pub id: String,
    pub handle: String,
    pub name: String,
    pub members: Vec<String>,
    pub updated: u64,
}

impl UserGroup {
    pub(in super::super) fn wire(&self, team: &str, with_users: bool, with_count: bool) -> Value {
        let mut group = json!({
            "id": self.id, "team_id": team, "is_usergroup": true, "is_subteam": true, "name": self.name,
            "description": "", "handle": self.handle, "is_external": false, "date_create": self.updated,
            "date_update": self.updated, "date_delete": 0, "auto_type": null, "created_by": "U0BEN00001",
            "updated_by": "U0BEN00001", "deleted_by": null, "prefs": {"channels": [], "groups": []},
        });
        if with_users {
            group["users"] = json!(self.members);
        }
        if with_count {
            group["user_count"] = json!(self.members.len());
        }
        group
    }
}
