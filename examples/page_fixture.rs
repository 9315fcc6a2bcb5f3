#[path = "../tests/page/cards.rs"]
mod cards;
#[path = "../tests/page/fixture.rs"]
mod fixture;

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:18999").await.unwrap();
    let app = interlock::playground::page::router(std::sync::Arc::new(fixture::Fixture::default()));
    axum::serve(listener, app).await.unwrap();
}
