//! The kubeconfig that lets a client in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A kubeconfig as YAML, with the context `playground` and the namespace `production`.
pub(super) fn yaml(server: &str, ca_pem: &str, user: &str, token: &str) -> String {
    let authority = STANDARD.encode(ca_pem);
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         current-context: playground\n\
         clusters:\n\
         - name: playground\n\
         \x20 cluster:\n\
         \x20   server: {server}\n\
         \x20   certificate-authority-data: {authority}\n\
         contexts:\n\
         - name: playground\n\
         \x20 context:\n\
         \x20   cluster: playground\n\
         \x20   user: {user}\n\
         \x20   namespace: production\n\
         users:\n\
         - name: {user}\n\
         \x20 user:\n\
         \x20   token: {token}\n"
    )
}
