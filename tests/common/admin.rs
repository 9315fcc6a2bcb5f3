//! The administrator of a cluster, the playground's or a real one: grants what `interlock rbac` prints, as `kubectl apply` would.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

/// Where Interlock's accounts live.
pub const HOME: &str = "interlock";
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

pub struct Admin {
    /// With the rights of an administrator.
    kubeconfig: Kubeconfig,
    client: Client,
}

pub async fn client_of(kubeconfig: &str) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let file = Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(file, &options).await;
    Client::try_from(config.expect("a configuration")).expect("a client")
}

/// Sends a request; the answer's code and body.
pub async fn send(client: &Client, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        // Told from what Interlock sends without one.
        .header("audit-id", "story.by-hand")
        .body(body.to_string().into_bytes().into())
        .expect("a request");
    let answer = client.send(request).await.expect("an answer");
    let code = answer.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(answer.into_body())
        .await
        .expect("a body")
        .to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Where objects of this kind are created.
fn collection(object: &Value) -> String {
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    match (object["kind"].as_str().expect("a kind"), namespace) {
        ("ServiceAccount", Some(home)) => format!("/api/v1/namespaces/{home}/serviceaccounts"),
        ("Role", Some(home)) => format!("{rbac}/namespaces/{home}/roles"),
        ("RoleBinding", Some(home)) => format!("{rbac}/namespaces/{home}/rolebindings"),
        ("ClusterRole", None) => format!("{rbac}/clusterroles"),
        ("ClusterRoleBinding", None) => format!("{rbac}/clusterrolebindings"),
        ("ValidatingAdmissionPolicy", None) => format!("{ADMISSION}/validatingadmissionpolicies"),
        ("ValidatingAdmissionPolicyBinding", None) => {
            format!("{ADMISSION}/validatingadmissionpolicybindings")
        }
        other => panic!("{other:?}"),
    }
}

impl Admin {
    pub async fn with(kubeconfig: &str) -> Self {
        let admin = Self {
            kubeconfig: Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig"),
            client: client_of(kubeconfig).await,
        };
        let home = json!({"metadata": {"name": HOME}});
        let (code, answer) = admin.send("POST", "/api/v1/namespaces", &home).await;
        assert!(matches!(code, 201 | 409), "{answer}");
        admin
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        send(&self.client, method, path, body).await
    }

    /// Creates everything that the cluster knows; what is there from before is made anew. Says how many admission policies
    /// it took: 1.30 and newer know them.
    pub async fn grant(&self, objects: &[Value]) -> usize {
        let mut policies = 0;
        for object in objects {
            let path = collection(object);
            let name = object["metadata"]["name"].as_str().expect("a name");
            let mut answer = self.send("POST", &path, object).await;
            if answer.0 == 409 {
                self.send("DELETE", &format!("{path}/{name}"), &Value::Null).await;
                answer = self.send("POST", &path, object).await;
            }
            match answer {
                (201, _) => policies += usize::from(path.starts_with(ADMISSION)),
                (404, _) if path.starts_with(ADMISSION) => {}
                (code, answer) => panic!("{code} {object}: {answer}"),
            }
        }
        policies
    }

    /// What stands now where these roles and bindings would be put, as it can be put back.
    pub async fn kept(&self, objects: &[Value]) -> Vec<Value> {
        let mut found = Vec::new();
        for object in objects {
            let kind = &object["kind"];
            let name = object["metadata"]["name"].as_str().expect("a name");
            if *kind != "Role" && *kind != "RoleBinding" {
                continue;
            }
            let path = format!("{}/{name}", collection(object));
            let (200, mut there) = self.send("GET", &path, &Value::Null).await else {
                continue;
            };
            there["kind"] = kind.clone();
            there["metadata"] = json!({"name": name, "namespace": object["metadata"]["namespace"],
                "labels": there["metadata"]["labels"]});
            found.push(there);
        }
        found
    }

    /// What the printed kubectl command asks of the server, in one namespace.
    pub async fn take_away(&self, namespace: &str) {
        let label = format!("{}%3Dgranted", interlock::actions::rights::LABEL);
        let path = format!(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings?labelSelector={label}"
        );
        assert_eq!(self.send("DELETE", &path, &Value::Null).await.0, 200);
    }

    /// A kubeconfig with a token of the account.
    pub async fn kubeconfig(&self, account: &str) -> String {
        let path = format!("/api/v1/namespaces/{HOME}/serviceaccounts/{account}/token");
        let (code, answer) = self.send("POST", &path, &json!({"spec": {}})).await;
        assert_eq!(code, 201, "{answer}");
        let token = answer["status"]["token"].as_str().expect("a token");
        let mut kubeconfig = serde_json::to_value(&self.kubeconfig).expect("a kubeconfig");
        for user in kubeconfig["users"].as_array_mut().expect("users") {
            user["user"] = json!({ "token": token });
        }
        kubeconfig.to_string()
    }
}
