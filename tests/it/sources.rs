//! Sources whose alerts keep one key from episode to episode: a monitor that goes down again is heard again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Setup, TestWorld};

fn beat(status: u8, time: &str) -> Value {
    json!({
        "heartbeat": {"status": status, "time": time, "msg": "status code 503"},
        "monitor": {"id": 3, "name": "checkout health", "tags": []},
        "msg": "x"
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_goes_down_again_within_minutes_is_a_new_incident() {
    let setup = Setup::default()
        .table("[webhooks.uptime_kuma]\nbearer_token = \"kuma-token\"\ndefault_severity = \"low\"");
    let world = TestWorld::start(setup).await;
    let down = beat(0, "2026-11-20 22:26:15.123");
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &down).await, 200);
    world.card("checkout health").await;
    // The same again is a repeat, before the end and after it.
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &down).await, 200);
    let up = beat(1, "2026-11-20 22:28:00.000");
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &up).await, 200);
    world.thread().says("resolved").await;
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &down).await, 200);
    world.clock_moves(Duration::from_secs(120)).await;
    assert_eq!(world.channel("incidents").cards(), 1);
    // Two minutes later it is down for the second time; the end of the first, once more, ends nothing.
    let again = beat(0, "2026-11-20 22:30:00.000");
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &again).await, 200);
    world.card_shows("INC-2", "checkout health").await;
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &up).await, 200);
    world.clock_moves(Duration::from_secs(120)).await;
    let said = world.thread_of("INC-2").said();
    assert!(
        !said.iter().any(|line| line.contains("checkout health resolved")),
        "{said:#?}"
    );
    // Nor does the beginning of the first, which was under way for long, begin anything once the second is over.
    let over = beat(1, "2026-11-20 22:31:00.000");
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &over).await, 200);
    world.card_shows("INC-2", "The alert cleared").await;
    world.clock_moves(Duration::from_secs(600)).await;
    assert_eq!(world.sends("uptime_kuma", "kuma-token", &down).await, 200);
    world.outbox_is_empty().await;
    assert_eq!(world.channel("incidents").cards(), 2);
    world.thread().is_uninteresting();
    world.thread_of("INC-2").is_uninteresting();
    world.ends().await;
}
