//! The administrator of the playground's cluster: grants what `interlock rbac` prints, as `kubectl apply` would.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use interlock::playground::cluster::{ClusterDouble, ClusterUser};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

/// Where Interlock's accounts live.
pub const HOME: &str = "interlock";

pub struct Admin {
    cluster: ClusterDouble,
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
fn collection(object: &Value) -> Option<String> {
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str);
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    match (object["kind"].as_str().expect("a kind"), namespace) {
        ("ServiceAccount", Some(home)) => Some(format!("/api/v1/namespaces/{home}/serviceaccounts")),
        ("Role", Some(home)) => Some(format!("{rbac}/namespaces/{home}/roles")),
        ("RoleBinding", Some(home)) => Some(format!("{rbac}/namespaces/{home}/rolebindings")),
        ("ClusterRole", None) => Some(format!("{rbac}/clusterroles")),
        ("ClusterRoleBinding", None) => Some(format!("{rbac}/clusterrolebindings")),
        // The double has no admission policies, and says so.
        ("ValidatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding", None) => None,
        other => panic!("{other:?}"),
    }
}

impl Admin {
    pub async fn of(cluster: &ClusterDouble) -> Self {
        let client = client_of(&cluster.kubeconfig(ClusterUser::Admin)).await;
        let admin = Self {
            cluster: cluster.clone(),
            client,
        };
        let home = json!({"metadata": {"name": HOME}});
        assert_eq!(admin.send("POST", "/api/v1/namespaces", &home).await.0, 201);
        admin
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        send(&self.client, method, path, body).await
    }

    /// Creates everything that the cluster knows.
    pub async fn grant(&self, objects: &[Value]) {
        for object in objects {
            if let Some(path) = collection(object) {
                let (code, answer) = self.send("POST", &path, object).await;
                assert_eq!(code, 201, "{object}: {answer}");
            }
        }
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
        let other = self.cluster.token(ClusterUser::NoExec);
        self.cluster.kubeconfig(ClusterUser::NoExec).replace(other, token)
    }
}
