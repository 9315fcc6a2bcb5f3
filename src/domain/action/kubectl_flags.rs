//! The flags of kubectl, as data: which we take for which verb, and for the rest why not and what to do instead.

use super::argv::{ArgvError, FlagSpec, Found, Scanned, Takes};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Context,
    Namespace,
    AllNamespaces,
    Container,
    Output,
    Selector,
    FieldSelector,
    Tail,
    Since,
    Previous,
    Replicas,
    ToRevision,
    From,
    Watch,
    /// Never taken; the sentence says what to do.
    Refused(&'static str),
}

const fn flag(long: &'static str, short: Option<char>, takes: Takes, id: Flag) -> FlagSpec<Flag> {
    FlagSpec {
        long,
        short,
        takes,
        id,
    }
}

const CREDENTIALS: &str =
    "Interlock connects with the identity of its own configuration: name the cluster with `--context NAME`";
const FILES: &str = "manifests are not applied by a step; start a prepared Job: `kubectl create job NAME --from=cronjob/NAME`";
const STDIN: &str = "nobody is there to type: a step has no standard input and no terminal; leave it out";
const FOLLOW: &str = "a step must end by itself; leave it out and use `Attempts:` or `Wait:` to look again";
const FORCE: &str = "a pod is given its own time to stop; leave it out";
const ONE: &str = "a step acts on one named object; write `KIND/NAME`";
const FILTERS: &str = "leave it out and shape the output behind `|` with jq, grep, head, tail or wc";
const DRY: &str = "leave it out; Interlock has its own dry-run mode for the whole plan (`execution.mode`)";
const TIME: &str = "leave it out and write `Timeout:` under the step";

/// Flags that mean the same for every verb. `-f` and `-p` differ and stand in the verbs' own rows.
const COMMON: &[FlagSpec<Flag>] = &[
    flag("context", None, Takes::Value, Flag::Context),
    flag("namespace", Some('n'), Takes::Value, Flag::Namespace),
    flag("all-namespaces", Some('A'), Takes::Nothing, Flag::AllNamespaces),
    flag("container", Some('c'), Takes::Value, Flag::Container),
    flag("output", Some('o'), Takes::Value, Flag::Output),
    flag("selector", Some('l'), Takes::Value, Flag::Selector),
    flag("field-selector", None, Takes::Value, Flag::FieldSelector),
    flag("tail", None, Takes::Value, Flag::Tail),
    flag("since", None, Takes::Value, Flag::Since),
    flag("previous", Some('p'), Takes::Nothing, Flag::Previous),
    flag("replicas", None, Takes::Value, Flag::Replicas),
    flag("to-revision", None, Takes::Value, Flag::ToRevision),
    flag("from", None, Takes::Value, Flag::From),
    flag("watch", Some('w'), Takes::Nothing, Flag::Watch),
    flag("kubeconfig", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("cluster", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("user", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("server", Some('s'), Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("token", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("as", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("as-group", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("as-uid", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("username", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("password", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("client-key", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag(
        "client-certificate",
        None,
        Takes::Value,
        Flag::Refused(CREDENTIALS),
    ),
    flag(
        "certificate-authority",
        None,
        Takes::Value,
        Flag::Refused(CREDENTIALS),
    ),
    flag(
        "insecure-skip-tls-verify",
        None,
        Takes::Nothing,
        Flag::Refused(CREDENTIALS),
    ),
    flag("tls-server-name", None, Takes::Value, Flag::Refused(CREDENTIALS)),
    flag("filename", Some('f'), Takes::Value, Flag::Refused(FILES)),
    flag("kustomize", Some('k'), Takes::Value, Flag::Refused(FILES)),
    flag("stdin", Some('i'), Takes::Nothing, Flag::Refused(STDIN)),
    flag("tty", Some('t'), Takes::Nothing, Flag::Refused(STDIN)),
    flag("quiet", Some('q'), Takes::Nothing, Flag::Refused(STDIN)),
    flag("follow", None, Takes::Nothing, Flag::Refused(FOLLOW)),
    flag("watch-only", None, Takes::Nothing, Flag::Refused(FOLLOW)),
    flag("force", None, Takes::Nothing, Flag::Refused(FORCE)),
    flag("now", None, Takes::Nothing, Flag::Refused(FORCE)),
    flag("grace-period", None, Takes::Value, Flag::Refused(FORCE)),
    flag(
        "wait",
        None,
        Takes::Nothing,
        Flag::Refused("leave it out: Interlock itself waits for the end of a step"),
    ),
    flag("cascade", None, Takes::Value, Flag::Refused(FORCE)),
    flag("all", None, Takes::Nothing, Flag::Refused(ONE)),
    flag(
        "all-containers",
        None,
        Takes::Nothing,
        Flag::Refused("name one container with `-c NAME`"),
    ),
    flag("all-pods", None, Takes::Nothing, Flag::Refused(ONE)),
    flag("max-log-requests", None, Takes::Value, Flag::Refused(ONE)),
    flag("dry-run", None, Takes::Value, Flag::Refused(DRY)),
    flag("timeout", None, Takes::Value, Flag::Refused(TIME)),
    flag("request-timeout", None, Takes::Value, Flag::Refused(TIME)),
    flag("pod-running-timeout", None, Takes::Value, Flag::Refused(TIME)),
    flag(
        "since-time",
        None,
        Takes::Value,
        Flag::Refused("write `--since=10m`: a fixed time is over at the next incident"),
    ),
    flag("timestamps", None, Takes::Nothing, Flag::Refused(FILTERS)),
    flag("prefix", None, Takes::Nothing, Flag::Refused(FILTERS)),
    flag(
        "limit-bytes",
        None,
        Takes::Value,
        Flag::Refused("write `--tail=N`; Interlock limits the bytes itself"),
    ),
    flag(
        "no-headers",
        None,
        Takes::Nothing,
        Flag::Refused("write `-o name`, which prints no headings"),
    ),
    flag("show-labels", None, Takes::Nothing, Flag::Refused(FILTERS)),
    flag("show-kind", None, Takes::Nothing, Flag::Refused(FILTERS)),
    flag("label-columns", Some('L'), Takes::Value, Flag::Refused(FILTERS)),
    flag(
        "sort-by",
        None,
        Takes::Value,
        Flag::Refused("write `-o json` and sort with `| jq '.items | sort_by(…)'`"),
    ),
    flag("template", None, Takes::Value, Flag::Refused(FILTERS)),
    flag(
        "raw",
        None,
        Takes::Value,
        Flag::Refused("name a kind: `kubectl get KIND NAME`"),
    ),
    flag(
        "subresource",
        None,
        Takes::Value,
        Flag::Refused("leave it out; `-o json` shows the status as well"),
    ),
    flag(
        "current-replicas",
        None,
        Takes::Value,
        Flag::Refused("leave it out: the state that was approved is checked again before the start"),
    ),
    flag(
        "resource-version",
        None,
        Takes::Value,
        Flag::Refused("leave it out: the state that was approved is checked again before the start"),
    ),
    flag(
        "image",
        None,
        Takes::Value,
        Flag::Refused("write `--from=cronjob/NAME`: a step starts only what the team has prepared"),
    ),
    flag(
        "v",
        Some('v'),
        Takes::Value,
        Flag::Refused("leave it out: Interlock keeps its own log"),
    ),
];

/// The table for `scan`: `-f` follows logs and takes no value there.
pub(crate) fn table(is_logs: bool) -> Vec<FlagSpec<Flag>> {
    COMMON
        .iter()
        .map(|spec| {
            let short = match spec.long {
                "filename" if is_logs => None,
                "follow" if is_logs => Some('f'),
                _ => spec.short,
            };
            FlagSpec {
                long: spec.long,
                short,
                takes: spec.takes,
                id: spec.id,
            }
        })
        .collect()
}

/// Flags of one command, after the refused ones and those that the verb doesn't have are turned away.
#[derive(Debug)]
pub(crate) struct Flags {
    found: Vec<Found<Flag>>,
}

impl Flags {
    /// # Errors
    /// A flag that is refused, that this verb doesn't take, or that is written twice.
    pub(crate) fn of(scanned: &mut Scanned<Flag>, verb: &str, allowed: &[Flag]) -> Result<Self, ArgvError> {
        let found = std::mem::take(&mut scanned.flags);
        for (index, flag) in found.iter().enumerate() {
            if let Flag::Refused(help) = flag.id {
                return Err(ArgvError::new(
                    flag.word,
                    format!("`{}` can't be used in a step", flag.written),
                    help,
                ));
            }
            if !matches!(flag.id, Flag::Context | Flag::Namespace) && !allowed.contains(&flag.id) {
                return Err(ArgvError::new(
                    flag.word,
                    format!("`kubectl {verb}` takes no `{}` here", flag.written),
                    "leave it out",
                ));
            }
            if found.iter().take(index).any(|earlier| earlier.id == flag.id) {
                return Err(ArgvError::new(
                    flag.word,
                    format!("`{}` is written twice", flag.written),
                    "leave one",
                ));
            }
        }
        Ok(Self { found })
    }

    pub(crate) fn get(&self, id: Flag) -> Option<&Found<Flag>> {
        self.found.iter().find(|flag| flag.id == id)
    }

    pub(crate) fn is_set(&self, id: Flag) -> bool {
        self.get(id).is_some_and(|flag| flag.value == "true")
    }
}
