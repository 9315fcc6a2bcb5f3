//! What runs machines: Vault, Terraform, Pulumi, platforms to deploy on, databases to rent, and keys of tools.

use super::{Begins, Hides, Rule};

pub const RULES: [Rule; 28] = [
    // https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes, and those before 1.10.
    Rule::token(
        "Vault token",
        &["hvs.", "hvb.", "hvr."],
        r"hv[sbr]\.[A-Za-z0-9_-]{20,}",
    ),
    Rule::named(
        "Vault token",
        &["vault"],
        r#"(?i:vault)[ -~]{0,60}?(?-u:\b)(?<secret>[sbr]\.[A-Za-z0-9]{24,})(?-u:\b)"#,
        Hides::Group,
    ),
    Rule::named(
        "Vault unseal key",
        &["unseal key", "recovery key"],
        r"(?i:unseal|recovery) (?i:key)(?: [0-9]{1,2})?[ \t]{0,4}:[ \t]{0,4}(?<secret>[A-Za-z0-9+/=]{20,})",
        Hides::Group,
    ),
    // What stands before `.atlasv1.` is a part of it.
    Rule::named(
        "Terraform token",
        &[".atlasv1."],
        r"(?<secret>[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,})",
        Hides::Group,
    ),
    Rule::token("Pulumi token", &["pul-"], r"pul-[a-f0-9]{40}"),
    Rule::token(
        "Databricks token",
        &["dapi", "dose"],
        r"(?:dapi|dose)[a-f0-9]{32}(?:-[0-9])?(?-u:\b)",
    ),
    Rule::token(
        "Fly token",
        &["fo1_", "fm1a_", "fm1r_", "fm2_"],
        r"fo1_[A-Za-z0-9_-]{40,}|fm(?:1[ar]|2)_[A-Za-z0-9+/_=-]{60,}(?:,fm(?:1[ar]|2)_[A-Za-z0-9+/_=-]{60,})*",
    ),
    Rule::token(
        "Vercel token",
        &["vcp_", "vci_", "vca_", "vcr_", "vck_"],
        r"vc[piark]_[A-Za-z0-9_-]{24,}",
    ),
    Rule::named(
        "Vercel token",
        &["vercel"],
        key_of!("vercel", "[A-Za-z0-9]{24}"),
        Hides::Group,
    ),
    Rule::token(
        "Netlify token",
        &["nfp_", "nfc_", "nfo_", "nfb_", "nfu_"],
        r"nf[pcobu]_[A-Za-z0-9]{30,}",
    ),
    Rule::token("Heroku key", &["HRKU-"], r"HRKU-[A-Za-z0-9_-]{30,}"),
    Rule::named(
        "Heroku key",
        &["heroku"],
        key_of!(
            "heroku",
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
        ),
        Hides::Group,
    ),
    Rule::token("Render key", &["rnd_"], r"rnd_[A-Za-z0-9]{30,}"),
    Rule::token(
        "Doppler token",
        &["dp."],
        r"dp\.(?:pt|st|sa|ct|scim|audit)\.[A-Za-z0-9._-]{40,}",
    ),
    Rule::token(
        "PlanetScale token",
        &["pscale_"],
        r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.-]{32,}",
    ),
    Rule::token(
        "Supabase key",
        &["sbp_", "sb_secret_"],
        r"sbp_(?:oauth_)?[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{20,}",
    ),
    Rule::token("Neon key", &["napi_"], r"napi_[A-Za-z0-9]{40,}"),
    Rule::token("Aiven token", &["AVNS_"], r"AVNS_[A-Za-z0-9_-]{15,}"),
    Rule::token("ClickHouse key", &["4b1d"], r"4b1d[A-Za-z0-9]{38}(?-u:\b)"),
    // https://docs.openshift.com: an OAuth access token.
    Rule::token("OpenShift token", &["sha256~"], r"sha256~[A-Za-z0-9_-]{43}"),
    // `kubeadm token`: six characters, a point, sixteen.
    Rule::named(
        "bootstrap token",
        &["--token", "bootstrap"],
        r"(?i)(?:--token[ =]|bootstrap[a-z_-]{0,12}token[^\n]{0,8}?[ :=])[\x22']?(?<secret>[a-z0-9]{6}\.[a-z0-9]{16})(?-u:\b)",
        Hides::Group,
    ),
    Rule {
        begins: Begins::Anywhere,
        ..Rule::token(
            "age key",
            &["AGE-SECRET-KEY-"],
            r"AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50,}",
        )
    },
    Rule::token("1Password token", &["ops_eyJ"], r"ops_eyJ[A-Za-z0-9+/_=-]{80,}"),
    Rule::token(
        "1Password key",
        &["A3-"],
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}(?-u:\b)",
    ),
    Rule::token("Octopus key", &["API-"], r"API-[A-Z0-9]{25,32}(?-u:\b)"),
    Rule::token(
        "Harness key",
        &["pat.", "sat."],
        r"[ps]at\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}",
    ),
    Rule::token(
        "Tailscale key",
        &["tskey-"],
        r"tskey-[a-z]+-[A-Za-z0-9]{6,}(?:-[A-Za-z0-9]{10,})?",
    ),
    Rule::token("Infracost key", &["ico-"], r"ico-[A-Za-z0-9]{32}(?-u:\b)"),
];
