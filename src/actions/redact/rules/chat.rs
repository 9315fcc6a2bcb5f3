//! Where people and programs talk: Slack, Discord, Telegram, Teams, mail and text messages.

use super::{Hides, Rule};

pub const RULES: [Rule; 18] = [
    // https://docs.slack.dev/authentication/tokens
    Rule::token(
        "Slack token",
        &["xox"],
        r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}",
    ),
    Rule::token("Slack token", &["xapp-"], r"xapp-[0-9]-[A-Za-z0-9-]{8,}"),
    Rule::token("Slack token", &["xwfp-"], r"xwfp-[A-Za-z0-9-]{10,}"),
    Rule::named(
        "Slack webhook",
        &["hooks.slack.com", "hooks.slack-gov.com"],
        r"(?i:hooks\.slack(?:-gov)?\.com)/(?:services|workflows|triggers)/(?<secret>[A-Za-z0-9/_-]{8,})",
        Hides::Group,
    ),
    Rule::named(
        "Discord webhook",
        &["/api/webhooks/"],
        r"(?i:discord(?:app)?\.com)/api/(?:v[0-9]{1,2}/)?webhooks/[0-9]{10,}/(?<secret>[A-Za-z0-9_-]{40,})",
        Hides::Group,
    ),
    // Three parts in base64: the bot's id, a time, a signature.
    Rule::named(
        "Discord token",
        &["discord", "bot "],
        r#"(?-u:\b)(?<secret>[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,45})(?-u:\b)"#,
        Hides::Group,
    ),
    // https://core.telegram.org/bots/api#authorizing-your-bot
    Rule::named(
        "Telegram token",
        &[":AA"],
        r"(?-u:(?:\b|bot))(?<secret>[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34})(?:[^A-Za-z0-9_-]|\z)",
        Hides::Group,
    )
    .exactly(),
    Rule::named(
        "Teams webhook",
        &["webhook.office.com", "logic.azure.com"],
        r"(?i:webhook\.office\.com/webhookb2)/(?<secret>[A-Za-z0-9@/-]{40,})",
        Hides::Group,
    ),
    Rule::named(
        "chat webhook",
        &["chat.googleapis.com"],
        r"(?i:chat\.googleapis\.com)/v1/spaces/[A-Za-z0-9_-]+/messages\?(?<secret>[^\s]+)",
        Hides::Group,
    ),
    // https://www.twilio.com/docs/glossary/what-is-a-sid: of an API key, `SK` and 32 hexadecimal digits.
    Rule::named(
        "Twilio key",
        &["SK"],
        r"(?-u:\b)(?<secret>SK[0-9a-f]{32})(?-u:\b)",
        Hides::Group,
    )
    .exactly(),
    Rule::named(
        "Twilio key",
        &["twilio"],
        key_of!("twilio", "[0-9a-f]{32}"),
        Hides::Group,
    ),
    Rule::token(
        "SendGrid key",
        &["SG."],
        r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
    ),
    Rule::named(
        "Mailgun key",
        &["key-", "pubkey-"],
        r"(?-u:\b)(?<secret>(?:pub)?key-[0-9a-f]{32})(?-u:\b)",
        Hides::Group,
    ),
    Rule::named(
        "Mailgun key",
        &["mailgun"],
        r#"(?i:mailgun)[ -~]{0,40}?(?<secret>[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8})(?-u:\b)"#,
        Hides::Group,
    ),
    Rule::named(
        "Mailchimp key",
        &["-us"],
        r"(?-u:\b)(?<secret>[0-9a-f]{32}-us[0-9]{1,2})(?-u:\b)",
        Hides::Group,
    ),
    Rule::token("Mandrill key", &["md-"], r"md-[A-Za-z0-9_-]{22}(?-u:\b)"),
    Rule::token(
        "Brevo key",
        &["xkeysib-", "xsmtpsib-"],
        r"x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}",
    ),
    Rule::token("Resend key", &["re_"], r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"),
];
