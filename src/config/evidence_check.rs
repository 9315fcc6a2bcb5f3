//! What the sections of those who are asked for evidence mean together.

use super::check::{within, wrong};
use super::error::ConfigError;
use super::secret::Secret;
use super::settings::Settings;
use super::value::BaseUrl;

pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    let Settings {
        prometheus,
        loki,
        tempo,
        jaeger,
        alertmanager,
        ..
    } = settings;
    located(
        "prometheus",
        "Prometheus",
        &prometheus.bearer_token,
        &prometheus.url,
    )?;
    located("loki", "Loki", &loki.bearer_token, &loki.url)?;
    located("tempo", "Tempo", &tempo.bearer_token, &tempo.url)?;
    located("jaeger", "Jaeger", &jaeger.bearer_token, &jaeger.url)?;
    located(
        "alertmanager",
        "Alertmanager",
        &alertmanager.bearer_token,
        &alertmanager.url,
    )?;
    for (key, value, high) in [
        ("prometheus.timeout_seconds", prometheus.timeout_seconds, 4),
        ("loki.timeout_seconds", loki.timeout_seconds, 4),
        ("loki.minutes", loki.minutes, 60),
        ("tempo.timeout_seconds", tempo.timeout_seconds, 4),
        ("tempo.minutes", tempo.minutes, 60),
        ("jaeger.timeout_seconds", jaeger.timeout_seconds, 4),
        ("jaeger.minutes", jaeger.minutes, 60),
    ] {
        within(key, value, 1, high)?;
    }
    tenant("loki.tenant", loki.tenant.as_deref())?;
    tenant("tempo.tenant", tempo.tenant.as_deref())?;
    traces(settings)
}

/// One place for traces, and links that lead somewhere.
fn traces(settings: &Settings) -> Result<(), ConfigError> {
    let Settings { tempo, jaeger, .. } = settings;
    if tempo.url.is_some() && jaeger.url.is_some() {
        return wrong(
            "`tempo.url` and `jaeger.url` are both set, and traces are searched in one place: keep the one that your runbooks ask (`traceql` asks Tempo, `jaeger` asks Jaeger)"
                .to_owned(),
        );
    }
    let source = tempo.grafana_datasource.as_deref();
    if tempo.grafana_url.is_some() != source.is_some() {
        return wrong(
            "`tempo.grafana_url` and `tempo.grafana_datasource` go together: set both for links to Grafana, or none"
                .to_owned(),
        );
    }
    let is_uid = |uid: &str| {
        let signs = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !uid.is_empty() && uid.len() <= 40 && uid.bytes().all(signs)
    };
    if let Some(source) = source.filter(|source| !is_uid(source)) {
        return wrong(format!(
            "`tempo.grafana_datasource` is `{}`, which is no uid: write the one at the end of the address of the data source's settings in Grafana, letters, digits, `-` and `_`",
            source.escape_default()
        ));
    }
    for (section, of, key, url, page) in [
        ("tempo", "Tempo", "grafana_url", &tempo.url, &tempo.grafana_url),
        ("jaeger", "Jaeger", "ui_url", &jaeger.url, &jaeger.ui_url),
    ] {
        if page.is_some() && url.is_none() {
            return wrong(format!(
                "`{section}.{key}` is set without `{section}.url`: say where {of} is asked, or remove it"
            ));
        }
    }
    Ok(())
}

/// A token without an address is a token for nobody.
fn located(
    section: &str,
    of: &str,
    token: &Option<Secret>,
    url: &Option<BaseUrl>,
) -> Result<(), ConfigError> {
    if token.is_none() || url.is_some() {
        return Ok(());
    }
    wrong(format!(
        "`{section}.bearer_token` is set without `{section}.url`: say where {of} is, or remove the token"
    ))
}

/// It is sent in a header, and nothing else may stand in one.
fn tenant(key: &str, tenant: Option<&str>) -> Result<(), ConfigError> {
    match tenant.filter(|tenant| tenant.is_empty() || !tenant.bytes().all(|byte| byte.is_ascii_graphic())) {
        Some(tenant) => wrong(format!(
            "`{key}` is `{}`, and is sent as the header X-Scope-OrgID: write the id of the tenant in plain letters, digits and signs, without spaces, or remove the key",
            tenant.escape_default()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;

    #[test]
    fn traces_are_searched_in_one_place_and_links_lead_somewhere() {
        let tempo = "[tempo]\nurl = \"http://127.0.0.1:3200\"\n";
        let lines = [
            refused(&format!("{tempo}[jaeger]\nurl = \"http://127.0.0.1:16686\"")),
            refused("[tempo]\nbearer_token = \"x\""),
            refused("[jaeger]\nbearer_token = \"x\""),
            refused(&format!("{tempo}grafana_url = \"https://grafana.example.com\"")),
            refused(&format!(
                "{tempo}grafana_url = \"https://grafana.example.com\"\ngrafana_datasource = \"my tempo\""
            )),
            refused("[jaeger]\nui_url = \"https://jaeger.example.com\""),
            refused(&format!("{tempo}grafana_url = \"javascript:alert(1)\"")),
            refused(&format!("{tempo}minutes = 600")),
            refused(&format!("{tempo}tenant = \"a b\"")),
            refused(&format!("{tempo}datasource = \"x\"")),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        `tempo.url` and `jaeger.url` are both set, and traces are searched in one place: keep the one that your runbooks ask (`traceql` asks Tempo, `jaeger` asks Jaeger)
        `tempo.bearer_token` is set without `tempo.url`: say where Tempo is, or remove the token
        `jaeger.bearer_token` is set without `jaeger.url`: say where Jaeger is, or remove the token
        `tempo.grafana_url` and `tempo.grafana_datasource` go together: set both for links to Grafana, or none
        `tempo.grafana_datasource` is `my tempo`, which is no uid: write the one at the end of the address of the data source's settings in Grafana, letters, digits, `-` and `_`
        `jaeger.ui_url` is set without `jaeger.url`: say where Jaeger is asked, or remove it
        `tempo.grafana_url` in interlock.toml:3: `javascript:alert(1)` is not an http address: write it like `https://api.example.com`
        `tempo.minutes` is 600: write a number from 1 to 60
        `tempo.tenant` is `a b`, and is sent as the header X-Scope-OrgID: write the id of the tenant in plain letters, digits and signs, without spaces, or remove the key
        unknown key `tempo.datasource` in interlock.toml:3: remove it; known here: `url`, `bearer_token`, `tenant`, `timeout_seconds`, `minutes`, `grafana_url` or `grafana_datasource`
        ");
    }
}
