//! Where code and packages live: GitHub, GitLab, Bitbucket and Atlassian, and the registries.

use super::{Hides, Rule};

pub const RULES: [Rule; 25] = [
    // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/: 36 characters, the last six a checksum.
    Rule::token(
        "GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"gh[pousr]_[A-Za-z0-9_.-]{30,}",
    ),
    Rule::token("GitHub token", &["github_pat_"], r"github_pat_[A-Za-z0-9_]{22,}"),
    // https://docs.gitlab.com/security/tokens/#token-prefixes
    Rule::token(
        "GitLab token",
        &[
            "glpat-", "gloas-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-",
            "glagent-", "glwt-", "glsoat-", "glffct-",
        ],
        r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|wt|soat|ffct)-[A-Za-z0-9_.-]{18,}",
    ),
    Rule::token("GitLab token", &["GR1348941"], r"GR1348941[A-Za-z0-9_-]{18,}"),
    Rule::named(
        "GitLab session",
        &["_gitlab_session"],
        r"_gitlab_session=(?<secret>[0-9a-f]{32})",
        Hides::Group,
    ),
    // Cloud tokens of Atlassian: API, access, Bitbucket's app passwords and repository tokens.
    Rule::token(
        "Atlassian token",
        &["ATATT3", "ATCTT3", "ATBB", "ATOA"],
        r"(?:ATATT3|ATCTT3)[A-Za-z0-9_=-]{40,}|ATBB[A-Za-z0-9]{28,}|ATOA[A-Za-z0-9_-]{40,}",
    ),
    Rule::named(
        "Atlassian token",
        &["atlassian", "jira", "confluence", "bitbucket"],
        key_of!("atlassian|jira|confluence|bitbucket", "[A-Za-z0-9_=-]{20,64}"),
        Hides::GroupIfLikely,
    ),
    Rule::token("npm token", &["npm_"], r"npm_[A-Za-z0-9]{30,}"),
    Rule::named(
        "npm token",
        &["_authtoken", "_auth", "_password"],
        r#"(?i):?_(?:authToken|auth|password)[ \t]{0,2}=[ \t]{0,2}"?(?<secret>[A-Za-z0-9+/=_.-]{8,})"#,
        Hides::Group,
    ),
    // https://pypi.org/help/#apitoken: a macaroon that begins with `pypi.org` or `test.pypi.org`.
    Rule::token("PyPI token", &["pypi-"], r"pypi-[A-Za-z0-9_-]{50,}"),
    Rule::token("RubyGems key", &["rubygems_"], r"rubygems_[a-f0-9]{48}"),
    Rule::token(
        "Docker token",
        &["dckr_pat_", "dckr_oat_"],
        r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    ),
    Rule::token("Cargo token", &["cio"], r"cio[A-Za-z0-9]{32}(?-u:\b)"),
    Rule::token("NuGet key", &["oy2"], r"oy2[a-z0-9]{43}(?-u:\b)"),
    Rule::token(
        "Artifactory key",
        &["AKCp", "cmVmdGtuO"],
        r"AKCp[A-Za-z0-9]{60,}|cmVmdGtuO[A-Za-z0-9]{50,}",
    ),
    Rule::token("Clojars token", &["CLOJARS_"], r"CLOJARS_[a-z0-9]{60}"),
    Rule::token("Postman key", &["PMAK-"], r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    Rule::token(
        "Sourcegraph token",
        &["sgp_"],
        r"sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}",
    ),
    Rule::token(
        "SonarQube token",
        &["squ_", "sqp_", "sqa_"],
        r"sq[upa]_[a-f0-9]{40}",
    ),
    Rule::named(
        "CircleCI token",
        &["CCIPAT_", "CCIPRJ_"],
        r"(?<secret>CCIP(?:AT|RJ)_[A-Za-z0-9_]{20,})",
        Hides::Group,
    )
    .exactly(),
    Rule::token(
        "Buildkite token",
        &["bkua_", "bkct_"],
        r"bk(?:ua|ct)_[A-Za-z0-9_-]{30,}",
    ),
    Rule::token(
        "Linear key",
        &["lin_api_", "lin_oauth_"],
        r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}",
    ),
    Rule::token("Notion token", &["ntn_"], r"ntn_[0-9]{8,}[A-Za-z0-9]{30,}"),
    Rule::token("Figma token", &["figd_"], r"figd_[A-Za-z0-9_-]{30,}"),
    Rule::token("Airtable token", &["pat"], r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
];
