//! Any bytes as what an engine says of a container: never a crash.
#![no_main]

#[path = "../../tests/engine/server.rs"]
#[allow(dead_code)]
mod server;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let body = data.to_vec();
    let engine = server::engine(vec![server::inspect(&serde_json::json!({}))], move |path| {
        (path.starts_with("/containers/") && path.ends_with("/json")).then(|| server::Reply::Body(200, body.clone()))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _ = runtime.block_on(server::collect(&engine.socket));
});
