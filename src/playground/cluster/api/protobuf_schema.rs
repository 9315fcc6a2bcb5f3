//! Field numbers of the messages that are understood in protobuf bodies, from the `generated.proto` files of the Kubernetes API.

/// How a field is written and read.
pub(super) enum Shape {
    Text,
    /// A number that is there or not.
    Int,
    /// A number whose zero means unset.
    PlainInt,
    /// A boolean that is there or not.
    Bool,
    /// A boolean whose false means unset.
    PlainBool,
    Message(&'static [Field]),
    /// A map from text; the entry is a message of `key` and `value` or `quantity`.
    Map(&'static [Field]),
    /// What a client's words about don't count.
    Ignored,
}

/// One field.
pub(super) struct Field {
    pub number: u64,
    pub name: &'static str,
    pub shape: Shape,
    pub many: bool,
}

const fn one(number: u64, name: &'static str, shape: Shape) -> Field {
    Field {
        number,
        name,
        shape,
        many: false,
    }
}

const fn many(number: u64, name: &'static str, shape: Shape) -> Field {
    Field {
        number,
        name,
        shape,
        many: true,
    }
}

const fn text(number: u64, name: &'static str) -> Field {
    one(number, name, Shape::Text)
}

/// The fields of a kind; `None` for kinds that are understood as JSON only.
pub(super) fn of_kind(kind: &str) -> Option<&'static [Field]> {
    match kind {
        "Job" => Some(JOB),
        "ConfigMap" => Some(CONFIG_MAP),
        "Namespace" => Some(NAMESPACE),
        "SelfSubjectAccessReview" => Some(ACCESS_REVIEW),
        "SelfSubjectRulesReview" => Some(RULES_REVIEW),
        "SelfSubjectReview" => Some(OTHER_REVIEW),
        "DeleteOptions" => Some(DELETE_OPTIONS),
        _ => None,
    }
}

static TEXT_ENTRY: &[Field] = &[text(1, "key"), text(2, "value")];
static QUANTITY: &[Field] = &[text(1, "string")];
static QUANTITY_ENTRY: &[Field] = &[text(1, "key"), one(2, "quantity", Shape::Message(QUANTITY))];

static OWNER: &[Field] = &[
    text(1, "kind"),
    text(3, "name"),
    text(4, "uid"),
    text(5, "apiVersion"),
    one(6, "controller", Shape::Bool),
    one(7, "blockOwnerDeletion", Shape::Bool),
];

static METADATA: &[Field] = &[
    text(1, "name"),
    text(2, "generateName"),
    text(3, "namespace"),
    one(4, "selfLink", Shape::Ignored),
    text(5, "uid"),
    text(6, "resourceVersion"),
    one(7, "generation", Shape::Ignored),
    one(8, "creationTimestamp", Shape::Ignored),
    one(11, "labels", Shape::Map(TEXT_ENTRY)),
    one(12, "annotations", Shape::Map(TEXT_ENTRY)),
    many(13, "ownerReferences", Shape::Message(OWNER)),
    many(14, "finalizers", Shape::Text),
];

static ENV: &[Field] = &[text(1, "name"), text(2, "value")];
static PORT: &[Field] = &[
    text(1, "name"),
    one(2, "hostPort", Shape::PlainInt),
    one(3, "containerPort", Shape::PlainInt),
    text(4, "protocol"),
    text(5, "hostIP"),
];
static RESOURCES: &[Field] = &[
    one(1, "limits", Shape::Map(QUANTITY_ENTRY)),
    one(2, "requests", Shape::Map(QUANTITY_ENTRY)),
];

static CONTAINER: &[Field] = &[
    text(1, "name"),
    text(2, "image"),
    many(3, "command", Shape::Text),
    many(4, "args", Shape::Text),
    text(5, "workingDir"),
    many(6, "ports", Shape::Message(PORT)),
    many(7, "env", Shape::Message(ENV)),
    one(8, "resources", Shape::Message(RESOURCES)),
    text(13, "terminationMessagePath"),
    text(14, "imagePullPolicy"),
    one(16, "stdin", Shape::PlainBool),
    one(17, "stdinOnce", Shape::PlainBool),
    one(18, "tty", Shape::PlainBool),
    text(20, "terminationMessagePolicy"),
];

static POD: &[Field] = &[
    many(2, "containers", Shape::Message(CONTAINER)),
    text(3, "restartPolicy"),
    one(4, "terminationGracePeriodSeconds", Shape::Int),
    one(5, "activeDeadlineSeconds", Shape::Int),
    text(6, "dnsPolicy"),
    one(7, "nodeSelector", Shape::Map(TEXT_ENTRY)),
    text(8, "serviceAccountName"),
    text(9, "serviceAccount"),
    text(10, "nodeName"),
    one(11, "hostNetwork", Shape::PlainBool),
    one(12, "hostPID", Shape::PlainBool),
    one(13, "hostIPC", Shape::PlainBool),
    one(14, "securityContext", Shape::Message(&[])),
    text(16, "hostname"),
    text(17, "subdomain"),
    text(19, "schedulerName"),
    many(20, "initContainers", Shape::Message(CONTAINER)),
    one(21, "automountServiceAccountToken", Shape::Bool),
    text(24, "priorityClassName"),
    one(30, "enableServiceLinks", Shape::Bool),
];

static TEMPLATE: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "spec", Shape::Message(POD)),
];
static SELECTOR: &[Field] = &[one(1, "matchLabels", Shape::Map(TEXT_ENTRY))];

static JOB_SPEC: &[Field] = &[
    one(1, "parallelism", Shape::Int),
    one(2, "completions", Shape::Int),
    one(3, "activeDeadlineSeconds", Shape::Int),
    one(4, "selector", Shape::Message(SELECTOR)),
    one(5, "manualSelector", Shape::Bool),
    one(6, "template", Shape::Message(TEMPLATE)),
    one(7, "backoffLimit", Shape::Int),
    one(8, "ttlSecondsAfterFinished", Shape::Int),
    text(9, "completionMode"),
    one(10, "suspend", Shape::Bool),
    text(14, "podReplacementPolicy"),
];

static JOB: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "spec", Shape::Message(JOB_SPEC)),
    one(3, "status", Shape::Ignored),
];

static CONFIG_MAP: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "data", Shape::Map(TEXT_ENTRY)),
    one(4, "immutable", Shape::Bool),
];
static NAMESPACE: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "spec", Shape::Ignored),
    one(3, "status", Shape::Ignored),
];

static RESOURCE_ATTRIBUTES: &[Field] = &[
    text(1, "namespace"),
    text(2, "verb"),
    text(3, "group"),
    text(4, "version"),
    text(5, "resource"),
    text(6, "subresource"),
    text(7, "name"),
];
static PATH_ATTRIBUTES: &[Field] = &[text(1, "path"), text(2, "verb")];
static ACCESS_SPEC: &[Field] = &[
    one(1, "resourceAttributes", Shape::Message(RESOURCE_ATTRIBUTES)),
    one(2, "nonResourceAttributes", Shape::Message(PATH_ATTRIBUTES)),
];
static ACCESS_REVIEW: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "spec", Shape::Message(ACCESS_SPEC)),
    one(3, "status", Shape::Ignored),
];
static RULES_SPEC: &[Field] = &[text(1, "namespace")];
static RULES_REVIEW: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "spec", Shape::Message(RULES_SPEC)),
    one(3, "status", Shape::Ignored),
];
static OTHER_REVIEW: &[Field] = &[
    one(1, "metadata", Shape::Message(METADATA)),
    one(2, "spec", Shape::Ignored),
    one(3, "status", Shape::Ignored),
];

static PRECONDITIONS: &[Field] = &[text(1, "uid"), text(2, "resourceVersion")];
static DELETE_OPTIONS: &[Field] = &[
    one(1, "gracePeriodSeconds", Shape::Int),
    one(2, "preconditions", Shape::Message(PRECONDITIONS)),
    one(3, "orphanDependents", Shape::Bool),
    text(4, "propagationPolicy"),
    many(5, "dryRun", Shape::Text),
];
