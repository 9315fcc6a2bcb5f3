//! The programs of the default world: the cache's client, the gateway's health, the queue's depth, the log volume's tools.
//! Each reads and changes [`WorldState`]; none knows of clusters or connections.

use std::sync::Arc;

use super::contract::{ExecCall, Output, ProgramRun};
use super::registry::{Place, Registry};
use crate::playground::cluster::world::{ConnectionPool, WorldState};

/// Installs them.
pub(in crate::playground::cluster) fn install(registry: &mut Registry) {
    let of = |name: &str| Place::Workload {
        namespace: "production".to_owned(),
        name: name.to_owned(),
    };
    registry.install(of("redis-primary"), "redis-cli", Arc::new(redis_cli));
    registry.install(of("api-gateway"), "curl", Arc::new(curl));
    registry.install(of("user-service"), "curl", Arc::new(curl));
    registry.install(of("queue"), "rabbitmqctl", Arc::new(rabbitmqctl));
    registry.install(of("orders-worker"), "queue-depth", Arc::new(queue_depth));
    for (name, program) in [("df", df as ProgramFn), ("du", du), ("logrotate", logrotate)] {
        registry.install(of("log-collector"), name, Arc::new(program));
    }
}

type ProgramFn = fn(&ExecCall<'_>, &mut WorldState) -> ProgramRun;

fn words<'a>(call: &'a ExecCall<'_>) -> Vec<&'a str> {
    call.argv.iter().skip(1).map(String::as_str).collect()
}

fn redis_cli(call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    let words = words(call);
    let command = words.first().copied().unwrap_or("").to_ascii_uppercase();
    match (command.as_str(), words.as_slice()) {
        ("PING", _) => Output::stdout("PONG\n").into(),
        ("FLUSHDB" | "FLUSHALL", _) => {
            world.redis.flush();
            Output::stdout("OK\n").into()
        }
        ("DBSIZE", _) => Output::stdout(format!("{}\n", world.redis.keys)).into(),
        ("INFO", _) => Output::stdout(info(world)).into(),
        ("GET", [_, key]) => Output::stdout(
            world
                .custom
                .get(*key)
                .map_or("\n".to_owned(), |v| format!("{v}\n")),
        )
        .into(),
        ("LLEN", [_, "orders"]) => Output::stdout(format!("{}\n", depth(world))).into(),
        // The real client prints the server's error on stdout and still ends with 0.
        (_, [word, ..]) => Output::stdout(format!(
            "ERR unknown command '{word}', with args beginning with: \n\n"
        ))
        .into(),
        (_, []) => Output::default().into(),
    }
}

fn info(world: &WorldState) -> String {
    let (clients, rejected) = match world.redis.pool {
        ConnectionPool::Healthy => (42, 0),
        ConnectionPool::Exhausted => (10_000, 8_731),
    };
    format!(
        "# Server\r\nredis_version:7.0.15\r\n# Clients\r\nconnected_clients:{clients}\r\nmaxclients:10000\r\n\
         # Stats\r\nrejected_connections:{rejected}\r\n# Keyspace\r\ndb0:keys={},expires=0,avg_ttl=0\r\n",
        world.redis.keys
    )
}

fn curl(call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    let words = words(call);
    let Some(url) = words.iter().find(|word| !word.starts_with('-')) else {
        return Output::failure("curl: try 'curl --help' for more information\n", 2).into();
    };
    let bare = url.strip_prefix("http://").unwrap_or(url);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    if !matches!(host, "localhost:8080" | "127.0.0.1:8080") {
        let message = format!("curl: (7) Failed to connect to {host}: Couldn't connect to server\n");
        return Output::failure(message, 7).into();
    }
    match path {
        "health" => {
            let redis = match world.redis.pool {
                ConnectionPool::Healthy => "connected",
                ConnectionPool::Exhausted => "timeout",
            };
            Output::stdout(format!("{{\"redis\":\"{redis}\"}}")).into()
        }
        _ if words
            .iter()
            .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('f')) =>
        {
            Output::failure("curl: (22) The requested URL returned error: 404\n", 22).into()
        }
        _ => Output::stdout("404 page not found\n").into(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a queue's depth is never negative and far below 2^53"
)]
fn depth(world: &WorldState) -> u64 {
    world.queue.depth.round() as u64
}

fn rabbitmqctl(call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    match words(call).iter().find(|word| !word.starts_with('-')) {
        Some(&"list_queues") => Output::stdout(format!("name\tmessages\norders\t{}\n", depth(world))).into(),
        Some(&"status") => Output::stdout("Runtime\n\nOS PID: 1\nUptime (seconds): 432000\n").into(),
        other => Output::failure(format!("Command '{}' not found.\n", other.unwrap_or(&"")), 64).into(),
    }
}

fn queue_depth(_call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    Output::stdout(format!("{}\n", depth(world))).into()
}

fn df(_call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    let disk = &world.disk;
    let used = disk.base_mib + disk.log_mib;
    Output::stdout(format!(
        "Filesystem           1M-blocks      Used Available Use% Mounted on\n/dev/sdb1            {:>9} {:>9} {:>9} {:>3}% /var/log\n",
        disk.total_mib,
        used,
        disk.total_mib.saturating_sub(used),
        disk.used_percent()
    ))
    .into()
}

fn du(_call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    let disk = &world.disk;
    Output::stdout(format!(
        "{}M\t/var/log/app\n{}M\t/var/log\n",
        disk.log_mib,
        disk.base_mib + disk.log_mib
    ))
    .into()
}

fn logrotate(call: &ExecCall<'_>, world: &mut WorldState) -> ProgramRun {
    let words = words(call);
    if !words.iter().any(|word| word.starts_with('/')) {
        return Output::failure("error: no configuration file given\n", 1).into();
    }
    if !words.contains(&"-d") && !words.contains(&"--debug") {
        world.disk.rotate();
    }
    if words
        .iter()
        .any(|word| matches!(*word, "-v" | "--verbose" | "-vf" | "-fv"))
    {
        return Output::failure("rotating pattern: /var/log/app/*.log\nlog needs rotating\n", 0).into();
    }
    Output::default().into()
}
