//! From a kubectl argv to an `Action`: the verb, the target and the namespace; `kubectl_verbs`
//! and `kubectl_change` read what is special to a verb. What kubectl can do and a step may not is refused with what to do instead.

use crate::domain::ids::{ClusterName, Namespace};

use super::argv::{ArgvError, Scanned, scan};
use super::kubectl_change as change;
use super::kubectl_flags::{Flag, Flags, table};
use super::kubectl_verbs as verbs;
use super::parse::Defaults;
use super::types::{Action, Kind, ObjectRef};

/// One command on its way: what is left to read, and where it acts.
#[derive(Debug)]
pub(crate) struct Command<'a> {
    pub argv: &'a [String],
    pub flags: Flags,
    /// Words after the verb, with their index.
    pub words: Vec<(usize, String)>,
    /// Index of the verb.
    pub verb_at: usize,
    pub after_dashes: Option<usize>,
    pub cluster: ClusterName,
    namespace: Option<Namespace>,
}

const VERBS: &str = "Interlock understands get, describe, logs, exec, rollout status|restart|undo, scale, delete pod and create job --from";
const PREPARED_JOB: &str = "put it into a suspended CronJob with its own rights and write `kubectl create job NAME --from=cronjob/NAME`";

/// Verbs that kubectl has and a step has not, each with what to do instead.
const REFUSED_VERBS: &[(&str, &str)] = &[
    ("apply", PREPARED_JOB),
    (
        "edit",
        "a step is not interactive; use `kubectl scale`, `kubectl rollout undo`, or a prepared Job",
    ),
    ("patch", PREPARED_JOB),
    ("replace", PREPARED_JOB),
    ("set", PREPARED_JOB),
    ("label", PREPARED_JOB),
    ("annotate", PREPARED_JOB),
    ("taint", PREPARED_JOB),
    ("expose", PREPARED_JOB),
    ("autoscale", PREPARED_JOB),
    ("run", PREPARED_JOB),
    (
        "cp",
        "print the file with `kubectl exec … -- cat FILE`, or use a prepared Job",
    ),
    ("attach", "read what a pod wrote with `kubectl logs`"),
    (
        "debug",
        "a person does that by hand; write it as a sentence of a prose runbook",
    ),
    (
        "port-forward",
        "ask from inside with `kubectl exec … -- curl -s localhost:PORT/PATH`, or write a `curl` step",
    ),
    ("proxy", "use `kubectl get`"),
    (
        "cordon",
        "nodes are for people; write it as a sentence of a prose runbook",
    ),
    (
        "uncordon",
        "nodes are for people; write it as a sentence of a prose runbook",
    ),
    (
        "drain",
        "nodes are for people; write it as a sentence of a prose runbook",
    ),
    ("top", "use an Evidence query, or `kubectl exec … -- ps aux`"),
    (
        "wait",
        "use `kubectl rollout status`, or `Attempts:` and `Expected output:` on a `kubectl get`",
    ),
    ("events", "write `kubectl get events`"),
    (
        "auth",
        "`interlock doctor` says what Interlock may do in a cluster",
    ),
    (
        "config",
        "clusters stand in Interlock's configuration; name one with `--context NAME`",
    ),
    ("diff", "use `kubectl get … -o json` and jq"),
    (
        "certificate",
        "identity is for people; write it as a sentence of a prose runbook",
    ),
];

type ReadVerb = fn(&Command<'_>) -> Result<Action, ArgvError>;

/// The verbs that a step may have, each with its flags (`-n` and `--context` stand everywhere) and its reader.
const VERBS_OF_A_STEP: &[(&str, &[Flag], ReadVerb)] = &[
    (
        "get",
        &[
            Flag::AllNamespaces,
            Flag::Output,
            Flag::Selector,
            Flag::FieldSelector,
            Flag::Watch,
        ],
        verbs::get,
    ),
    (
        "logs",
        &[Flag::Container, Flag::Tail, Flag::Since, Flag::Previous],
        verbs::logs,
    ),
    ("describe", &[], verbs::describe),
    ("exec", &[Flag::Container], verbs::exec),
    ("rollout", &[Flag::ToRevision, Flag::Watch], change::rollout),
    ("scale", &[Flag::Replicas], change::scale),
    ("delete", &[], change::delete),
    ("create", &[Flag::From], change::create),
];

/// # Errors
/// The first word that is not understood.
pub(crate) fn parse(argv: &[String], defaults: &Defaults) -> Result<Action, ArgvError> {
    // A refused verb is named before its flags are, since the flags will go with it.
    if let Some(word) = argv.get(1) {
        refused_verb(1, word)?;
    }
    let is_logs = first_word_is(argv, "logs")?;
    let mut scanned = scan(argv, 1, &table(is_logs))?;
    if scanned.words.is_empty() {
        return Err(ArgvError::new(argv.len(), "`kubectl` needs a verb", VERBS));
    }
    let (verb_at, verb) = scanned.words.remove(0);
    let Some((name, allowed, read)) = VERBS_OF_A_STEP.iter().find(|(name, _, _)| *name == verb) else {
        refused_verb(verb_at, &verb)?;
        return Err(ArgvError::new(
            verb_at,
            format!("`kubectl {verb}` can't be a step"),
            VERBS,
        ));
    };
    read(&command(argv, scanned, verb_at, name, allowed, defaults)?)
}

fn refused_verb(at: usize, verb: &str) -> Result<(), ArgvError> {
    match REFUSED_VERBS.iter().find(|(name, _)| *name == verb) {
        Some((_, help)) => Err(ArgvError::new(
            at,
            format!("`kubectl {verb}` can't be a step"),
            *help,
        )),
        None => Ok(()),
    }
}

/// The verb decides what `-f` means, and may stand after flags.
fn first_word_is(argv: &[String], verb: &str) -> Result<bool, ArgvError> {
    let upto = argv.iter().position(|word| word == verb).unwrap_or(0);
    if upto == 0 {
        return Ok(false);
    }
    let until = argv.get(..=upto).unwrap_or_default();
    Ok(scan(until, 1, &table(false))?
        .words
        .first()
        .is_some_and(|(at, _)| *at == upto))
}

fn command<'a>(
    argv: &'a [String],
    mut scanned: Scanned<Flag>,
    verb_at: usize,
    verb: &str,
    allowed: &[Flag],
    defaults: &Defaults,
) -> Result<Command<'a>, ArgvError> {
    let flags = Flags::of(&mut scanned, verb, allowed)?;
    let cluster = match flags.get(Flag::Context) {
        Some(found) => cluster_name(found.word, &found.value)?,
        None => defaults.default_cluster.clone(),
    };
    let namespace = match flags.get(Flag::Namespace) {
        Some(found) => Some(namespace(found.word, &found.value)?),
        None => None,
    };
    if let (Some(after), true) = (scanned.after_dashes, verb != "exec") {
        return Err(ArgvError::new(
            after.saturating_sub(1),
            format!("`kubectl {verb}` takes no `--`"),
            "leave it out",
        ));
    }
    let after_dashes = scanned.after_dashes;
    Ok(Command {
        argv,
        flags,
        words: scanned.words,
        verb_at,
        after_dashes,
        cluster,
        namespace,
    })
}

impl Command<'_> {
    /// The namespace of a namespaced object: it must be written, because a runbook acts in no namespace that its text
    /// does not name.
    pub(crate) fn namespace(&self) -> Result<Namespace, ArgvError> {
        self.namespace.clone().ok_or_else(|| {
            ArgvError::new(
                self.verb_at,
                "the command names no namespace",
                "write `-n NAMESPACE` after the verb",
            )
        })
    }

    pub(crate) fn written_namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref()
    }

    pub(crate) fn object(&self, kind: Kind, name: &(usize, String)) -> Result<ObjectRef, ArgvError> {
        let namespace = if kind.is_namespaced() {
            self.namespace()?
        } else {
            Namespace::new("")
        };
        Ok(ObjectRef {
            cluster: self.cluster.clone(),
            namespace,
            kind,
            name: object_name(name.0, &name.1)?,
        })
    }

    /// `KIND/NAME` or `KIND NAME`; exactly one object, nothing behind it.
    pub(crate) fn one_object(&self, words: &[(usize, String)]) -> Result<ObjectRef, ArgvError> {
        let end = self.argv.len();
        let missing = || {
            ArgvError::new(
                end,
                "the command names no object",
                "write `KIND/NAME`, for example `deploy/api-gateway`",
            )
        };
        let first = words.first().ok_or_else(missing)?;
        let (kind, name, used) = match first.1.split_once('/') {
            Some((kind, name)) => (kind_of(first.0, kind)?, (first.0, name.to_owned()), 1),
            None => (
                kind_of(first.0, &first.1)?,
                words.get(1).cloned().ok_or_else(missing)?,
                2,
            ),
        };
        no_more(words, used)?;
        self.object(kind, &name)
    }
}

/// # Errors
/// When a word stands behind those that were used.
pub(crate) fn no_more(words: &[(usize, String)], used: usize) -> Result<(), ArgvError> {
    match words.get(used) {
        Some((at, word)) => Err(ArgvError::new(
            *at,
            format!("`{word}` is one word too many"),
            "a step acts on one named object; write another step for another object",
        )),
        None => Ok(()),
    }
}

/// # Errors
/// A kind that is unknown, several, or a secret.
pub(crate) fn kind_of(at: usize, word: &str) -> Result<Kind, ArgvError> {
    let lower = word.to_ascii_lowercase();
    if word.contains(',') {
        return Err(ArgvError::new(
            at,
            format!("`{word}` names several kinds"),
            "write one step for each kind",
        ));
    }
    if matches!(lower.split('.').next(), Some("secret" | "secrets")) {
        return Err(ArgvError::new(
            at,
            "a step can't look at secrets",
            "Interlock never reads one, so that none can reach Slack; let a prepared Job use it",
        ));
    }
    if lower == "all" {
        return Err(ArgvError::new(
            at,
            "`all` names several kinds",
            "write one step for each kind",
        ));
    }
    Kind::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::all_names().collect();
        ArgvError::new(
            at,
            format!("the kind `{word}` is not understood"),
            format!("known kinds: {}", known.join(", ")),
        )
    })
}

/// A DNS-1123 subdomain, which every object of our kinds is named by; nothing else may reach a request path.
pub(crate) fn object_name(at: usize, name: &str) -> Result<String, ArgvError> {
    let ok = !name.is_empty() && name.len() <= 253 && name.split('.').all(is_label_long);
    ok.then(|| name.to_owned()).ok_or_else(|| {
        ArgvError::new(
            at,
            format!("`{name}` is not the name of an object"),
            "a name has lower-case letters, digits, `-` and `.`, and is written whole",
        )
    })
}

fn namespace(at: usize, name: &str) -> Result<Namespace, ArgvError> {
    if is_label(name) {
        return Ok(Namespace::new(name));
    }
    Err(ArgvError::new(
        at,
        format!("`{name}` is not the name of a namespace"),
        "a namespace has at most 63 lower-case letters, digits and `-`",
    ))
}

/// Cluster names are keys of the configuration; contexts in the field look like `arn:aws:eks:…:cluster/prod`.
fn cluster_name(at: usize, name: &str) -> Result<ClusterName, ArgvError> {
    let ok = !name.is_empty()
        && name.len() <= 253
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-@:/".contains(&byte));
    ok.then(|| ClusterName::new(name)).ok_or_else(|| {
        ArgvError::new(
            at,
            format!("`{name}` is not the name of a cluster"),
            "write a NAME of `kubernetes.clusters.NAME` in the configuration",
        )
    })
}

/// A DNS-1123 label.
pub(crate) fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_long(text)
}

fn is_label_long(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}
