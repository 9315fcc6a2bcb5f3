//! Money and shops: Stripe, Square, Shopify, PayPal and others.

use super::{Hides, Rule};

pub const RULES: [Rule; 12] = [
    Rule::token(
        "API key",
        &["sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_"],
        r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}",
    ),
    Rule::token("webhook secret", &["whsec_"], r"whsec_[A-Za-z0-9+/=_-]{20,}"),
    // https://developer.squareup.com: access tokens, and the secret of an application.
    Rule::token(
        "Square token",
        &["sq0atp-", "sq0csp-", "sq0idp-", "EAAA"],
        r"sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,60}|EAAA[A-Za-z0-9_-]{56,64}(?-u:\b)",
    ),
    // https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens
    Rule::token(
        "Shopify token",
        &["shpat_", "shpca_", "shppa_", "shpss_", "shpua_", "shptka_"],
        r"shp(?:at|ca|pa|ss|ua|tka)_[a-fA-F0-9]{32}",
    ),
    Rule::named(
        "PayPal token",
        &["access_token$"],
        r"(?<secret>access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32})",
        Hides::Group,
    ),
    Rule::named(
        "Facebook token",
        &["EAAC", "EAAM", "EAAB", "EAAG"],
        r"(?-u:\b)(?<secret>EAA[A-Z][A-Za-z0-9]{90,})",
        Hides::Group,
    )
    .exactly(),
    Rule::named(
        "Plaid token",
        &["access-sandbox-", "access-development-", "access-production-"],
        r"(?<secret>access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        Hides::Group,
    )
    .exactly(),
    Rule::token("EasyPost key", &["EZAK", "EZTK"], r"EZ[AT]K[A-Za-z0-9]{54}"),
    Rule::token("Shippo token", &["shippo_"], r"shippo_(?:live|test)_[a-fA-F0-9]{40}"),
    Rule::token("Flutterwave key", &["FLWSECK"], r"FLWSECK(?:_TEST)?-[a-zA-Z0-9]{12,}(?:-X)?"),
    Rule::token("Adyen key", &["AQE"], r"AQE[A-Za-z0-9+/]{60,}(?:={0,2}-[A-Za-z0-9+/=]{20,})"),
    Rule::token("HubSpot token", &["pat-na", "pat-eu"], r"pat-(?:na|eu)[0-9]-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
];
