//! One table: what each error code of Slack means for us, and what a person does about it. Codes that are not here pass by
//! themselves or are a defect. Source: docs.slack.dev, "Errors" of the methods in [`super::surface::METHODS`].

/// What kind of trouble an error code of Slack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// What we sent is malformed or too big: the same again is refused again.
    Content,
    /// The message or thread is gone.
    Gone,
    /// Rights or membership are missing, or the installation is over: a person has to do something.
    Setup,
    /// Everything else.
    Other,
}

struct Row {
    codes: &'static [&'static str],
    trouble: Trouble,
    /// What to do; empty where nobody can do anything.
    then: &'static str,
}

/// The method that takes the app-level token; every other one takes the bot token.
const WITH_APP_TOKEN: &str = "apps.connections.open";

const TABLE: [Row; 14] = [
    Row {
        codes: &[
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
        ],
        trouble: Trouble::Setup,
        then: "the token in `slack.bot_token` is not valid (any more): copy the Bot User OAuth Token (xoxb-…) from the app's page OAuth & Permissions, after installing the app again where it was removed",
    },
    Row {
        codes: &["missing_scope"],
        trouble: Trouble::Setup,
        then: "add that scope on the app's page OAuth & Permissions, or paste manifest.yml again, and install the app again; `interlock doctor` lists all that are missing",
    },
    Row {
        codes: &["not_allowed_token_type"],
        trouble: Trouble::Setup,
        then: "the wrong kind of token: `slack.bot_token` is the xoxb-… one, `slack.app_token` the xapp-… one",
    },
    Row {
        codes: &["not_in_channel"],
        trouble: Trouble::Setup,
        then: "invite the bot to the channel: /invite @interlock",
    },
    Row {
        codes: &["channel_not_found"],
        trouble: Trouble::Setup,
        then: "check the channel in `slack.channel` and `[[routes]]`; a private one needs the bot as a member: /invite @interlock",
    },
    Row {
        codes: &["is_archived"],
        trouble: Trouble::Setup,
        then: "the channel is archived: unarchive it, or name another one in `slack.channel` or `[[routes]]`",
    },
    Row {
        codes: &[
            "restricted_action",
            "no_permission",
            "ekm_access_denied",
            "access_denied",
        ],
        trouble: Trouble::Setup,
        then: "a setting of the workspace forbids it: ask its admin to let the app do this",
    },
    Row {
        codes: &[
            "team_access_not_granted",
            "org_login_required",
            "team_added_to_org",
        ],
        trouble: Trouble::Setup,
        then: "the app is not installed in this workspace of the organisation: let an admin of the organisation add it",
    },
    Row {
        codes: &["user_not_in_channel", "user_not_found"],
        trouble: Trouble::Other,
        then: "",
    },
    Row {
        codes: &[
            "message_not_found",
            "edit_window_closed",
            "cant_update_message",
            "is_inactive",
            "thread_not_found",
        ],
        trouble: Trouble::Gone,
        then: "somebody deleted the message, or edits are switched off in the workspace; a new one is posted",
    },
    Row {
        codes: &[
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_attachments",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "invalid_arguments",
            "invalid_arg_name",
            "too_many_attachments",
            "metadata_too_large",
            "invalid_metadata_format",
            "block_mismatch",
            "invalid_post_type",
        ],
        trouble: Trouble::Content,
        then: "what was sent is not what Slack takes, which is a defect of Interlock: please report it with this line",
    },
    Row {
        codes: &[
            "expired_trigger_id",
            "trigger_expired",
            "trigger_exchanged",
            "exchanged_trigger_id",
        ],
        trouble: Trouble::Other,
        then: "more than three seconds had passed since the click: press again",
    },
    Row {
        codes: &["http_407", "http_403"],
        trouble: Trouble::Other,
        then: "something between here and Slack refused the request: check the proxy, and `slack.api_base`",
    },
    Row {
        codes: &["http_404"],
        trouble: Trouble::Other,
        then: "Slack's API is not at that address: check `slack.api_base`",
    },
];

fn row(code: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.codes.contains(&code))
}

/// What kind of trouble this code is.
#[must_use]
pub fn trouble(code: &str) -> Trouble {
    row(code).map_or(Trouble::Other, |row| row.trouble)
}

/// What to do about this code of this method, for the end of a message: `; invite the bot …`, or nothing.
#[must_use]
pub fn then(method: &str, code: &str) -> String {
    match row(code) {
        Some(found) if method == WITH_APP_TOKEN && found.codes.contains(&"invalid_auth") => {
            "; the token in `slack.app_token` is not valid (any more): make an app-level token (xapp-…) with the scope connections:write on the app's page Basic Information".to_owned()
        }
        Some(Row { then, .. }) if !then.is_empty() => format!("; {then}"),
        Some(_) | None => String::new(),
    }
}

/// What to look at when nothing answers there.
#[must_use]
pub fn unreachable(host: &str) -> String {
    format!(
        "{host} can't be reached: check `slack.api_base`, the name's resolution, and the proxy or firewall between"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_mend_names_the_key_or_the_page_where() {
        let said = |code: &str| then("chat.postMessage", code);
        assert!(said("invalid_auth").contains("`slack.bot_token`"));
        assert!(then("apps.connections.open", "invalid_auth").contains("`slack.app_token`"));
        assert!(said("not_in_channel").ends_with("/invite @interlock"));
        assert!(said("channel_not_found").contains("`slack.channel`"));
        assert_eq!(said("some_code_of_next_year"), "");
        for row in &TABLE {
            let mends = matches!(row.trouble, Trouble::Setup | Trouble::Content);
            assert!(
                !mends || !row.then.is_empty(),
                "{:?} says nothing to do",
                row.codes
            );
        }
    }

    #[test]
    fn no_code_stands_twice() {
        let mut codes: Vec<&str> = TABLE.iter().flat_map(|row| row.codes).copied().collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
