//! Clouds: AWS, Azure, Google, Alibaba, Cloudflare, DigitalOcean, Oracle, Yandex, and what runs on them.

use super::{Begins, Hides, Rule};

pub const RULES: [Rule; 18] = [
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (unique ids); keys are base32.
    Rule::token(
        "AWS key",
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)",
    ),
    Rule::named(
        "AWS key",
        &["aws", "secret"],
        concat!(
            r"(?i:(?:aws|amazon)[a-z0-9_.-]{0,30}|secret_?access_?)key(?:_?id)?",
            is!(),
            r#"\\{0,8}["']?(?<secret>[A-Za-z0-9/+=]{40})(?:[^A-Za-z0-9/+=]|\z)"#
        ),
        Hides::Group,
    ),
    Rule::named(
        "AWS session token",
        &["session", "security"],
        concat!(r"(?i:session_?token|security[_-]?token)", is!(), value!()),
        Hides::GroupIfLikely,
    ),
    Rule::named(
        "AWS session token",
        &["IQoJb3JpZ2lu", "FwoGZXIvYXdz"],
        r"(?<secret>(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/=%]{60,})",
        Hides::Group,
    )
    .exactly(),
    // A signed address lets in whoever has it.
    Rule::named(
        "signed address",
        &["signature="],
        r#"(?i)[?&](?:amp;)?(?:x-amz-|x-goog-|x-oss-|x-ms-|aws|oss)?signature=(?<secret>[A-Za-z0-9%+/=_-]{16,})"#,
        Hides::Group,
    ),
    Rule::token("AWS Bedrock key", &["ABSK"], r"ABSK[A-Za-z0-9+/]{100,}={0,2}"),
    Rule::token(
        "AWS Bedrock key",
        &["bedrock-api-key-"],
        r"bedrock-api-key-[A-Za-z0-9+/=_-]{20,}",
    ),
    Rule::named(
        "AWS key",
        &["amzn.mws."],
        r"(?<secret>amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
        Hides::Group,
    )
    .exactly(),
    Rule::named(
        "Azure key",
        &["accountkey", "sharedaccesskey"],
        r"(?i:account|sharedaccess)(?i:key)[ \t]{0,2}=[ \t]{0,2}(?<secret>[A-Za-z0-9+/]{40,}={0,2})",
        Hides::Group,
    ),
    Rule::named(
        "Azure SAS",
        &["sig="],
        r"(?i)[?&; ](?:amp;)?sig=(?<secret>[A-Za-z0-9%+/=_-]{20,})",
        Hides::Group,
    ),
    // A client secret of Entra ID: three characters, a digit, `Q~` or `8Q~`.
    Rule::named(
        "Azure client secret",
        &["q~"],
        r"(?-u:(?:\b|\\[nrt]|_))(?<secret>[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})",
        Hides::Group,
    ),
    Rule::token("GCP key", &["AIza"], r"AIza[0-9A-Za-z_-]{35}"),
    Rule::token("GCP key", &["ya29."], r"ya29\.[0-9A-Za-z_-]{20,}"),
    Rule::token("GCP key", &["GOCSPX-"], r"GOCSPX-[0-9A-Za-z_-]{20,}"),
    Rule::token("GCP refresh token", &["1//0"], r"1//0[0-9A-Za-z_-]{40,}"),
    Rule::token("Alibaba key", &["LTAI"], r"LTAI[A-Za-z0-9]{16,24}(?-u:\b)"),
    Rule::named(
        "Cloudflare key",
        &["cloudflare", "cf_api", "cf-api", "v1.0-"],
        concat!(
            r"(?-u:\b)v1\.0-(?<secret2>[a-f0-9]{24}-[a-f0-9]{146})|",
            key_of!("cloudflare|cf[_-]api", "[A-Za-z0-9_-]{37,40}")
        ),
        Hides::Group,
    ),
    Rule {
        begins: Begins::Word,
        ..Rule::token(
            "DigitalOcean token",
            &["dop_v1_", "doo_v1_", "dor_v1_"],
            r"do[opr]_v1_[a-fA-F0-9]{40,}",
        )
    },
];
