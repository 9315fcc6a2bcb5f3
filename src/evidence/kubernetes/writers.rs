//! Who wrote an object, as far as Kubernetes knows: `metadata.managedFields` names the tool, never the person (Kubernetes, "Server-Side
//! Apply", Field management). Where a pipeline leaves its person's name in an annotation, that is taken as its word.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

/// A write and what it brought about lie at most this far apart; both times are whole seconds.
const NEAR: SignedDuration = SignedDuration::from_secs(60);
/// A pipeline annotates when its rollout is through, which takes longer.
const ANNOTATED: SignedDuration = SignedDuration::from_mins(30);
/// Characters of a name that are kept. Kubernetes allows 128.
const NAME: usize = 60;
/// Left by the action Azure/k8s-deploy (`src/utilities/workflowAnnotationUtils.ts`): JSON with `createdBy`, the person whose push
/// or click it was, and `deployTimestamp` in milliseconds.
const GITHUB: &str = "actions.github.com/k8s-deploy";

/// Whom a change is said to be by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    FieldManager(String),
    /// In the words of GitHub Actions.
    GithubActor(String),
}

/// As it stands behind "by".
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldManager(name) => write!(f, "field manager {name}"),
            Self::GithubActor(name) => write!(f, "{name}, as GitHub Actions noted"),
        }
    }
}

/// One manager's last write of what it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Write {
    pub at: Timestamp,
    pub manager: Option<String>,
}

/// The last write of each manager that owns one of these fields, given by their path in `fieldsV1`. Subresources, which are status
/// and scale, do not count.
pub(super) fn writes(meta: &ObjectMeta, fields: &[&[&str]]) -> Vec<Write> {
    let owns = |set: &Value| {
        fields.iter().any(|path| {
            let mut path = path.iter();
            path.try_fold(set, |set, field| set.get(format!("f:{field}")))
                .is_some()
        })
    };
    let entries = meta.managed_fields.iter().flatten();
    entries
        .filter(|entry| entry.subresource.as_deref().unwrap_or("").is_empty())
        .filter(|entry| entry.fields_v1.as_ref().is_some_and(|set| owns(&set.0)))
        .filter_map(|entry| {
            Some(Write {
                at: entry.time.as_ref()?.0,
                manager: entry.manager.as_deref().and_then(plain),
            })
        })
        .collect()
}

/// Who wrote a pod template that was rolled out at a moment; `None` when no write lies near it.
pub(super) fn of_template(owner: &ObjectMeta, at: Timestamp) -> Option<By> {
    if let Some(actor) = github_actor(owner, at) {
        return Some(By::GithubActor(actor));
    }
    let mut writes = writes(owner, &[&["spec", "template"]]);
    writes.retain(|write| apart(write.at, at) <= NEAR);
    let nearest = writes.into_iter().min_by_key(|write| apart(write.at, at))?;
    nearest.manager.map(By::FieldManager)
}

/// When a pod template was written last.
pub(super) fn template_written(owner: &ObjectMeta) -> Option<Timestamp> {
    writes(owner, &[&["spec", "template"]])
        .into_iter()
        .map(|write| write.at)
        .max()
}

/// Whether two moments belong together.
pub(super) fn is_near(one: Timestamp, other: Timestamp) -> bool {
    apart(one, other) <= NEAR
}

fn apart(one: Timestamp, other: Timestamp) -> SignedDuration {
    one.duration_since(other).abs()
}

fn github_actor(owner: &ObjectMeta, at: Timestamp) -> Option<String> {
    let note: Value = serde_json::from_str(owner.annotations.as_ref()?.get(GITHUB)?).ok()?;
    let noted = Timestamp::from_millisecond(note.get("deployTimestamp")?.as_i64()?).ok()?;
    let after = noted.duration_since(at);
    let belongs = after >= -NEAR && after <= ANNOTATED;
    plain(note.get("createdBy")?.as_str()?).filter(|_| belongs)
}

/// A name of others, short and in one line; `None` for none.
fn plain(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
    (!name.trim().is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn deployment(annotations: Value) -> ObjectMeta {
        let entry = |manager: &str, subresource: &str, time: &str, fields: Value| {
            json!({"manager": manager, "operation": "Update", "subresource": subresource, "apiVersion": "apps/v1",
                "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields})
        };
        let template = json!({"f:spec": {"f:template": {"f:spec": {}}}});
        serde_json::from_value(json!({"name": "checkout", "annotations": annotations, "managedFields": [
            entry("argocd-controller", "", "2026-03-02T08:00:00Z", template.clone()),
            entry("kubectl-rollout", "", "2026-03-02T09:00:00Z", template),
            entry("horizontal-pod-autoscaler", "scale", "2026-03-02T09:00:01Z", json!({"f:spec": {"f:replicas": {}}})),
            entry("kube-controller-manager", "status", "2026-03-02T09:00:02Z", json!({"f:status": {}})),
            entry("kube-controller-manager", "", "2026-03-02T09:00:02Z", json!({"f:metadata": {"f:annotations": {}}})),
        ]}))
        .unwrap()
    }

    #[test]
    fn it_is_by_whoever_wrote_the_template_about_then() {
        let owner = deployment(json!({}));
        let by = |moment: &str| of_template(&owner, at(moment)).map(|by| by.to_string());
        assert_eq!(
            by("2026-03-02T09:00:01Z").as_deref(),
            Some("field manager kubectl-rollout")
        );
        assert_eq!(
            by("2026-03-02T08:00:00Z").as_deref(),
            Some("field manager argocd-controller")
        );
        assert_eq!(by("2026-03-02T08:30:00Z"), None);
        assert_eq!(template_written(&owner), Some(at("2026-03-02T09:00:00Z")));
    }

    #[test]
    fn a_person_that_the_pipeline_names_counts_for_its_own_rollout_only() {
        let made = at("2026-03-02T09:02:00Z").as_millisecond();
        let note = json!({"createdBy": "cy\n", "deployTimestamp": made}).to_string();
        let owner = deployment(json!({GITHUB: note}));
        let by = |moment: &str| of_template(&owner, at(moment)).map(|by| by.to_string());
        assert_eq!(
            by("2026-03-02T09:00:01Z").as_deref(),
            Some("cy, as GitHub Actions noted")
        );
        assert_eq!(
            by("2026-03-02T08:00:00Z").as_deref(),
            Some("field manager argocd-controller")
        );
    }

    #[test]
    fn whatever_an_annotation_holds_no_look_fails_on_it() {
        for note in [
            "",
            "{",
            "[]",
            "{\"createdBy\": 1}",
            "{\"createdBy\": \"cy\", \"deployTimestamp\": 9e300}",
        ] {
            let owner = deployment(json!({GITHUB: note}));
            let by = of_template(&owner, at("2026-03-02T09:00:01Z"));
            assert_eq!(by, Some(By::FieldManager("kubectl-rollout".to_owned())), "{note}");
        }
    }
}
