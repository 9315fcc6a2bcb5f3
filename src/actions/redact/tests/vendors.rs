//! A line for each vendor's form: its kind, a text that has one, and one that looks nearly like it and is none.

use super::{is_taken_out, redactor, stays};

pub const CASES: &[(&str, &str, &str)] = &[
    // Clouds
    (
        "AWS key",
        "key id «AKIAIOSFODNN7EXAMPLE» used",
        "AKIAIOSFODNN7 is short",
    ),
    (
        "AWS key",
        "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
        "aws_secret_access_key is set",
    ),
    (
        "AWS session token",
        "aws_session_token = «{a180}»",
        "session token has run out",
    ),
    (
        "AWS session token",
        "export T=«IQoJb3JpZ2lu{a120}»",
        "IQoJb3JpZ2lu alone",
    ),
    (
        "signed address",
        "GET /b?X-Amz-Signature=«{h64}»&x=1",
        "?signature=none",
    ),
    ("AWS Bedrock key", "«ABSK{a120}»", "ABSKAB"),
    (
        "AWS Bedrock key",
        "«bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{a40}»",
        "the bedrock-api-key-rotation job",
    ),
    ("AWS key", "«amzn.mws.{h8}-{h4}-{h4}-{h4}-{h12}»", "amzn.mws.api"),
    (
        "Azure key",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=«{a86}==»;EndpointSuffix=core.windows.net",
        "AccountKey=short",
    ),
    (
        "Azure SAS",
        "https://a.blob.core.windows.net/c?sv=2022-11-02&se=2026-01-01&sr=c&sp=rl&sig=«{a43}%3D»",
        "?sv=2022-11-02&se=2026-01-01",
    ),
    ("Azure client secret", "secret is «{a3}8Q~{a34}»", "abc8Q~short"),
    (
        "GCP key",
        "«AIzaSyA1234567890abcdefghijklmnopqrstuv»",
        "AIzaSyA1234567890",
    ),
    ("GCP key", "«ya29.a0{a60}»", "ya29.short"),
    ("GCP key", "«GOCSPX-{a28}»", "GOCSPX-1"),
    ("GCP refresh token", "«1//0{a60}»", "1//0abc"),
    ("Alibaba key", "«LTAI{a20}»", "LTAI5t"),
    (
        "Cloudflare key",
        "CLOUDFLARE_API_TOKEN=«{a40}»",
        "cloudflare answered 521 for 40 seconds",
    ),
    ("Cloudflare key", "v1.0-«{h24}-{h146}»", "v1.0-rc1 of the chart"),
    ("DigitalOcean token", "«dop_v1_{h64}»", "dop_v1_"),
    // Code
    (
        "GitHub token",
        "token «ghp_0123456789abcdefghijABCDEFGHIJ012345»",
        "ghp_0123 is none",
    ),
    (
        "GitHub token",
        "https://x/\\n«ghs_{a36}»\\n",
        "the ghs_runner job",
    ),
    ("GitHub token", "«github_pat_{a22}_{a59}»", "github_pat_rotation"),
    (
        "GitLab token",
        "«glpat-{a20}» «glptt-{h40}» «gldt-{a20}» «glrt-{a20}» «glcbt-64_{a20}» «glft-{a20}» «glimt-{a25}» «glagent-{a50}» «glsoat-{a20}» «glffct-{a20}» «gloas-{a64}»",
        "glpat-short",
    ),
    ("GitLab token", "«GR1348941{a20}»", "GR1348941"),
    (
        "GitLab session",
        "_gitlab_session=«{h32}»",
        "_gitlab_session=none",
    ),
    ("Atlassian token", "«ATATT3xFf{a180}=1A2B3C4D»", "ATATT3"),
    (
        "Atlassian token",
        "JIRA_API_TOKEN: «{a24}»",
        "jira answered in 2042 ms",
    ),
    ("npm token", "«npm_{a36}»", "npm_config_cache"),
    (
        "npm token",
        "//registry.npmjs.org/:_authToken=«{a36}»",
        "_authToken= is empty",
    ),
    ("PyPI token", "«pypi-AgEIcHlwaS5vcmc{a80}»", "pypi-mirror-sync-0"),
    ("RubyGems key", "«rubygems_{h48}»", "rubygems_mirror"),
    ("Docker token", "«dckr_pat_{a27}»", "dckr_pat_"),
    ("Cargo token", "«cio{a32}»", "ciod-{h32}"),
    ("NuGet key", "«oy2{l43}»", "oy2k"),
    ("Artifactory key", "«AKCp{a69}»", "AKCp8"),
    ("Clojars token", "«CLOJARS_{l60}»", "CLOJARS_x"),
    ("Postman key", "«PMAK-{h24}-{h34}»", "PMAK-1"),
    ("Sourcegraph token", "«sgp_{h16}_{h40}»", "sgp_local"),
    ("SonarQube token", "«squ_{h40}»", "squ_1"),
    ("CircleCI token", "«CCIPAT_{a22}_{h40}»", "CCIPAT_1"),
    ("Buildkite token", "«bkua_{h40}»", "bkua_1"),
    ("Linear key", "«lin_api_{a40}»", "lin_api_v2"),
    ("Notion token", "«ntn_12345678901{a35}»", "ntn_123"),
    ("Figma token", "«figd_{a40}»", "figd_1"),
    ("Airtable token", "«pat{a14}.{h64}»", "path.to.the.file"),
    // Talk
    (
        "Slack token",
        "SLACK «xoxb-1234567890-abcdefgh» «xoxp-1234567890-1234567890-abcdef» «xoxe.xoxp-1-{u163}»",
        "xoxo, the team",
    ),
    (
        "Slack token",
        "«xapp-1-A0123456789-1234567890-{h64}»",
        "xapp-frontend",
    ),
    ("Slack token", "«xwfp-{a40}»", "xwfp-1"),
    (
        "Slack webhook",
        "https://hooks.slack.com/services/«T00000000/B00000000/{a24}»",
        "hooks.slack.com is down",
    ),
    (
        "Discord webhook",
        "https://discord.com/api/webhooks/123456789012345678/«{a68}»",
        "https://discord.com/api/webhooks/",
    ),
    (
        "Discord token",
        "discord: «MT{a22}.{a6}.{a38}»",
        "discord is slow",
    ),
    (
        "Telegram token",
        "https://api.telegram.org/bot«1234567890:AA{a33}»/getMe",
        "10:AA:BB:CC:00:11 is a MAC",
    ),
    (
        "Teams webhook",
        "https://x.webhook.office.com/webhookb2/«{h8}-{h4}-{h4}-{h4}-{h12}@{h8}-{h4}-{h4}-{h4}-{h12}/IncomingWebhook/{h32}/{h8}-{h4}-{h4}-{h4}-{h12}»",
        "webhook.office.com timed out",
    ),
    (
        "chat webhook",
        "https://chat.googleapis.com/v1/spaces/AAAA/messages?«key={a30}&token={a40}»",
        "chat.googleapis.com timed out",
    ),
    ("Twilio key", "«SK{h32}»", "SK-1 SKU{h32}"),
    ("Twilio key", "twilio auth token: «{h32}»", "twilio trace {h32}"),
    ("SendGrid key", "«SG.{a22}.{a43}»", "SG.1.2"),
    ("Mailgun key", "«key-{h32}»", "key-{h12}"),
    (
        "Mailgun key",
        "mailgun signing «{h32}-{h8}-{h8}»",
        "trace {h32}-{h16}-01",
    ),
    ("Mailchimp key", "«{h32}-us21»", "node-us21 {h12}-us21"),
    ("Mandrill key", "«md-{a22}»", "md-1"),
    ("Brevo key", "«xkeysib-{h64}-{a16}»", "xkeysib-1"),
    ("Resend key", "«re_{a8}_{a24}»", "re_try_later"),
    // Machines
    (
        "Vault token",
        "«hvs.{a95}» «hvb.{a140}» «hvr.{a90}»",
        "hvs.example.com",
    ),
    (
        "Vault token",
        "VAULT_TOKEN is «s.{a24}»",
        "vault at vault-0.vault.svc",
    ),
    (
        "Vault unseal key",
        "Unseal Key 1: «{a44}»",
        "Unseal Key 1: missing",
    ),
    ("Terraform token", "«{a14}.atlasv1.{a67}»", "x.atlasv1.y"),
    ("Pulumi token", "«pul-{h40}»", "pul-{h39}"),
    ("Databricks token", "«dapi{h32}-2»", "dapi{h31}"),
    ("Fly token", "«fo1_{a43}» «fm2_{a120}»", "fm2_1"),
    ("Vercel token", "«vcp_{a56}»", "vcp_1"),
    (
        "Vercel token",
        "VERCEL_TOKEN=«{a24}»",
        "vercel deploys 24 functions",
    ),
    ("Netlify token", "«nfp_{a36}»", "nfp_1"),
    ("Heroku key", "«HRKU-AA{a58}»", "HRKU-1"),
    (
        "Heroku key",
        "HEROKU_API_KEY=«{h8}-{h4}-{h4}-{h4}-{h12}»",
        "heroku app {h8}-{h4}-{h4}-{h4}-{h12}",
    ),
    ("Render key", "«rnd_{a32}»", "rnd_1"),
    ("Doppler token", "«dp.pt.{a43}» «dp.st.prd.{a43}»", "dp.st.1"),
    ("PlanetScale token", "«pscale_tkn_{a43}»", "pscale_tkn_1"),
    ("Supabase key", "«sbp_{h40}» «sb_secret_{a31}»", "sbp_1"),
    ("Neon key", "«napi_{l64}»", "napi_poll budget"),
    ("Aiven token", "«AVNS_{a20}»", "AVNS_1"),
    ("ClickHouse key", "«4b1d{a38}»", "4b1d{h36}"),
    ("OpenShift token", "«sha256~{a43}»", "sha256:{h64}"),
    (
        "bootstrap token",
        "kubeadm join 10.0.0.1:6443 --token «{l6}.{l16}»",
        "kubeadm join 10.0.0.1:6443",
    ),
    ("age key", "«AGE-SECRET-KEY-1{u58}»", "AGE-SECRET-KEY-1"),
    ("1Password token", "«ops_eyJ{a260}»", "ops_eyJ"),
    ("1Password key", "«A3-{u6}-{u11}-{u5}-{u5}-{u5}»", "A3-B4"),
    ("Octopus key", "«API-{u26}»", "API-GATEWAY"),
    ("Harness key", "«pat.{a22}.{a24}.{a20}»", "pat.x.y.z"),
    ("Tailscale key", "«tskey-auth-{a12}-{a32}»", "tskey-"),
    ("Infracost key", "«ico-{a32}»", "ico-1"),
    // Watching
    ("Grafana token", "«glsa_{a32}_{h8}»", "glsa_1"),
    ("Grafana token", "«glc_eyJ{a120}=»", "glc_1"),
    ("Grafana token", "«eyJrIjoi{a90}==»", "eyJrIjoi"),
    (
        "Datadog key",
        "DD_API_KEY=«{h32}» DD_APP_KEY=«{h40}»",
        "datadog trace {h32}",
    ),
    ("Datadog key", "«ddpat_{a40}»", "ddpat_1"),
    ("New Relic key", "«NRAK-{u27}» «NRII-{a32}»", "NRAK-1"),
    ("New Relic key", "license «{h36}NRAL»", "NRAL {h36}"),
    (
        "Sentry token",
        "«sntryu_{h64}» «sntrys_eyJ{a90}_{a43}»",
        "sntryu_1",
    ),
    ("Dynatrace token", "«dt0c01.{u24}.{u64}»", "dt0c01.{u24}"),
    (
        "PagerDuty key",
        "routing_key: «R{u31}» pagerduty_token=«u+{a18}»",
        "pagerduty took 31 seconds",
    ),
    (
        "Opsgenie key",
        "Opsgenie key «{h8}-{h4}-{h4}-{h4}-{h12}»",
        "Opsgenie alert {h8}-{h4}-{h4}-{h4}-{h12}",
    ),
    ("Honeycomb key", "«hcaik_{l58}»", "hcaik_1"),
    (
        "Splunk token",
        "splunk_hec_token: «{h8}-{h4}-{h4}-{h4}-{h12}»",
        "splunk search {h8}-{h4}-{h4}-{h4}-{h12}",
    ),
    ("Elastic key", "«essu_{a60}»", "essu_1"),
    // Models
    (
        "API key",
        "«sk-{a48}» «sk-ant-api03-{a93}AA» «sk-proj-{a74}T3BlbkFJ{a74}»",
        "task-0123456789abcdefghijklmnop sk-1",
    ),
    ("Hugging Face token", "«hf_{a34}»", "hf_hub cache"),
    ("Hugging Face token", "«api_org_{a34}»", "api_org_1"),
    ("Groq key", "«gsk_{a52}»", "gsk_1"),
    ("Perplexity key", "«pplx-{a48}»", "pplx-1"),
    ("Replicate token", "«r8_{a37}»", "r8_1"),
    ("xAI key", "«xai-{a80}»", "xai-1"),
    ("LangSmith key", "«lsv2_pt_{h32}_{h10}»", "lsv2_pt_1"),
    // Shops
    (
        "API key",
        "«sk_live_{a24}» «rk_test_{a24}»",
        "disk_live_migration risk_test_0123456789abcdef",
    ),
    ("webhook secret", "«whsec_{a32}»", "whsec_1"),
    (
        "Square token",
        "«sq0atp-{a22}» «sq0csp-{a43}» «EAAA{a60}»",
        "EAAA1",
    ),
    (
        "Shopify token",
        "«shpat_{h32}» «shpss_{h32}» «shpca_{h32}» «shppa_{h32}»",
        "shpat_1",
    ),
    (
        "PayPal token",
        "«access_token$production${l16}${h32}»",
        "access_token$x",
    ),
    ("Facebook token", "«EAAC{a120}»", "EAAC1"),
    (
        "Plaid token",
        "«access-production-{h8}-{h4}-{h4}-{h4}-{h12}»",
        "access-production-logs",
    ),
    ("EasyPost key", "«EZAK{a54}»", "EZAK1"),
    ("Shippo token", "«shippo_live_{h40}»", "shippo_live_1"),
    ("Flutterwave key", "«FLWSECK_TEST-{h32}-X»", "FLWSECK"),
    ("Adyen key", "«AQE{a80}-{a40}=»", "AQE1"),
    (
        "HubSpot token",
        "«pat-na1-{h8}-{h4}-{h4}-{h4}-{h12}»",
        "pat-na1-x",
    ),
];

#[test]
fn what_vendors_make_is_taken_out() {
    let redactor = redactor();
    for (kind, text, _) in CASES {
        is_taken_out(&redactor, text, kind);
    }
}

#[test]
fn what_nearly_looks_so_stays() {
    let redactor = redactor();
    for (_, _, near) in CASES {
        stays(&redactor, near);
    }
}
