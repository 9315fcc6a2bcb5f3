//! Least power: with the rights that `interlock rbac` prints the story runs as ever; when somebody takes them away, Interlock
//! says that it was stopped; and the doctor names what is missing and what is too much.
//! Longer than other files, since each way in which power is not as it should be stands beside the others.

use interlock::app::{self, Finding, Power, Stands, SystemClock};
use interlock::config::Settings;
use interlock::playground::cluster::ClusterUser;
use interlock::playground::slack::{ApiFault, Times, WorkspaceChange};
use interlock::store::Signer;
use serde_json::{Value, json};

use crate::admin::{Admin, HOME};
use crate::world::{Alert, Setup, TestWorld};

const FLUSH: &str = "exec redis-cli FLUSHDB";
const HEALTH: &str = "exec curl -s localhost:8080/health";
const ACCOUNTS: &str = "[kubernetes.clusters.demo.tier_service_accounts]\n0 = \"interlock/interlock-tier-0\"\n\
     1 = \"interlock/interlock-tier-1\"\n";

fn settings(world: &TestWorld) -> Settings {
    let path = world.folder.path().join("interlock.toml");
    Settings::load(Some(&path), std::iter::empty()).unwrap()
}

fn power(world: &TestWorld) -> Power {
    let settings = settings(world);
    app::power(&settings, &settings.runbooks.path, "demo".into(), HOME).unwrap()
}

/// The world in which Redis times out, with the accounts and roles that are printed for it; `change` may leave some out.
async fn granted(change: impl Fn(&mut Vec<Value>)) -> (TestWorld, Admin) {
    granted_for(Setup::default(), change).await
}

async fn granted_for(setup: Setup, change: impl Fn(&mut Vec<Value>)) -> (TestWorld, Admin) {
    let world = TestWorld::without_bot(setup.table(ACCOUNTS)).await;
    let admin = Admin::with(&world.doubles.cluster.kubeconfig(ClusterUser::Admin)).await;
    let mut objects = power(&world).objects();
    change(&mut objects);
    admin.grant(&objects).await;
    let kubeconfig = admin.kubeconfig("interlock").await;
    std::fs::write(world.folder.path().join("kubeconfig"), kubeconfig).unwrap();
    (world, admin)
}

/// What the administrator did so far; the story has read it then.
async fn effects(world: &TestWorld) -> Vec<String> {
    let done = world.effects();
    let all: Vec<&str> = done.iter().map(String::as_str).collect();
    world.cluster_did(&all).await;
    done
}

async fn examined(world: &TestWorld) -> Vec<Finding> {
    let mut found = Vec::new();
    app::examine(&settings(world), &SystemClock, &mut |finding| found.push(finding))
        .await
        .unwrap();
    found
}

/// What is wrong about something.
fn wrong<'f>(found: &'f [Finding], about: &str) -> Vec<&'f str> {
    let of = found
        .iter()
        .filter(|one| one.about == about && one.stands != Stands::Fine);
    of.map(|one| one.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_rights_are_enough_and_without_them_interlock_says_that_it_was_stopped() {
    let (world, admin) = granted(|_| {}).await;
    world.bot_starts().await;
    world.in_the_cluster(interlock::playground::cluster::Scenario::RedisTimeout);
    world.fires(&Alert::redis_timeout()).await;
    world.card("Waits for 1 approval").await;
    assert_eq!(wrong(&examined(&world).await, "cluster demo"), Vec::<&str>::new());

    admin.take_away("production").await;
    admin.take_away(HOME).await;
    world.minutes_pass(1).await;
    world
        .card("*FROZEN by @Interlock*: Interlock was stopped: every right that it had in this cluster was taken away")
        .await;
    let text = "Interlock holds none of the rights that its runbooks need: it was stopped, or they were never granted \
                (`interlock rbac` prints them)";
    assert!(wrong(&examined(&world).await, "cluster demo").contains(&text));
    assert!(!world.ana().has_button("Approve 2 steps"));

    let bindings: Vec<Value> = power(&world)
        .objects()
        .into_iter()
        .filter(|object| object["kind"] == "RoleBinding")
        .collect();
    admin.grant(&bindings).await;
    world.ben().types("unfreeze cluster demo the drill is over").await;
    world.ben().is_told("The freeze of cluster demo is lifted.").await;
    let by_hand = effects(&world).await;
    world.ana().presses("Approve 2 steps").await;
    world.ana().is_told("Approved.").await;
    let all: Vec<&str> = by_hand
        .iter()
        .map(String::as_str)
        .chain([FLUSH, HEALTH])
        .collect();
    world.cluster_did(&all).await;
    world.card("Fixed and verified.").await;
    world.thread().ends_with("all steps are done and verified").await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_out_is_seen_with_the_printed_rights() {
    let setup = Setup::default()
        .clocks_agree()
        .table("[kubernetes]\nfollow_rollouts = true");
    let (world, _) = granted_for(setup, |_| {}).await;
    let cluster = world.doubles.cluster.world();
    let before = cluster.revision_of("production", "checkout");
    cluster.deploy(
        "production",
        "checkout",
        "registry.example/checkout:2.16.0",
        "release 2.16.0",
    );
    world
        .until("the controller has rolled it out", || {
            (cluster.revision_of("production", "checkout") > before).then_some(())
        })
        .await;
    assert_eq!(wrong(&examined(&world).await, "cluster demo"), Vec::<&str>::new());
    world.bot_starts().await;
    world.fires(&Alert::bad_deploy()).await;
    let card = world.card("release 2.16.0").await;
    assert!(!card.contains("not known"), "{card}");
    effects(&world).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_of_the_changes_is_told_as_not_known() {
    let setup = Setup::default()
        .clocks_agree()
        .table("[kubernetes]\nfollow_rollouts = true");
    let (world, _) = granted_for(setup, |objects| {
        for role in objects.iter_mut().filter(|object| object["kind"] == "Role") {
            for rule in role["rules"].as_array_mut().unwrap() {
                let resources = rule["resources"].as_array_mut().unwrap();
                resources.retain(|resource| resource != "configmaps");
            }
            let rules = role["rules"].as_array_mut().unwrap();
            rules.retain(|rule| rule["resources"] != json!([]));
        }
    })
    .await;
    let denied = wrong(&examined(&world).await, "cluster demo").join("\n");
    assert!(
        denied.contains("kubernetes.follow_rollouts would be denied in namespace production")
            && denied.contains("may not list configmaps"),
        "{denied}"
    );
    world.bot_starts().await;
    world.fires(&Alert::bad_deploy()).await;
    let card = world.card("not known").await;
    assert!(
        card.contains("not known: config maps in demo/production could not be read (the cluster refused: configmaps is forbidden"),
        "{card}"
    );
    effects(&world).await;
    world.thread().is_uninteresting();
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_the_step_that_would_be_denied_and_the_right_that_is_too_much() {
    let (world, _) = granted(|objects| {
        for role in objects.iter_mut().filter(|object| object["kind"] == "Role") {
            if role["metadata"]["name"] == "interlock-tier-1" && role["metadata"]["namespace"] == "production"
            {
                let rules = role["rules"].as_array_mut().unwrap();
                rules.retain(|rule| rule["resources"][0] != "pods/exec");
                rules.push(json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["delete"]}));
            }
        }
    })
    .await;
    let account = "interlock/interlock-tier-1";
    let found = examined(&world).await;
    assert_eq!(
        wrong(&found, "cluster demo"),
        [
            format!(
                "step 1 of redis-connection-timeout would be denied in namespace production: {account} may not create \
                 pods/exec, get pods/exec"
            ),
            format!("{account} holds delete on secrets in production and no step could ever need it"),
        ]
    );
    let refused = app::refuse_excess(&settings(&world), &SystemClock)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "in cluster `demo` interlock/interlock-tier-1 holds power that no step could ever need (delete secrets): use the \
         accounts that `interlock rbac` prints, or allow it by name with kubernetes.clusters.demo.allow_power = [\"delete secrets\"]"
    );
    let allowed = world.folder.path().join("interlock.toml");
    let text = std::fs::read_to_string(&allowed).unwrap();
    let text = text.replace(
        "[kubernetes.clusters.demo]\n",
        "[kubernetes.clusters.demo]\nallow_power = [\"delete secrets\"]\n",
    );
    std::fs::write(&allowed, text).unwrap();
    app::refuse_excess(&settings(&world), &SystemClock).await.unwrap();
    world.bot_starts().await;
    effects(&world).await;
    world.ends().await;
}

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_not_in_force_as_printed_is_named_by_the_doctor() {
    let (world, admin) = granted(|_| {}).await;
    let in_force = |found: &[Finding]| {
        let policies = found.iter().filter(|one| one.about == "cluster demo");
        let all: Vec<&str> = policies.map(|one| one.text.as_str()).collect();
        all.iter().any(|text| text.contains("are in force")).then_some(())
    };
    let found = examined(&world).await;
    assert_eq!(
        (wrong(&found, "cluster demo"), in_force(&found)),
        (Vec::new(), Some(())),
        "{found:?}"
    );

    let exec = format!("{POLICIES}/interlock-exec");
    let (_, printed) = admin.send("GET", &exec, &Value::Null).await;
    let mut weaker = printed.clone();
    weaker["spec"]["failurePolicy"] = json!("Ignore");
    assert_eq!(admin.send("PUT", &exec, &weaker).await.0, 200);
    let says = wrong(&examined(&world).await, "cluster demo").join("\n");
    assert_eq!(
        says,
        "these admission policies are not what the runbooks ask for now: interlock-exec (`interlock rbac | kubectl apply -f -`)"
    );
    let (_, now) = admin.send("GET", &exec, &Value::Null).await;
    weaker["spec"] = printed["spec"].clone();
    weaker["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"].clone();
    assert_eq!(admin.send("PUT", &exec, &weaker).await.0, 200);

    let bound = format!("{BINDINGS}/interlock-exec");
    let (_, mut binding) = admin.send("GET", &bound, &Value::Null).await;
    binding["spec"]["validationActions"] = json!(["Warn"]);
    assert_eq!(admin.send("PUT", &bound, &binding).await.0, 200);
    let warns = wrong(&examined(&world).await, "cluster demo").join("\n");
    admin.send("DELETE", &bound, &Value::Null).await;
    let unbound = wrong(&examined(&world).await, "cluster demo").join("\n");
    assert_eq!(warns, unbound);
    assert!(
        unbound.contains("no binding puts them in force with Deny: interlock-exec"),
        "{unbound}"
    );

    admin.send("DELETE", &exec, &Value::Null).await;
    let gone = wrong(&examined(&world).await, "cluster demo").join("\n");
    assert!(
        gone.contains("are not there, so that Interlock may do more than its runbooks say: interlock-exec ("),
        "{gone}"
    );
    world.bot_starts().await;
    effects(&world).await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_that_can_not_be_read_or_had_are_no_good_news() {
    let (world, _) = granted(|objects| objects.retain(|object| object["kind"] != "ClusterRole")).await;
    let found = examined(&world).await;
    let unread = found
        .iter()
        .find(|one| one.text.contains("since Interlock may not read them"))
        .unwrap();
    assert_eq!(unread.stands, Stands::Unclear, "{unread:?}");
    world.bot_starts().await;
    effects(&world).await;
    world.ends().await;

    let (world, _) = granted_for(Setup::default().older_cluster(), |_| {}).await;
    let found = examined(&world).await;
    let said = wrong(&found, "cluster demo").join("\n");
    assert!(
        said.starts_with("it has no ValidatingAdmissionPolicy, which came with Kubernetes 1.30"),
        "{said}"
    );
    world.bot_starts().await;
    effects(&world).await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn power_in_a_namespace_of_no_runbook_is_found_where_namespaces_can_be_listed() {
    let (world, admin) = granted(|_| {}).await;
    let about = "cluster demo";
    admin
        .send(
            "POST",
            "/api/v1/namespaces",
            &json!({"metadata": {"name": "far-away"}}),
        )
        .await;
    let account = json!({"kind": "ServiceAccount", "name": "interlock-tier-1", "namespace": HOME});
    let far = granting(
        "far-away",
        "Role",
        &account,
        json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}),
    );
    admin.grant(&far).await;
    let found = examined(&world).await;
    assert_eq!(wrong(&found, about), Vec::<&str>::new());
    let told = |found: &[Finding], text: &str| found.iter().any(|one| one.text.contains(text));
    assert!(
        told(&found, "Interlock may not list the other namespaces"),
        "{found:?}"
    );

    let own = json!({"kind": "ServiceAccount", "name": "interlock", "namespace": HOME});
    let lists = granting(
        "lists",
        "ClusterRole",
        &own,
        json!({"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]}),
    );
    admin.grant(&lists).await;
    let found = examined(&world).await;
    assert!(
        told(&found, "rights beyond were looked for in every namespace"),
        "{found:?}"
    );
    let said = wrong(&found, about);
    assert!(
        said.contains(
            &"interlock/interlock-tier-1 holds * on secrets in far-away and no step could ever need it"
        ),
        "{said:?}"
    );
    world.bot_starts().await;
    effects(&world).await;
    world.ends().await;
}

/// A role of one rule, and its binding. `place`: the namespace of a Role, the name of a ClusterRole.
fn granting(place: &str, role: &str, account: &Value, rule: Value) -> [Value; 2] {
    let metadata = match role {
        "Role" => json!({"name": "by-hand", "namespace": place}),
        _ => json!({"name": place}),
    };
    let kind = "rbac.authorization.k8s.io/v1";
    let of = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": metadata["name"]});
    [
        json!({"apiVersion": kind, "kind": role, "metadata": metadata, "rules": [rule]}),
        json!({"apiVersion": kind, "kind": format!("{role}Binding"), "metadata": metadata, "roleRef": of, "subjects": [account]}),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_clicks_and_finds_slack_and_the_pager_well() {
    let world = TestWorld::start(Setup::default().over_http()).await;
    let path = world.folder.path().join("interlock.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let address = world.listens_on();
    let here = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"{address}\""));
    std::fs::write(&path, &here).unwrap();
    let found = examined(&world).await;
    for about in ["slack", "clock", "pager", "runbooks", "database"] {
        assert_eq!(wrong(&found, about), Vec::<&str>::new(), "{about}");
        assert!(found.iter().any(|one| one.about == about), "{about}: {found:?}");
    }
    let clicked = format!("a signed click arrives at http://{address}, and a forged one is refused");
    assert!(found.iter().any(|one| one.text == clicked), "{found:?}");

    for (scope, granted) in [("im:write", true), ("team:read", true), ("files:read", false)] {
        let scope = scope.to_owned();
        let change = WorkspaceChange::Scope { scope, granted };
        world.doubles.slack.change(change).await.unwrap();
    }
    let said = examined(&world).await;
    let said = wrong(&said, "slack");
    let unused = "the token has scopes that nothing uses: im:write, team:read; take them out of the app";
    assert!(said.contains(&unused), "{said:?}");
    assert!(said.iter().any(|text| text.contains("files:read")), "{said:?}");

    let secret = world.doubles.slack.addresses().signing_secret;
    std::fs::write(&path, here.replace(&secret, "another-secret")).unwrap();
    let found = examined(&world).await;
    let refused = "a click with a good signature was answered 401";
    let said = wrong(&found, "slack");
    assert!(said.iter().any(|text| text.contains(refused)), "{found:?}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_knows_no_look_is_not_called_wrong_and_one_that_is_gone_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/anchors", listener.local_addr().unwrap());
    // Everything is answered 404.
    let keeper = tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
    let key = Signer::generate("interlock.test/story").unwrap();
    let world = TestWorld::without_bot(Setup::default().table(&format!(
        "[checkpoints]\nkey = \"{key}\"\n[checkpoints.webhook]\nurl = \"{url}\""
    )))
    .await;
    let said = |found: &[Finding], text: &str| {
        let of = found
            .iter()
            .find(|one| one.about == "anchors" && one.text.contains(text));
        of.map(|one| one.stands)
    };
    let found = examined(&world).await;
    let not_known = "is not known: it answers 404 to a look";
    assert_eq!(said(&found, not_known), Some(Stands::Unclear), "{found:?}");
    keeper.abort();
    let found = examined(&world).await;
    assert_eq!(said(&found, "can't be reached"), Some(Stands::Wrong), "{found:?}");
    world.bot_starts().await;
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_slack_refuses_is_told_by_readyz_and_the_status() {
    let world = TestWorld::without_bot(Setup::default()).await;
    let faults = world.doubles.slack.faults();
    faults.on_call("*", ApiFault::Error("invalid_auth".to_owned()), Times::Always);
    world.bot_starts_alone().await;
    let patience = std::time::Duration::from_secs(20);
    let told = async { while world.readiness().await == "ready\n" {} };
    tokio::time::timeout(patience, told)
        .await
        .expect("readyz says it");
    let readiness = world.readiness().await;
    assert!(readiness.contains("Slack refuses something"), "{readiness}");
    world.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_slack_does_not_have_is_told_before_an_alert_needs_it() {
    let id = std::process::Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(id.stdout).unwrap();
    let setup = Setup::default().table(&format!(
        "[[routes]]\nservice = \"nodes\"\nchannel = \"#platform\"\n\n\
         [[routes]]\nservice = \"archive\"\nchannel = \"#no-such-team\"\n\n\
         [[routes]]\nservice = \"mail\"\nchannel = \"C0NOBODY01\"\n\n\
         [[operators]]\nos_user = \"{}\"\nperson = \"T0ACME0001/U0ANA00001\"\n",
        user.trim()
    ));
    let world = TestWorld::without_bot(setup).await;
    let change = WorkspaceChange::Archived {
        channel: "#platform".to_owned(),
        archived: true,
    };
    world.doubles.slack.change(change).await.unwrap();
    world.bot_starts().await;
    let told = [
        "no card can be posted in `#platform`, which a [[routes]] row names: it is archived; unarchive it or name another one",
        "no card can be posted in `#no-such-team`, which a [[routes]] row names: Slack has no such channel that the bot can see; correct the name",
        "no card can be posted in `C0NOBODY01`, which a [[routes]] row names: Slack has no such channel",
    ];
    let database = world.database();
    let says_so = async {
        loop {
            let reply = app::ask_bot(&database, &app::ControlRequest::Status)
                .await
                .unwrap();
            assert!(
                reply.done && !reply.text.contains("#incidents`"),
                "{}",
                reply.text
            );
            if told
                .iter()
                .all(|text| reply.text.contains(&format!("SLACK: {text}")))
            {
                return;
            }
        }
    };
    let patience = std::time::Duration::from_secs(20);
    tokio::time::timeout(patience, says_so)
        .await
        .expect("the status says it");
    let found = examined(&world).await;
    let wrong = wrong(&found, "slack");
    assert_eq!(wrong.len(), told.len(), "{wrong:?}");
    for text in told {
        assert!(wrong.iter().any(|one| one.starts_with(text)), "{wrong:?}");
    }
    world.nothing_ran();
    world.ends().await;
}
