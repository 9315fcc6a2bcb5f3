//! What the keys of a webhook source mean together: a secret that the sender can't use would leave a door that nobody
//! comes through, or one that is thought to be shut.

use super::change_sources::ChangeSource;
use super::error::ConfigError;
use super::secret::Secret;
use super::webhooks::{Signing, SourceKind, WebhookSource, Webhooks};

pub(super) fn check(webhooks: &Webhooks) -> Result<(), ConfigError> {
    for kind in SourceKind::ALL {
        let source = webhooks.source(*kind);
        let key = format!("webhooks.{}", kind.name());
        signing(&key, *kind, source)?;
        tokens(&key, source)?;
        if !kind.may_have_url_token() && !source.url_token.is_empty() {
            return wrong(format!(
                "`{key}.url_token` is set, but {} can send a header, which is not logged on its way: set `{key}.{}`, and the same there {}",
                kind.title(),
                kind.first_key(),
                kind.token_place()
            ));
        }
        match &source.map {
            Some(_) if !kind.may_have_map() => {
                return wrong(format!(
                    "`{key}.map` is set, but what {} sends is known: remove it, or use [webhooks.custom.NAME]",
                    kind.title()
                ));
            }
            Some(map) => mapped(&key, map.problem())?,
            None => {}
        }
    }
    webhooks
        .custom
        .iter()
        .try_for_each(|(name, source)| custom(name, source))?;
    webhooks
        .changes
        .iter()
        .try_for_each(|(name, source)| changes(name, source))
}

fn changes(name: &str, source: &WebhookSource) -> Result<(), ConfigError> {
    let key = format!("webhooks.changes.{name}");
    let Some(sender) = ChangeSource::of(name) else {
        let known: Vec<&str> = ChangeSource::ALL.iter().map(|sender| sender.name()).collect();
        return wrong(format!(
            "`{key}` is no sender of changes: write one of {}; `generic` takes Interlock's own format from anybody",
            known.join(", ")
        ));
    };
    if !source.secret.is_empty() && sender.signing() == Signing::None {
        return wrong(format!(
            "`{key}.secret` is set, but it signs nothing with a secret: set `{key}.{}`, and the same there {}",
            sender.first_key(),
            sender.place()
        ));
    }
    let foreign = source.map.is_some() || source.default_severity.is_some() || !source.topics.is_empty();
    if foreign {
        return wrong(format!(
            "`{key}` holds `map`, `topics` or `default_severity`, which mean nothing to a change: remove them"
        ));
    }
    tokens(&key, source)
}

fn wrong(text: String) -> Result<(), ConfigError> {
    Err(ConfigError::Contradiction(text))
}

fn mapped(key: &str, problem: Option<String>) -> Result<(), ConfigError> {
    problem.map_or(Ok(()), |problem| wrong(format!("`{key}.map` {problem}")))
}

fn signing(key: &str, kind: SourceKind, source: &WebhookSource) -> Result<(), ConfigError> {
    let (title, signs) = (kind.title(), kind.signing());
    if !source.secret.is_empty() && matches!(signs, Signing::None | Signing::Topics) {
        let first = kind.first_key();
        return wrong(format!(
            "`{key}.secret` is set, but {title} signs nothing with a secret: set `{key}.{first}`, and the same there {}",
            kind.token_place()
        ));
    }
    let named = source.signature_header.is_some() || source.timestamp_header.is_some();
    if named && signs != Signing::NamedHmac {
        return wrong(format!(
            "`{key}` names a header of the signature, but {title} has no choice of it: remove the key"
        ));
    }
    if named && source.secret.is_empty() {
        return wrong(format!(
            "`{key}` names a header of the signature and no `secret`: set `{key}.secret`, or remove the header"
        ));
    }
    match (signs, source.topics.is_empty()) {
        (Signing::Topics, true) if source.is_guarded() => wrong(format!(
            "`{key}.topics` is missing: anybody with an AWS account can send signed messages, so list the ARNs of the topics that are yours"
        )),
        (Signing::Topics, false) => match source.topics.iter().find(|topic| !is_topic(topic)) {
            Some(topic) => wrong(format!(
                "`{key}.topics` holds `{topic}`, which is no topic: write it like `arn:aws:sns:eu-west-1:123456789012:alerts`"
            )),
            None => Ok(()),
        },
        (Signing::None | Signing::Hmac | Signing::NamedHmac, false) => wrong(format!(
            "`{key}.topics` is set, but only CloudWatch comes through SNS topics: remove it"
        )),
        (_, true) => Ok(()),
    }
}

fn tokens(key: &str, source: &WebhookSource) -> Result<(), ConfigError> {
    if source.header.is_some() == source.header_token.is_empty() {
        return wrong(format!(
            "`{key}.header` and `{key}.header_token` belong together: set both, or neither"
        ));
    }
    let headers = [&source.header, &source.signature_header, &source.timestamp_header];
    if let Some(name) = headers.into_iter().flatten().find(|name| !is_header(name)) {
        return wrong(format!(
            "`{key}` names the header `{name}`, which can't be one: write letters, digits and `-`"
        ));
    }
    if source.basic.iter().any(|pair| !pair.expose().contains(':')) {
        return wrong(format!(
            "`{key}.basic` holds a value without `:`: write `USER:PASSWORD`"
        ));
    }
    if key == "webhooks.incident_io" && source.secret.iter().any(|secret| !is_standard(secret)) {
        return wrong(format!(
            "`{key}.secret` is no signing secret of incident.io: copy it from the endpoint's page; it begins with `whsec_`"
        ));
    }
    Ok(())
}

fn custom(name: &str, source: &WebhookSource) -> Result<(), ConfigError> {
    let key = format!("webhooks.custom.{name}");
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    if name.len() > 40 || !name.bytes().all(plain) {
        return wrong(format!(
            "`{key}` can't be a path: write a name of small letters, digits, `_` and `-`"
        ));
    }
    let Some(map) = &source.map else {
        return wrong(format!(
            "`{key}` has no `map`: say where things stand, like `map = {{ title = \"/title\", status = \"/state\" }}`, or use [webhooks.generic] for Interlock's own format"
        ));
    };
    mapped(&key, map.problem())?;
    if !source.topics.is_empty() {
        return wrong(format!(
            "`{key}.topics` is set, but only CloudWatch comes through SNS topics: remove it"
        ));
    }
    if source.timestamp_header.is_some() && source.secret.is_empty() {
        return wrong(format!(
            "`{key}.timestamp_header` means nothing without `{key}.secret`: set it, or remove the header"
        ));
    }
    tokens(&key, source)
}

fn is_header(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(), ["arn", partition, "sns", region, account, name]
        if partition.starts_with("aws") && !region.is_empty() && !account.is_empty() && !name.is_empty())
}

fn is_standard(secret: &Secret) -> bool {
    secret.expose().starts_with("whsec_") && secret.expose().len() > "whsec_".len()
}
