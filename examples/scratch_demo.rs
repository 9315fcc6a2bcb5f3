use interlock::app::demo::*;
#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    tracing_subscriber::fmt().with_env_filter(std::env::var("RUST_LOG").unwrap_or("warn".into())).with_writer(std::io::stderr).init();
    let t = std::time::Instant::now();
    let dir = std::env::args().nth(2).unwrap_or("/tmp/demo1".into());
    let show = start_demo(DemoOptions { port: 18123, folder: dir.into(), runbooks: None, metrics: interlock::telemetry::Metrics::install().unwrap() }).await.unwrap();
    println!("page http://{} started in {:?}", show.page, t.elapsed());
    match std::env::args().nth(1).as_deref() {
        None | Some("serve") => { tokio::signal::ctrl_c().await.unwrap(); }
        Some(s) => { let r = play(&show.stage, s.parse().unwrap(), |l| println!("{:>6} {l}", t.elapsed().as_millis())).await; println!("{r:?}");
           for v in show.stage.world.slack.violations() { println!("VIOLATION {v:?}"); } }
    }
    show.stop().await;
}
