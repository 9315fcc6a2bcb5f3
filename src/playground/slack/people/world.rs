//! Changes to the workspace itself that an app hears of.

use serde_json::json;

use super::super::clock::Moment;
use super::super::model::channel::ChannelKind;
use super::super::model::user::Standing;
use super::super::model::workspace::Workspace;

/// New members for a group; unknown handles are left alone.
pub(in super::super) fn set_group(ws: &mut Workspace, handle: &str, members: &[&str], now: Moment) {
    let team = ws.team.id.clone();
    let Some(group) = ws.groups.values_mut().find(|group| group.handle == handle) else {
        return;
    };
    let before = std::mem::replace(
        &mut group.members,
        members.iter().map(|&id| id.to_owned()).collect(),
    );
    let previous = std::mem::replace(&mut group.updated, now.seconds());
    let added: Vec<&String> = group.members.iter().filter(|id| !before.contains(id)).collect();
    let removed: Vec<&String> = before.iter().filter(|id| !group.members.contains(id)).collect();
    let event = json!({
        "type": "subteam_members_changed", "subteam_id": group.id, "team_id": team,
        "date_previous_update": previous, "date_update": now.seconds(), "added_users": added,
        "added_users_count": added.len(), "removed_users": removed, "removed_users_count": removed.len(),
        "event_ts": now.ts(),
    });
    ws.dirty = true;
    ws.emit("subteam_members_changed", event);
}

/// A new standing for an account; unknown ids are left alone.
pub(in super::super) fn set_standing(ws: &mut Workspace, user: &str, standing: Standing, now: Moment) {
    let home = ws.team.id.clone();
    let Some(account) = ws.users.get_mut(user) else {
        return;
    };
    account.standing = standing;
    let event = json!({
        "type": "user_change", "user": account.wire(&home, false, now.seconds()), "cache_ts": now.seconds(),
        "event_ts": now.ts(),
    });
    ws.dirty = true;
    ws.emit("user_change", event);
}

/// The app leaves a channel or comes into it; unknown ids are left alone.
pub(in super::super) fn set_bot_inside(ws: &mut Workspace, channel: &str, inside: bool, now: Moment) {
    let bot = ws.app.bot_user.clone();
    let team = ws.team.id.clone();
    let Some(found) = ws.channels.get_mut(channel) else {
        return;
    };
    let changed = if inside {
        found.members.insert(bot.clone())
    } else {
        found.members.remove(&bot)
    };
    let letter = if found.kind == ChannelKind::Public {
        "C"
    } else {
        "G"
    };
    let word = if inside {
        "member_joined_channel"
    } else {
        "member_left_channel"
    };
    if changed {
        let event = json!({
            "type": word, "user": bot, "channel": channel, "channel_type": letter, "team": team, "event_ts": now.ts(),
        });
        ws.dirty = true;
        ws.emit(word, event);
    }
}
