//! The columns of each kind's table, as the printers of the real server name them. Columns of `-o wide` have priority 1.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use crate::playground::cluster::controller::pod_status;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;

/// Name, type (`string` or `integer`), priority.
type Column = (&'static str, &'static str, i64);

const NAME: Column = ("Name", "string", 0);
const AGE: Column = ("Age", "string", 0);

const fn text(name: &'static str) -> Column {
    (name, "string", 0)
}

const fn wide(name: &'static str) -> Column {
    (name, "string", 1)
}

#[expect(clippy::too_many_lines, reason = "a table with a row for each kind")]
fn columns(kind: Kind) -> Vec<Column> {
    let workload = [wide("Containers"), wide("Images"), wide("Selector")];
    let mut list = vec![NAME];
    match kind {
        Kind::Pod => {
            list.extend([text("Ready"), text("Status"), text("Restarts"), AGE]);
            list.extend([
                wide("IP"),
                wide("Node"),
                wide("Nominated Node"),
                wide("Readiness Gates"),
            ]);
        }
        Kind::Deployment => {
            list.extend([
                text("Ready"),
                ("Up-to-date", "integer", 0),
                ("Available", "integer", 0),
                AGE,
            ]);
            list.extend(workload);
        }
        Kind::ReplicaSet | Kind::ReplicationController => {
            list.extend([text("Desired"), text("Current"), text("Ready"), AGE]);
            list.extend(workload);
        }
        Kind::StatefulSet => list.extend([text("Ready"), AGE, wide("Containers"), wide("Images")]),
        Kind::DaemonSet => {
            list.extend([
                text("Desired"),
                text("Current"),
                text("Ready"),
                text("Up-to-date"),
                text("Available"),
            ]);
            list.extend([text("Node Selector"), AGE]);
            list.extend(workload);
        }
        Kind::Job => {
            list.extend([text("Status"), text("Completions"), text("Duration"), AGE]);
            list.extend(workload);
        }
        Kind::CronJob => {
            list.extend([
                text("Schedule"),
                text("Timezone"),
                text("Suspend"),
                text("Active"),
                text("Last Schedule"),
                AGE,
            ]);
        }
        Kind::Node => list.extend([
            text("Status"),
            text("Roles"),
            AGE,
            text("Version"),
            wide("Internal-IP"),
        ]),
        Kind::Namespace => list.extend([text("Status"), AGE]),
        Kind::Service => {
            list.extend([
                text("Type"),
                text("Cluster-IP"),
                text("External-IP"),
                text("Port(s)"),
                AGE,
                wide("Selector"),
            ]);
        }
        Kind::ConfigMap => list.extend([text("Data"), AGE]),
        Kind::Secret => list.extend([text("Type"), text("Data"), AGE]),
        Kind::Event => {
            list = vec![
                text("Last Seen"),
                text("Type"),
                text("Reason"),
                text("Object"),
                text("Message"),
                ("Name", "string", 1),
            ];
        }
        Kind::PodDisruptionBudget => {
            list.extend([
                text("Min Available"),
                text("Max Unavailable"),
                text("Allowed Disruptions"),
                AGE,
            ]);
        }
        Kind::Lease => list.extend([text("Holder"), AGE]),
        Kind::ControllerRevision => list.extend([text("Controller"), text("Revision"), AGE]),
        Kind::ServiceAccount
        | Kind::ResourceQuota
        | Kind::LimitRange
        | Kind::PersistentVolumeClaim
        | Kind::HorizontalPodAutoscaler
        | Kind::EndpointSlice
        | Kind::Role
        | Kind::ClusterRole
        | Kind::RoleBinding
        | Kind::ClusterRoleBinding
        | Kind::ValidatingAdmissionPolicy
        | Kind::ValidatingAdmissionPolicyBinding => list.push(AGE),
    }
    list
}

/// The column definitions of a kind.
pub(super) fn definitions(kind: Kind) -> Vec<Value> {
    columns(kind)
        .into_iter()
        .map(|(name, kind, priority)| {
            let format = if name == "Name" { "name" } else { "" };
            json!({"name": name, "type": kind, "format": format, "description": name, "priority": priority})
        })
        .collect()
}

/// The cells of one object, in the order of its kind's columns.
pub(super) fn cells(model: &Model, kind: Kind, object: &Value) -> Vec<Value> {
    let row = Row { model, kind, object };
    columns(kind)
        .into_iter()
        .map(|(name, _, _)| row.cell(name))
        .collect()
}

struct Row<'a> {
    model: &'a Model,
    kind: Kind,
    object: &'a Value,
}

impl Row<'_> {
    fn int(&self, pointer: &str) -> i64 {
        json::int(self.object, pointer).unwrap_or(0)
    }

    fn or(&self, pointer: &str, otherwise: &str) -> Value {
        match self.object.pointer(pointer) {
            Some(Value::String(text)) if !text.is_empty() => json!(text),
            Some(value) if value.is_number() => json!(value.to_string()),
            _ => json!(otherwise),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table with a row for each column")]
    fn cell(&self, column: &str) -> Value {
        match column {
            "Name" => json!(json::text(self.object, "/metadata/name")),
            "Age" => json!(age::since(
                json::text(self.object, "/metadata/creationTimestamp"),
                self.model.now
            )),
            "Ready" => self.ready(),
            "Status" => self.status(),
            "Restarts" => json!(self.restarts()),
            "Up-to-date" => {
                json!(self.int("/status/updatedReplicas") + self.int("/status/updatedNumberScheduled"))
            }
            "Available" => json!(self.int("/status/availableReplicas") + self.int("/status/numberAvailable")),
            "Desired" => json!(self.int("/spec/replicas") + self.int("/status/desiredNumberScheduled")),
            "Current" => json!(self.int("/status/replicas") + self.int("/status/currentNumberScheduled")),
            "Node Selector" => json!("<none>"),
            "Completions" => json!(format!(
                "{}/{}",
                self.int("/status/succeeded"),
                self.int("/spec/completions")
            )),
            "Duration" => json!(self.duration()),
            "Schedule" => self.or("/spec/schedule", ""),
            "Timezone" => self.or("/spec/timeZone", "<none>"),
            "Suspend" => json!(if json::truth(self.object, "/spec/suspend") {
                "True"
            } else {
                "False"
            }),
            "Active" => json!(json::list(self.object, "/status/active").len()),
            "Last Schedule" => json!(self.time_or("/status/lastScheduleTime", "<none>")),
            "Roles" => json!("<none>"),
            "Version" => self.or("/status/nodeInfo/kubeletVersion", ""),
            "Internal-IP" => self.or("/status/addresses/0/address", "<none>"),
            "Type" if self.kind == Kind::Service => self.or("/spec/type", "ClusterIP"),
            "Type" => self.or("/type", ""),
            "Cluster-IP" => self.or("/spec/clusterIP", "<none>"),
            "External-IP" | "Nominated Node" | "Readiness Gates" => json!("<none>"),
            "Port(s)" => json!(self.ports()),
            "Data" => json!(
                self.object
                    .get("data")
                    .and_then(Value::as_object)
                    .map_or(0, serde_json::Map::len)
            ),
            "Last Seen" => json!(self.time_or("/lastTimestamp", "<unknown>")),
            "Reason" => self.or("/reason", ""),
            "Message" => self.or("/message", ""),
            "Object" => json!(format!(
                "{}/{}",
                json::text(self.object, "/involvedObject/kind").to_lowercase(),
                json::text(self.object, "/involvedObject/name")
            )),
            "Min Available" => self.or("/spec/minAvailable", "N/A"),
            "Max Unavailable" => self.or("/spec/maxUnavailable", "N/A"),
            "Allowed Disruptions" => json!(self.int("/status/disruptionsAllowed")),
            "Holder" => self.or("/spec/holderIdentity", ""),
            "Controller" => {
                json!(json::controller(self.object).map_or("<none>", |owner| json::text(owner, "/name")))
            }
            "Revision" => json!(self.int("/revision")),
            "IP" => self.or("/status/podIP", "<none>"),
            "Node" => self.or("/spec/nodeName", "<none>"),
            "Containers" => json!(self.containers("/name")),
            "Images" => json!(self.containers("/image")),
            "Selector" => json!(self.selector()),
            _ => json!(""),
        }
    }

    fn time_or(&self, pointer: &str, otherwise: &str) -> String {
        let text = json::text(self.object, pointer);
        if text.is_empty() {
            otherwise.to_owned()
        } else {
            age::since(text, self.model.now)
        }
    }

    fn ready(&self) -> Value {
        match self.kind {
            Kind::Pod => {
                let statuses = json::list(self.object, "/status/containerStatuses");
                let ready = statuses
                    .iter()
                    .filter(|status| json::truth(status, "/ready"))
                    .count();
                json!(format!(
                    "{ready}/{}",
                    json::list(self.object, "/spec/containers").len()
                ))
            }
            Kind::Deployment | Kind::StatefulSet => {
                json!(format!(
                    "{}/{}",
                    self.int("/status/readyReplicas"),
                    self.int("/spec/replicas")
                ))
            }
            _ => json!(self.int("/status/readyReplicas") + self.int("/status/numberReady")),
        }
    }

    fn status(&self) -> Value {
        let conditions = json::list(self.object, "/status/conditions");
        let holds = |kind: &str| {
            conditions
                .iter()
                .any(|c| json::text(c, "/type") == kind && json::text(c, "/status") == "True")
        };
        match self.kind {
            Kind::Pod => json!(pod_status::shown(self.object)),
            Kind::Node => {
                let word = if holds("Ready") { "Ready" } else { "NotReady" };
                let cordoned = json::truth(self.object, "/spec/unschedulable");
                json!(if cordoned {
                    format!("{word},SchedulingDisabled")
                } else {
                    word.to_owned()
                })
            }
            Kind::Job if holds("Complete") => json!("Complete"),
            Kind::Job if holds("Failed") => json!("Failed"),
            Kind::Job => json!("Running"),
            _ => self.or("/status/phase", ""),
        }
    }

    fn restarts(&self) -> String {
        let count = pod_status::restarts(self.object);
        let last = json::text(
            self.object,
            "/status/containerStatuses/0/lastState/terminated/finishedAt",
        );
        if count == 0 || last.is_empty() {
            return count.to_string();
        }
        format!("{count} ({} ago)", age::since(last, self.model.now))
    }

    fn duration(&self) -> String {
        let at = |pointer: &str| json::text(self.object, pointer).parse::<Timestamp>().ok();
        match (at("/status/startTime"), at("/status/completionTime")) {
            (Some(start), Some(end)) => age::span(end.as_second() - start.as_second()),
            (Some(start), None) => age::span(self.model.now.as_second() - start.as_second()),
            (None, _) => String::new(),
        }
    }

    fn ports(&self) -> String {
        let ports: Vec<String> = json::list(self.object, "/spec/ports")
            .iter()
            .map(|port| format!("{}/TCP", json::int(port, "/port").unwrap_or(0)))
            .collect();
        if ports.is_empty() {
            "<none>".to_owned()
        } else {
            ports.join(",")
        }
    }

    fn containers(&self, field: &str) -> String {
        let containers = json::list(self.object, "/spec/template/spec/containers");
        containers
            .iter()
            .map(|container| json::text(container, field))
            .collect::<Vec<_>>()
            .join(",")
    }

    fn selector(&self) -> String {
        let labels = self
            .object
            .pointer("/spec/selector/matchLabels")
            .or_else(|| self.object.pointer("/spec/selector"));
        let Some(labels) = labels.and_then(Value::as_object) else {
            return "<none>".to_owned();
        };
        labels
            .iter()
            .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
            .collect::<Vec<_>>()
            .join(",")
    }
}
