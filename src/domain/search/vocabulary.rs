//! What people in the field know about words: abbreviations, compounds, words that mean the same when something breaks, and
//! names of products. General knowledge of Kubernetes, Prometheus and infrastructure; nothing here names a rule or a page.
//! Tables are sorted by nothing: they are read once into maps when an index is made.

/// Words that carry no meaning here. They take no part at all.
pub(super) const STOP: &str = "\
a an the of to in on at by for from with within without into onto over under up and or but if then than that this these \
those it its is are was were be been being has have had having do does did doing will would should could can may might must \
shall as so such there here when while where which who whom what why how any some each every all both other another same own \
also only just more most much very too least about after before again during until since because due per via across \
between among through we you your our their they them he she his her i me my \
alert alerts fire fires firing fired trigger triggers triggered triggering runbook page indicate indicates means meaning \
impact description summary diagnosis mitigation minute minutes min hour hours hr day days second seconds sec last past \
currently current please see check following follows e g eg ie etc value values humanize humanizepercentage humanizeduration \
humanizetimestamp printf labels label http https www com md html \
occur occurs occurring happen happens happened cause causes caused causing result results resulted might note \
deprecated masked untitled page item case id doc rb";

/// Words that stand for others. The right side takes part instead.
pub(super) const MEANS: &[(&str, &str)] = &[
    ("k8s", "kubernetes"),
    ("kube", "kubernetes"),
    ("ocp", "openshift"),
    ("host", "node"),
    ("hosts", "node"),
    ("machine", "node"),
    ("hypervisor", "node"),
    ("postgres", "postgresql"),
    ("mongo", "mongodb"),
    ("elastic", "elasticsearch"),
    ("am", "alertmanager"),
    ("prom", "prometheus"),
    ("pvc", "persistent volume claim"),
    ("pvcs", "persistent volume claim"),
    ("pv", "persistent volume"),
    ("pvs", "persistent volume"),
    ("persistentvolume", "persistent volume"),
    ("persistentvolumes", "persistent volume"),
    ("persistentvolumeclaim", "persistent volume claim"),
    ("persistentvolumeclaims", "persistent volume claim"),
    ("hpa", "horizontal pod autoscaler"),
    ("horizontalpodautoscaler", "horizontal pod autoscaler"),
    ("pdb", "pod disruption budget"),
    ("poddisruptionbudget", "pod disruption budget"),
    ("ds", "daemonset"),
    ("sts", "statefulset"),
    ("rs", "replicaset"),
    ("cm", "configmap"),
    ("vm", "virtual machine"),
    ("vms", "virtual machine"),
    ("vmi", "virtual machine instance"),
    ("vmis", "virtual machine instance"),
    ("virtualmachine", "virtual machine"),
    ("virtualmachineinstance", "virtual machine instance"),
    ("virt", "virtual"),
    ("osds", "osd"),
    ("pgs", "placement group"),
    ("mon", "monitor"),
    ("mons", "monitor"),
    ("mgr", "manager"),
    ("rgw", "object gateway"),
    ("fs", "filesystem"),
    ("db", "database"),
    ("dbs", "database"),
    ("cert", "certificate"),
    ("certs", "certificate"),
    ("ssl", "tls"),
    ("nic", "network interface"),
    ("nics", "network interface"),
    ("ntp", "clock"),
    ("mem", "memory"),
    ("ram", "memory"),
    ("oom", "out memory"),
    ("oomkilled", "out memory kill"),
    ("oomkiller", "out memory kill"),
    ("cpus", "cpu"),
    ("processor", "cpu"),
    ("util", "utilization"),
    ("utilisation", "utilization"),
    ("err", "error"),
    ("errs", "error"),
    ("req", "request"),
    ("reqs", "request"),
    ("conn", "connection"),
    ("conns", "connection"),
    ("repl", "replication"),
    ("config", "configuration"),
    ("configs", "configuration"),
    ("cfg", "configuration"),
    ("conf", "configuration"),
    ("ctrl", "controller"),
    ("ns", "namespace"),
    ("svc", "service"),
    ("lb", "load balancer"),
    ("gc", "garbage collection"),
    ("auth", "authentication"),
    ("desync", "not synchronised"),
    ("sync", "synchronise"),
    ("synced", "synchronised"),
    ("syncing", "synchronising"),
    ("unsynced", "not synchronised"),
    ("unsynchronized", "not synchronised"),
    ("unavail", "unavailable"),
    ("temp", "temperature"),
    ("tmp", "temporary"),
    ("perf", "performance"),
    ("msg", "message"),
    ("msgs", "message"),
    ("addr", "address"),
    ("async", "asynchronous"),
    ("info", "information"),
    ("num", "number"),
    ("max", "maximum"),
    ("mins", "minimum"),
    ("avg", "average"),
    ("crashloop", "crash loop"),
    ("crashlooping", "crash loop"),
    ("crashloopbackoff", "crash loop back off"),
    ("backoff", "back off"),
    ("notready", "not ready"),
    ("unready", "not ready"),
    ("imagepullbackoff", "image pull back off"),
    ("errimagepull", "image pull error"),
    ("evict", "eviction"),
    ("evicted", "eviction"),
    ("evicting", "eviction"),
    ("failure", "fail"),
    ("failures", "fail"),
    ("cannot", "can not"),
    ("cant", "not"),
    ("doesn", "not"),
    ("didn", "not"),
    ("isn", "not"),
    ("aren", "not"),
    ("hasn", "not"),
    ("isnt", "not"),
];

/// Two words that are one.
pub(super) const JOINED: &[(&str, &str, &str)] = &[
    ("daemon", "set", "daemonset"),
    ("daemon", "sets", "daemonset"),
    ("stateful", "set", "statefulset"),
    ("stateful", "sets", "statefulset"),
    ("replica", "set", "replicaset"),
    ("replica", "sets", "replicaset"),
    ("config", "map", "configmap"),
    ("config", "maps", "configmap"),
    ("cron", "job", "cronjob"),
    ("cron", "jobs", "cronjob"),
    ("file", "system", "filesystem"),
    ("file", "systems", "filesystem"),
    ("alert", "manager", "alertmanager"),
    ("api", "server", "apiserver"),
    ("api", "servers", "apiserver"),
    ("name", "space", "namespace"),
    ("host", "path", "hostpath"),
    ("data", "base", "database"),
    ("data", "center", "datacenter"),
    ("time", "out", "timeout"),
    ("time", "outs", "timeout"),
    ("timed", "out", "timeout"),
    ("back", "end", "backend"),
    ("back", "log", "backlog"),
    ("fail", "over", "failover"),
    ("web", "hook", "webhook"),
    ("web", "hooks", "webhook"),
    ("open", "shift", "openshift"),
    ("postgre", "sql", "postgresql"),
    ("cloud", "native", "cloudnative"),
    ("my", "sql", "mysql"),
    ("mongo", "db", "mongodb"),
    ("rabbit", "mq", "rabbitmq"),
    ("active", "mq", "activemq"),
    ("click", "house", "clickhouse"),
    ("cockroach", "db", "cockroachdb"),
    ("couch", "db", "couchdb"),
    ("influx", "db", "influxdb"),
    ("oracle", "db", "oracle"),
    ("open", "stack", "openstack"),
    ("open", "search", "opensearch"),
    ("zoo", "keeper", "zookeeper"),
    ("core", "dns", "coredns"),
    ("git", "lab", "gitlab"),
    ("git", "hub", "github"),
    ("mem", "cached", "memcached"),
    ("ha", "proxy", "haproxy"),
    ("pg", "bouncer", "pgbouncer"),
    ("object", "store", "objectstore"),
    ("kube", "let", "kubelet"),
    ("kube", "virt", "kubevirt"),
    ("i", "nodes", "inode"),
    ("i", "node", "inode"),
    ("fire", "wall", "firewall"),
    ("life", "cycle", "lifecycle"),
    ("run", "time", "runtime"),
    ("up", "time", "uptime"),
    ("down", "time", "downtime"),
    ("re", "boot", "reboot"),
    ("end", "point", "endpoint"),
    ("end", "points", "endpoint"),
    ("hash", "ring", "hashring"),
    ("check", "point", "checkpoint"),
    ("check", "points", "checkpoint"),
    ("snap", "shot", "snapshot"),
    ("band", "width", "bandwidth"),
    ("multi", "path", "multipath"),
    ("life", "time", "lifetime"),
    ("work", "load", "workload"),
    ("work", "loads", "workload"),
    ("over", "commit", "overcommit"),
    ("over", "committed", "overcommit"),
];

/// Words that mean the same when something breaks, one meaning a line. They count as the same meaning beside themselves.
pub(super) const MEANINGS: &[&str] = &[
    "down unreachable absent missing disappeared disappear offline unavailable dead gone lost stopped inactive unresponsive exited terminated unhealthy outage vanish nonexistent not-running no-running not-available not-up not-reach able-reach not-reachable not-found",
    "fail error broken unsuccessful unable abort exception crash panic refused reject rejected invalid bad issue problem can-not could-not not-able",
    "full fill filling exhausted exhaustion exhaust capacity saturated saturation space nearfull overflow running-out run-out out-space free-space low-space almost-out near-capacity free",
    "high many excessive elevated exceed exceeded exceeds above large big spike burst increased increase increasing over frequent heavy abnormal unusual growing growth grow overload rate overcommit",
    "low few insufficient below less lack lacking shortage decreased decrease not-enough fewer minimum degraded",
    "slow latency delay delayed lag lagging behind duration timeout slowly stuck hang hanging hung taking-long long response-time late stale outdated overdue",
    "restart restarting restarted crash reboot flapping flap crash-loop back-off respawn looping loop",
    "expire expires expired expiring expiry expiration renewal renew renewed rotation",
    "configuration settings setting reload reloading misconfigured misconfiguration parse invalid bad-configuration",
    "mismatch inconsistent inconsistency differ differs different difference drift unequal diverge diverged diverging conflict not-match not-matched not-same skew multiple-version",
    "quota limit limits overcommit overcommitted reservation hard-limit resource-quota",
    "memory oom swap heap cache rss working-set out-memory",
    "cpu load throttle throttling throttled core cores burn utilization",
    "disk storage volume filesystem drive device space inode partition",
    "inode inodes file files",
    "network interface packet link ethernet bond bonding receive transmit carrier connectivity",
    "clock time skew drift synchronise timesync chrony offset",
    "certificate tls x509 ca pki",
    "pending waiting wait stuck unschedulable not-scheduled not-ready schedule scheduling",
    "unhealthy degraded not-ready not-healthy health condition warning state status",
    "scrape target targets exporter discovery collect collector ingest",
    "queue backlog pending congestion buffer full-queue",
    "notification notifications notify send sending deliver integration receiver",
    "duplicate duplicates duplicated conflicting multiple out-order",
    "drop dropped dropping discard discarded lose lost loss skipped",
    "leader election primary master elect quorum",
    "member members peer peers replica replicas instance instances",
    "upgrade update updating rollout version deploy outdated",
    "compaction compact compacting compactor retention",
    "evaluate evaluation rule rules recording",
    "permission authentication authorization forbidden unauthorized denied access credential login token",
    "request requests call calls query queries api grpc http",
    "connection connections connect connected client clients session sessions socket",
    "replication replica replicas standby mirror mirroring secondary wal streaming",
    "corrupt corruption corrupted damaged inconsistent bad-block integrity malformed",
    "backup snapshot restore archive archiving",
    "file-descriptor descriptor fd open-files",
    "temperature hot overheat thermal fan",
    "power supply voltage psu battery",
    "read write io iops fsync commit flush sync",
];

/// Products and parts of them. An alert about one is hardly answered by a page about another.
pub(super) const PRODUCTS: &str = "\
activemq airflow alertmanager ansible apache apisix argocd argo aurora aws azure bind blackbox caddy calico cassandra ceph certmanager \
cilium clickhouse cloudflare cloudfront cloudnativepg cnpg cloudwatch cockroach cockroachdb consul coredns cortex couchbase couchdb \
dgraph docker druid dynamodb ec2 ecs eks elasticsearch elb envoy etcd fastly flink flux fluentbit fluentd freeswitch freeradius ftp gcp \
gitea gitlab github gke gluster glusterfs grafana graphite graylog hadoop haproxy harbor hashicorp hbase hdfs hive ibmmq \
influxdb istio jaeger jenkins jira jvm kafka karpenter keda keycloak kibana kong kubevirt kyverno lambda ldap linkerd \
logstash loki longhorn mariadb meilisearch memcached microsoft mimir minio mongodb mssql mysql nats netapp nexus nginx nomad nvidia \
gpu nvme nvmeof openebs opensearch openstack openvpn opentelemetry otel oracle pacemaker patroni pgbouncer php phpfpm \
postfix postgresql presto prometheus promtail promscale proxysql pulsar pyroscope qdrant rabbitmq rds redis redpanda rook route53 s3 \
sap saltstack sidekiq smartctl snmp snowflake solr sonarqube spark spring springboot sqlserver sqs stackdriver strimzi tempo temporal \
thanos tidb tomcat traefik trino ubiquiti unbound uwsgi varnish vault vcenter velero vertica vmware weaviate weblogic wildfly windows \
wireguard zabbix zfs zookeeper zeebe juniper cisco mikrotik fortinet synology cloudsql bigquery";

/// What things are made of, so that an alert about one of them is not answered by a page about its neighbour.
pub(super) const PARTS: &str = "\
kubelet api apiserver scheduler manager controller proxy pod node deployment daemonset statefulset replicaset job cronjob namespace container \
volume claim quota autoscaler horizontal ingress service endpoint webhook operator namespace configmap secret image registry \
osd monitor mds mgr pool placement bucket gateway mirror objectstore leader member quorum database wal replica standby \
certificate ca token dns interface bond packet disk filesystem inode raid array memory cpu swap clock descriptor conntrack systemd \
target rule query sample series label scrape tsdb shard compactor ingester distributor ruler querier store sidecar receiver receive \
queue topic consumer broker partition index table transaction session connection replication backup snapshot cache \
machine virtual migration template hypervisor exporter process thread heap gc request upstream backend frontend \
fan temperature power supply battery firmware switch port peer tunnel route firewall loadbalancer balancer notification silence \
descheduler subscription hostpath storageclass mac vcpu guest template log collector forwarder output";

/// Words that any page about operations may have. They count as if a few dozen pages more had them, which matters where
/// only a handful of runbooks is loaded.
pub(super) const COMMON: &str = "\
cluster node pod instance service container namespace system application number high low large critical warning error fail issue \
problem status state health ready running available usage rate limit threshold percent resource request response data user \
production environment team customer component process host server node monitor metric expected configuration update version \
work increase exceed long less more time not no";
