//! What is no secret and looks like one to somebody in a hurry: it comes through as it is.

use super::{redactor, stays};

#[test]
fn names_numbers_and_hashes_stay() {
    let redactor = redactor();
    for text in [
        "OK",
        "redis connection timeout on api-gateway: 12 errors in 5m",
        "see https://runbooks.example.com/redis?x=1",
        "deployment.apps/redis-primary restarted",
        "image registry.example.com/shop/api@sha256:{h64}",
        "imageID: docker-pullable://r.io/x@sha256:{h64}",
        "containerd://{h64}",
        "pod api-gateway-7d4b9c6f5-x2k8p on ip-10-0-12-34.eu-west-1.compute.internal",
        "uid: {h8}-{h4}-{h4}-{h4}-{h12}",
        "commit {h40} by ana",
        "image r.io/api:v1.{h40} and v2-{h12}",
        "DB_PASSWORD:  <set to the key 'password' in secret 'db-2'>  Optional: false",
        "{\"name\":\"kube_secret_token\",\"value\":\"1\"}",
        "login failed, password incorrect",
        "on prod-us-east-1 over http -u is a flag",
        "traceparent: 00-{h32}-{h16}-01",
        "trace_id={h32} span_id={h16}",
        "X-Request-Id: {h8}-{h4}-{h4}-{h4}-{h12}",
        "resourceVersion: \"1234567890\"",
        "2026-11-22T14:27:45.123456789Z stdout F ready",
        "fingerprint {h16} group {h64}",
        "kubernetes.io/config.hash: {h32}",
        "pod-template-hash=7d4b9c6f5 controller-revision-hash=redis-6b8c9d7f5",
        "arn:aws:iam::123456789012:role/ops",
        "i-0abcdef1234567890 vol-0abcdef1234567890",
        "aGVsbG8gd29ybGQsIHRoaXMgaXMgaGFybWxlc3M=",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "-----BEGIN CERTIFICATE-----\nMIIB{a60}\n-----END CERTIFICATE-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{a43} ana@example.com",
        "http://prometheus:9090/graph?g0.expr=rate%28x%5B10m%5D%29+%3E+0&g0.tab=1",
        "serviceAccountName: redis, secretName: redis-tls, tokenExpirationSeconds: 3607",
        "secret:\n  secretName: redis-tls-2026\n  defaultMode: 420",
        "- secretRef:\n    name: app-secrets-2\n",
        "Mounts: /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x2k8p (ro)",
        "valueFrom: {secretKeyRef: {name: db-1, key: password}}",
        "etag: W/\"{h32}\"",
        "kind: Secret\nmetadata:\n  name: redis-auth\ntype: Opaque",
        "kind: ConfigMap\ndata:\n  LOG_LEVEL: info-with-12345\n",
        "{\"kind\":\"ConfigMap\",\"data\":{\"a\":\"info-with-12345\"}}",
        "it is cut here…",
        "no such file: /srv/path/to/file-2.txt…",
        "no such file: path/to/file2/x86_64… [cut]",
        "slow in ASIA-PACIFIC-2…",
        "pod pypi-mirror-sync-0…",
        "the API-GATEWAY-7d4b9c… [cut]",
        "task-7d4b9c6f5…",
        "the deploy of api-gateway-7d4b9c6f5… [cut]",
    ] {
        stays(&redactor, text);
    }
}
