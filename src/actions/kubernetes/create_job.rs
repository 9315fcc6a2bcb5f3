//! `kubectl create job --from=cronjob/…`: starts a prepared job now. The job's name carries the attempt, so asking
//! twice finds the first.

use kube::api::{Api, DynamicObject};
use serde_json::{Value, json};

use super::attempt::{ATTEMPT, Attempt, Outcome, Same, posting, unchanged};
use super::failure::Failure;
use super::kinds;
use super::look;
use super::write::another;
use crate::actions::Mark;
use crate::actions::verdict::Verdict;
use crate::domain::action::{Kind, ObjectRef};

/// Most characters of a job's name: it becomes a label of its pods.
const NAME_CHARACTERS: usize = 63;
/// As kubectl marks a Job that somebody started.
pub const INSTANTIATE: &str = "cronjob.kubernetes.io/instantiate";
/// The label that names the CronJob, for the admission policy that compares both (`rights::job_policy`). A CronJob's name has
/// 52 characters at most, and a label's value may have 63.
pub const CRONJOB: &str = "interlock.dev/cronjob";

/// Creates the job.
///
/// # Errors
/// The verdict when nothing was created.
pub async fn run(attempt: &Attempt<'_>, from: &ObjectRef, name: &str) -> Outcome {
    let cron = attempt.live(from, Same::Spec).await?;
    let name = job_name(name, &attempt.mark);
    let job = job(attempt, from, &cron, &name)?;
    let jobs = kinds::objects(attempt.client.clone(), Kind::Job, Some(&from.namespace));
    let done = format!("job.batch/{name} created");
    let created = attempt.ask(jobs.create(&posting(), &job)).await;
    let object = ObjectRef {
        kind: Kind::Job,
        name: name.clone(),
        ..from.clone()
    };
    let created = created.and_then(|job| match attempt.is_mine(&job) {
        true => Ok(job),
        false => Err(another(&object)),
    });
    match created {
        Ok(_) => Ok(Verdict::done(format!("{done}\n"))),
        Err(failure @ Failure::Conflict(_)) => already_there(attempt, &jobs, &name, failure).await,
        Err(failure) => Ok(attempt
            .after_write(failure, &object, |live| attempt.is_mine(live), done)
            .await),
    }
}

async fn already_there(
    attempt: &Attempt<'_>,
    jobs: &Api<DynamicObject>,
    name: &str,
    failure: Failure,
) -> Outcome {
    let found = attempt.ask(jobs.get(name)).await;
    if found.is_ok_and(|job| attempt.is_mine(&job)) {
        return Ok(Verdict::done(format!(
            "job.batch/{name} was created by this attempt already\n"
        )));
    }
    Err(unchanged(failure))
}

/// The given name with the attempt: `renew-certs-i42p1s2a1-7f3a9c`.
fn job_name(name: &str, mark: &Mark) -> String {
    let suffix = format!("-{}", mark.short());
    let room = NAME_CHARACTERS.saturating_sub(suffix.len());
    let cut: String = name.chars().take(room).collect();
    format!("{}{suffix}", cut.trim_end_matches(['-', '.']))
}

fn job(
    attempt: &Attempt<'_>,
    from: &ObjectRef,
    cron: &DynamicObject,
    name: &str,
) -> Result<DynamicObject, Verdict> {
    let field = |pointer: &str| cron.data.pointer(pointer).cloned();
    let Some(spec) = field("/spec/jobTemplate/spec") else {
        return Err(Verdict::failed(format!(
            "{} has no job template",
            kinds::printed(from)
        )));
    };
    let mut annotations = match field("/spec/jobTemplate/metadata/annotations") {
        Some(Value::Object(annotations)) => annotations,
        _ => serde_json::Map::new(),
    };
    let mut labels = match field("/spec/jobTemplate/metadata/labels") {
        Some(Value::Object(labels)) => labels,
        _ => serde_json::Map::new(),
    };
    labels.insert(CRONJOB.to_owned(), json!(from.name));
    annotations.insert(INSTANTIATE.to_owned(), json!("manual"));
    annotations.insert(ATTEMPT.to_owned(), json!(attempt.mark.to_string()));
    let job = json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": from.namespace,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [{
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": from.name,
                "uid": look::uid(cron),
                "controller": true,
            }],
        },
        "spec": spec,
    });
    serde_json::from_value(job).map_err(|error| Verdict::failed(format!("the job can't be made: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};

    #[test]
    fn a_jobs_name_carries_the_attempt_and_fits() {
        let id = AttemptId {
            incident: IncidentId(42),
            plan: PlanNo(1),
            step: StepNo(2),
            attempt: 1,
        };
        let mark = Mark::new("7f3a9c2e41d05b6a".into(), id);
        assert_eq!(job_name("renew-certs", &mark), "renew-certs-i42p1s2a1-7f3a9c");
        let long = job_name(&"x".repeat(80), &mark);
        assert_eq!(long.len(), NAME_CHARACTERS);
        assert!(long.ends_with("x-i42p1s2a1-7f3a9c"));
    }
}
