//! `kubectl logs`: the end of one container's log.

use futures::{AsyncRead, AsyncReadExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use tokio::time::timeout_at;

use super::attempt::{Attempt, Outcome, Same};
use super::kinds;
use super::look;
use super::resolve::{self, Want};
use crate::actions::verdict::{HELD_BYTES, Held, Raw, Verdict};
use crate::domain::action::{Kind, Logs};

const TOO_LONG: &str = "these lines of the log are more than 1 MiB, and the newest are missing: ask for fewer with --tail or --since";

/// Reads the log. Bytes that are no UTF-8 are kept until they are shown: kube's own reading to a string would refuse
/// a log that holds one.
///
/// # Errors
/// The verdict when there is no pod or container, or the server refuses.
pub async fn run(attempt: &Attempt<'_>, logs: &Logs) -> Outcome {
    let live = attempt.live(&logs.target, Same::Object).await?;
    let choosing = resolve::pod(&attempt.client, &logs.target, &live, Want::Telling);
    let pod = match timeout_at(attempt.deadline, choosing).await {
        Ok(pod) => pod.map_err(|why| Verdict::failed(why.to_string()))?,
        Err(_) => return Err(Verdict::failed("no pod was found in time")),
    };
    let container = resolve::container(&pod, attempt.container().or(logs.container.as_deref()))
        .map_err(|why| Verdict::failed(why.to_string()))?
        .name;
    let params = LogParams {
        container: Some(container.clone()),
        tail_lines: Some(i64::from(logs.tail)),
        since_seconds: logs.since_seconds.map(i64::from),
        previous: logs.previous,
        // One more than is kept: the server counts from the oldest line on, so a log that reaches this lacks its end.
        limit_bytes: i64::try_from(HELD_BYTES + 1).ok(),
        ..LogParams::default()
    };
    let pods: Api<Pod> = Api::namespaced(attempt.client.clone(), logs.target.namespace.as_str());
    let stream = attempt.ask(pods.log_stream(look::name(&pod), &params)).await;
    let mut stream = stream.map_err(|failure| Verdict::failed(failure.to_string()))?;
    let held = Held::default();
    let end = timeout_at(attempt.deadline, read(&mut stream, &held)).await;
    let errors = match logs.target.kind == Kind::Pod {
        true => String::new(),
        false => format!(
            "{} of {}, container {container}\n",
            look::name(&pod),
            kinds::printed(&logs.target)
        ),
    };
    let raw = Raw {
        text: held.take().broken_if(!matches!(end, Ok(Ok(())))),
        errors: errors.into_bytes().into(),
    };
    match end {
        Ok(Ok(())) => Ok(Verdict::Done(raw)),
        Ok(Err(reason)) => Err(Verdict::Failed { reason, raw }),
        Err(_) => Err(Verdict::Failed {
            reason: "the log did not end in time".to_owned(),
            raw,
        }),
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), held: &Held) -> Result<(), String> {
    let mut piece = vec![0; 16 * 1024];
    let mut total = 0_usize;
    loop {
        match stream.read(&mut piece).await {
            Ok(0) if total > HELD_BYTES => return Err(TOO_LONG.to_owned()),
            Ok(0) => return Ok(()),
            Ok(count) => {
                total = total.saturating_add(count);
                held.push(&piece[..count]);
            }
            Err(error) => return Err(format!("the log broke off: {error}")),
        }
    }
}
