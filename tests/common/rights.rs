//! What runbooks need and what they must not get, asked of a double and of a real cluster alike.

use std::collections::BTreeMap;

use interlock::actions::rights::{Role, Where};
use interlock::app::Power;
use interlock::domain::action::{Action, Defaults, Tier};
use interlock::domain::runbook::{EvidenceQuery, Runbook, resolve_parameters, substitute};
use interlock::ports::Ended;

/// The tiers in which a command of a runbook may run.
pub fn tiers(power: &Power, runbook: &Runbook, what: &str) -> Vec<Tier> {
    let of = power.needs().filter(|need| {
        matches!(&need.of, Where::Command { runbook: of, what: command }
                if *of == runbook.name && *command == what)
    });
    let mut tiers: Vec<Tier> = of
        .filter_map(|need| match need.role {
            Role::Looks => None,
            Role::Runs(tier) => Some(tier),
        })
        .collect();
    tiers.sort();
    tiers.dedup();
    tiers
}

/// Every command of a runbook, with what `rbac` calls it.
pub fn actions(runbook: &Runbook) -> Vec<(String, Action)> {
    let values =
        resolve_parameters(&runbook.parameters, &BTreeMap::new(), &BTreeMap::new()).expect("defaults");
    let numbered = |word: &str, steps: &[interlock::domain::runbook::Step]| -> Vec<_> {
        let each = steps.iter().enumerate();
        each.map(|(index, step)| (format!("{word} {}", index + 1), step.command.clone()))
            .collect()
    };
    let evidence = runbook.evidence.iter().filter_map(|one| match &one.query {
        EvidenceQuery::Command(line) => Some((format!("evidence \"{}\"", one.name), line.clone())),
        EvidenceQuery::Promql(_)
        | EvidenceQuery::Logql(_)
        | EvidenceQuery::Traceql(_)
        | EvidenceQuery::Jaeger(_) => None,
    });
    let lines = numbered("precheck", &runbook.prechecks)
        .into_iter()
        .chain(evidence)
        .chain(numbered("step", &runbook.steps))
        .chain(numbered("verification", &runbook.verification));
    let defaults = Defaults {
        default_cluster: "main".into(),
    };
    lines
        .map(|(what, line)| {
            let stages = substitute(&line, &values).expect("values");
            (what, Action::parse(&stages[0], &defaults).expect("an action"))
        })
        .collect()
}

pub fn is_forbidden(ended: &Ended) -> bool {
    let text = format!("{ended:?}");
    text.contains("forbidden") || text.contains("cannot") || text.contains("gives no token")
}

/// Requests that no runbook needs; `pod` is one of `api-gateway` in `production`.
pub fn forbidden(pod: &str) -> Vec<(&'static str, String)> {
    vec![
        ("GET", "/api/v1/namespaces/production/secrets".to_owned()),
        ("GET", "/api/v1/namespaces/kube-system/pods".to_owned()),
        ("GET", "/api/v1/pods".to_owned()),
        ("GET", "/api/v1/nodes".to_owned()),
        ("DELETE", format!("/api/v1/namespaces/production/pods/{pod}")),
        (
            "DELETE",
            "/apis/apps/v1/namespaces/production/deployments/checkout".to_owned(),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/production/deployments/redis-primary".to_owned(),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/production/deployments/checkout/scale".to_owned(),
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/staging/deployments/api-gateway".to_owned(),
        ),
        ("POST", "/api/v1/namespaces/production/pods".to_owned()),
        ("POST", "/apis/batch/v1/namespaces/staging/jobs".to_owned()),
        (
            "POST",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/production/rolebindings".to_owned(),
        ),
        (
            "POST",
            "/api/v1/namespaces/production/serviceaccounts/default/token".to_owned(),
        ),
        (
            "GET",
            format!("/api/v1/namespaces/staging/pods/{pod}/exec?command=id"),
        ),
        (
            "GET",
            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies".to_owned(),
        ),
        (
            "DELETE",
            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/interlock-exec"
                .to_owned(),
        ),
    ]
}
