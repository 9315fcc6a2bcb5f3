//! Ports for programs that are told where to listen.

/// A port of loopback that is free, for a program that is told where to listen. Below those that the system gives to
/// outgoing connections and to whoever asks for any port: one of those could be gone before the program is up.
pub fn free() -> u16 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(61);
    (0..1_000)
        .find_map(|_| {
            let step = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let port = u16::try_from(20_000 + own.wrapping_add(step) % 10_000).expect("a port");
            std::net::TcpListener::bind(("127.0.0.1", port))
                .ok()
                .map(|_| port)
        })
        .expect("a free port")
}
