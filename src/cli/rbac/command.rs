//! Which cluster, which runbooks; and the answer, which `kubectl apply -f -` takes as it is.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::{comment, yaml};
use crate::app::{self, Need, Power, Right, RightOf};
use crate::cli::args::{Format, FormatArg};
use crate::cli::outcome::{Ended, Failure};
use crate::cli::screen::Screen;
use crate::cli::setup::Setup;
use crate::config::Settings;
use crate::domain::action::{reveal, visible};
use crate::domain::ids::ClusterName;
use crate::domain::runbook::RefusedLine;
use crate::render::words;

/// Print the rights that the runbooks need in a cluster, and nothing beyond: accounts, roles, admission policies
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: interlock rbac | kubectl apply -f -\n\n\
    One service account for each tier and one for Interlock itself. The admission policies let a command into a pod\n\
    only when it stands in a runbook (Kubernetes 1.30 or newer). Everything has one label, so that the kubectl command\n\
    in the first lines takes every right away. Over each role stands what it is for; a runbook with errors is left out,\n\
    and the exit code is 1 then.")]
pub(in crate::cli) struct Rbac {
    /// The cluster, by its name in the configuration. Without it: the default or only one.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Folder of runbooks. Without it: runbooks.path of the configuration.
    #[arg(long, value_name = "DIR")]
    runbooks: Option<PathBuf>,
    /// The namespace of the accounts that the configuration does not name.
    #[arg(long, default_value = "interlock", value_name = "NAMESPACE")]
    namespace: String,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(Serialize)]
struct Answer<'a> {
    cluster: &'a ClusterName,
    runbooks: usize,
    kill_switch: &'static str,
    own_account: String,
    tier_service_accounts: Vec<(u8, String)>,
    needs: Vec<Line<'a>>,
    left_out: Vec<&'a str>,
    /// Runbooks with errors: what they need is not in here.
    refused: &'a [RefusedLine],
    objects: Vec<Value>,
}

#[derive(Serialize)]
struct Line<'a> {
    /// `looks`, or the tier that it runs with.
    role: &'a RightOf,
    #[serde(flatten)]
    right: &'a Right,
    of: String,
}

impl Rbac {
    pub fn run(self, setup: &Setup, screen: &mut Screen) -> Result<Ended, Failure> {
        let settings = setup.settings()?;
        let cluster = chosen(&settings, self.cluster)?;
        if !is_label(&self.namespace) {
            return Err(Failure::Refused(format!(
                "--namespace is `{}`, and no namespace is called that: write lower-case letters, digits and `-`, 1 to {LABEL_MOST} of them, with a letter or a digit first and last",
                visible(&self.namespace, LABEL_MOST)
            )));
        }
        let runbooks = self.runbooks.as_ref().unwrap_or(&settings.runbooks.path);
        let power = app::power(&settings, runbooks, cluster, &self.namespace)?;
        // Rights without the policies that bound them would be wider than the runbooks.
        let unsaid = power.unsaid();
        if !unsaid.is_empty() {
            let all: Vec<String> = unsaid.into_iter().collect();
            return Err(Failure::Refused(all.join("\n")));
        }
        match self.format.format {
            Format::Json => screen.json(&answer(&power))?,
            Format::Human => {
                screen.say(&heading(&power))?;
                let (objects, purposes) = (power.objects(), power.purposes());
                for object in &objects {
                    screen.put("---\n")?;
                    let purpose = purposes.of(object, &objects);
                    screen.put(&purpose.map(comment::lines).unwrap_or_default())?;
                    screen.put(&yaml::written(object))?;
                }
            }
        }
        for refused in &power.refused {
            screen.warn(&format!(
                "the runbook `{}` has errors, so what it needs is not in the output ({}): `interlock check` says more",
                refused.runbook,
                reveal(&refused.said)
            ));
        }
        Ok(if power.refused.is_empty() {
            Ended::Fine
        } else {
            Ended::Found
        })
    }
}

/// Of a label of DNS, which the name of a namespace is.
const LABEL_MOST: usize = 63;

/// Source: RFC 1123, 2.1, as Kubernetes reads it ("Object Names and IDs", RFC 1123 label names).
fn is_label(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=LABEL_MOST).contains(&text.len())
        && text.chars().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Without any configured cluster there is still an answer: for the one that kubectl would apply it to.
fn chosen(settings: &Settings, named: Option<String>) -> Result<ClusterName, Failure> {
    let known = &settings.kubernetes.clusters;
    let listed = || {
        let names: Vec<&str> = known.keys().map(ClusterName::as_str).collect();
        names.join(", ")
    };
    match named.map(ClusterName::new) {
        Some(name) if known.is_empty() || known.contains_key(&name) => Ok(name),
        Some(name) => Err(Failure::Refused(format!(
            "cluster `{name}` is not configured; configured: {}",
            listed()
        ))),
        None => match (&settings.kubernetes.default_cluster, known.len()) {
            (Some(name), _) => Ok(name.clone()),
            (None, 0) => Ok(ClusterName::new("main")),
            (None, 1) => Ok(known
                .keys()
                .next()
                .cloned()
                .unwrap_or_else(|| ClusterName::new("main"))),
            (None, _) => Err(Failure::Refused(format!(
                "there are several clusters: choose one with --cluster NAME ({})",
                listed()
            ))),
        },
    }
}

fn answer(power: &Power) -> Answer<'_> {
    Answer {
        cluster: &power.cluster,
        runbooks: power.runbooks,
        kill_switch: power.kill_switch(),
        own_account: power.own_account(),
        tier_service_accounts: power.tier_accounts().collect(),
        needs: power.needs().map(line).collect(),
        left_out: power.left_out().collect(),
        refused: &power.refused,
        objects: power.objects(),
    }
}

fn line(need: &Need) -> Line<'_> {
    Line {
        role: &need.role,
        right: &need.right,
        of: need.of.to_string(),
    }
}

/// Comments of YAML, every line.
fn heading(power: &Power) -> String {
    let mut lines = vec![
        format!(
            "What {} in cluster {}, and nothing else.",
            match power.runbooks {
                1 => "1 runbook needs".to_owned(),
                count => format!("{} need", words::counted(count, "runbook")),
            },
            power.cluster
        ),
        format!("Interlock itself runs as {}.", power.own_account()),
        String::new(),
        "Take every right away, at once:".to_owned(),
        format!("  {}", power.kill_switch()),
        String::new(),
        "For interlock.toml:".to_owned(),
        format!("  [kubernetes.clusters.{}.tier_service_accounts]", power.cluster),
    ];
    lines.extend(
        power
            .tier_accounts()
            .map(|(tier, account)| format!("  {tier} = \"{account}\"")),
    );
    let mut left_out = power.left_out().peekable();
    if left_out.peek().is_some() {
        lines.extend([String::new(), "Without a right:".to_owned()]);
        lines.extend(left_out.map(|line| format!("  {line}")));
    }
    let commented: Vec<String> = lines
        .iter()
        .flat_map(|line| {
            if line.is_empty() {
                vec![""]
            } else {
                line.lines().collect()
            }
        })
        .map(|line| format!("# {line}").trim_end().to_owned())
        .collect();
    commented.join("\n")
}
