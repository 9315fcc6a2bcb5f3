//! Members of the groups that the policy names, by id (`S…`) or handle (`@sre`). One snapshot for all of them.

use std::collections::HashMap;

use super::wire::{Group, GroupsReply, MembersReply};
use crate::domain::ids::GroupId;
use crate::domain::policy::ON_CALL_NOW;
use crate::slack::api::{Api, ApiError};
use std::time::Duration;

/// User id to the groups it is in, each under its id and its handle, so that a policy may use either.
pub(super) type Members = HashMap<String, Vec<String>>;

/// Reads the members of these groups. A group that does not exist or is switched off has nobody in it.
///
/// # Errors
/// When anything can't be read: half a membership would be a guess.
pub(super) async fn read(api: &Api, wanted: &[GroupId], timeout: Duration) -> Result<Members, ApiError> {
    // Who is on call is the pager's to say.
    if wanted.iter().all(|group| group.as_str() == ON_CALL_NOW) {
        return Ok(Members::new());
    }
    let named = list(api, timeout)
        .await?
        .into_iter()
        .filter(|group| wanted.iter().any(|wanted| is(group, wanted)));
    let reads = named.map(|group| async move {
        let params = [
            ("usergroup", group.id.clone()),
            ("include_disabled", "false".to_owned()),
        ];
        let reply: MembersReply = api.get("usergroups.users.list", &params, timeout).await?;
        Ok::<_, ApiError>((group, reply.users))
    });
    let mut members = Members::new();
    for (group, users) in futures::future::try_join_all(reads).await? {
        for user in users {
            let groups = members.entry(user).or_default();
            groups.push(group.id.clone());
            groups.push(format!("@{}", group.handle));
        }
    }
    Ok(members)
}

/// Those of these groups that do not exist or are switched off.
///
/// # Errors
/// When the list of groups can't be read.
pub(super) async fn missing(
    api: &Api,
    wanted: &[GroupId],
    timeout: Duration,
) -> Result<Vec<GroupId>, ApiError> {
    let wanted: Vec<&GroupId> = wanted
        .iter()
        .filter(|group| group.as_str() != ON_CALL_NOW)
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let known = list(api, timeout).await?;
    let missing = wanted
        .into_iter()
        .filter(|wanted| !known.iter().any(|group| is(group, wanted)));
    Ok(missing.cloned().collect())
}

async fn list(api: &Api, timeout: Duration) -> Result<Vec<Group>, ApiError> {
    let params = [("include_disabled", "false".to_owned())];
    let list: GroupsReply = api.get("usergroups.list", &params, timeout).await?;
    let on = list.usergroups.into_iter().filter(|group| group.date_delete == 0);
    Ok(on.collect())
}

fn is(group: &Group, wanted: &GroupId) -> bool {
    wanted.as_str() == group.id || wanted.as_str().trim_start_matches('@') == group.handle
}
