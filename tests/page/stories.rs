//! A story of the demo, played by the person who may approve, with the real bot.

use interlock::app::demo::{DemoOptions, Played, Scene, play, start_demo};
use interlock::telemetry::Metrics;

#[tokio::test(flavor = "multi_thread")]
async fn the_feature_that_hurts_is_switched_off_over_http_and_verified() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        port: 0,
        folder: folder.path().to_owned(),
        runbooks: None,
        metrics: Metrics::apart().unwrap(),
    };
    let show = start_demo(options).await.unwrap();
    let mut told = String::new();
    let played = play(&show.stage, Scene::FeatureFlag, |line| {
        told.push_str(line);
        told.push('\n');
    })
    .await
    .unwrap();
    assert_eq!(played, Played::Summary, "{told}");
    for part in [
        "[ben presses approve]",
        "Switch off the new checkout flow",
        "all steps are done and verified",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let flag = show.stage.world.flags.flag("new-checkout-flow").unwrap();
    assert_eq!((flag.enabled, flag.changes), (false, 1));
    assert_eq!(show.stage.world.slack.violations(), []);
    show.stop().await;
}
