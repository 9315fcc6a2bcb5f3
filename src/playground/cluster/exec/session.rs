//! One exec: the program runs, its output goes out, and the Status tells how it ended. What the program changed stays changed whether or
//! not the client hears of it; a client that goes away leaves it running, as on the real server.

use std::sync::Arc;

use jiff::Timestamp;

use super::status_frame::{self, Ending};
use super::wire::{Incoming, Over, STDERR, STDOUT, Wire};
use crate::playground::cluster::double::ServerFlavour;
use crate::playground::cluster::journal::Effect;
use crate::playground::cluster::json;
use crate::playground::cluster::kinds::Kind;
use crate::playground::cluster::model::Model;
use crate::playground::cluster::programs::{ExecCall, Output, Program, ProgramRun};
use crate::playground::cluster::shared::Shared;
use crate::playground::cluster::store::Key;

/// Largest stdin of a program that reads it whole.
const STDIN_LIMIT: usize = 16 * 1024 * 1024;

/// What is executed where, with which streams.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub namespace: String,
    pub pod: String,
    pub uid: String,
    pub workload: String,
    pub container: String,
    pub argv: Vec<String>,
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
    /// An ending that was clear before anything ran.
    pub doomed: Option<Ending>,
    pub audit_id: String,
    pub user: String,
}

/// Drives a session to its end.
pub(super) async fn run(shared: Arc<Shared>, job: Job, mut wire: Wire, protocol: super::protocol::Protocol) {
    match drive(&shared, &job, &mut wire).await {
        Ok(ending) => {
            let status = status_frame::encode(&ending, shared.flavour, protocol, &job.argv);
            if wire.status(&status).await.is_ok() {
                wire.close().await;
            }
        }
        Err(Over::ClientClosed | Over::Lost) => {}
    }
}

async fn drive(shared: &Arc<Shared>, job: &Job, wire: &mut Wire) -> Result<Ending, Over> {
    let greeting = if job.doomed == Some(Ending::NoStreams) {
        super::wire::STATUS
    } else {
        STDOUT
    };
    wire.send(greeting, &[]).await?;
    if let Some(ending) = &job.doomed {
        return Ok(ending.clone());
    }
    if job.argv.is_empty() {
        return Ok(not_started(
            shared,
            "OCI runtime exec failed: exec failed: args must not be empty",
        ));
    }
    let program = shared.read(|model| model.programs.find(&job.namespace, &job.workload, &job.argv));
    let mut stdin = Vec::new();
    if job.stdin && program.reads_stdin(&job.argv) {
        stdin = read_all(wire).await?;
    }
    match start(shared, job, &*program, &stdin) {
        ProgramRun::Done(output) => finish(shared, job, wire, output).await,
        ProgramRun::Copies => copy(shared, job, wire).await,
        ProgramRun::NotFound => {
            let why = "executable file not found in $PATH";
            Ok(not_started(
                shared,
                &format!("{STARTING}exec: \"{}\": {why}", job.argv[0]),
            ))
        }
        ProgramRun::NotExecutable => Ok(not_started(
            shared,
            &format!("{STARTING}exec: \"{}\": permission denied", job.argv[0]),
        )),
    }
}

const STARTING: &str = "OCI runtime exec failed: exec failed: unable to start container process: ";

fn not_started(shared: &Shared, why: &str) -> Ending {
    let id = shared.make_id(|ids| ids.hex64());
    // The oldest runtime adds a word.
    let end = if shared.flavour == ServerFlavour::V120 {
        ": unknown"
    } else {
        ""
    };
    Ending::NotStarted(format!(
        "error executing command in container: failed to exec in container: failed to start exec \"{id}\": {why}{end}"
    ))
}

/// Runs the program: from here on what it did is done.
fn start(shared: &Shared, job: &Job, program: &dyn Program, stdin: &[u8]) -> ProgramRun {
    let (run, at) = shared.change(|model| {
        let call = ExecCall {
            namespace: &job.namespace,
            pod: &job.pod,
            workload: &job.workload,
            container: &job.container,
            argv: &job.argv,
            stdin,
            now: model.now,
        };
        (program.run(&call, &mut model.world), model.now)
    });
    match run {
        ProgramRun::Done(_) | ProgramRun::Copies => shared.note_effect(effect(job, at)),
        ProgramRun::NotFound | ProgramRun::NotExecutable => {}
    }
    run
}

fn effect(job: &Job, at: Timestamp) -> Effect {
    Effect {
        seq: 0,
        at,
        audit_id: job.audit_id.clone(),
        user: job.user.clone(),
        verb: "exec".to_owned(),
        resource: "pods/exec".to_owned(),
        namespace: job.namespace.clone(),
        name: job.pod.clone(),
        argv: job.argv.clone(),
        attempt: None,
        field_manager: String::new(),
    }
}

async fn read_all(wire: &mut Wire) -> Result<Vec<u8>, Over> {
    let mut all = Vec::new();
    loop {
        match wire.receive().await? {
            Incoming::Stdin(data) if all.len() + data.len() <= STDIN_LIMIT => all.extend(data),
            Incoming::Stdin(_) => return Err(Over::Lost),
            Incoming::StdinClosed => return Ok(all),
            Incoming::Other => {}
        }
    }
}

/// Sends the output and waits, on the model's clock, for the end. A pod that goes takes the process with it.
async fn finish(shared: &Arc<Shared>, job: &Job, wire: &mut Wire, output: Output) -> Result<Ending, Over> {
    send(job, wire, STDOUT, &output.stdout).await?;
    send(job, wire, STDERR, &output.stderr).await?;
    if output.takes.is_zero() {
        return Ok(Ending::Exited(output.exit_code));
    }
    let until = shared.read(|model| model.after(output.takes));
    let mut moves = shared.moves();
    loop {
        let (now, alive) = shared.read(|model| (model.now, is_alive(model, job)));
        if !alive {
            return Ok(Ending::Exited(137));
        }
        if now >= until {
            return Ok(Ending::Exited(output.exit_code));
        }
        tokio::select! {
            moved = moves.changed() => moved.map_err(|_| Over::Lost)?,
            said = wire.receive() => drop(said?),
        }
    }
}

async fn copy(shared: &Arc<Shared>, job: &Job, wire: &mut Wire) -> Result<Ending, Over> {
    if !job.stdin {
        return Ok(Ending::Exited(0));
    }
    let mut moves = shared.moves();
    loop {
        tokio::select! {
            said = wire.receive() => match said? {
                Incoming::Stdin(data) => send(job, wire, STDOUT, &data).await?,
                Incoming::StdinClosed => return Ok(Ending::Exited(0)),
                Incoming::Other => {}
            },
            moved = moves.changed() => {
                moved.map_err(|_| Over::Lost)?;
                if !shared.read(|model| is_alive(model, job)) {
                    return Ok(Ending::Exited(137));
                }
            }
        }
    }
}

fn is_alive(model: &Model, job: &Job) -> bool {
    let key = Key::new(Kind::Pod, &job.namespace, &job.pod);
    model.store.get(&key).is_some_and(|pod| {
        json::text(pod, "/metadata/uid") == job.uid
            && model.sim(pod).is_some_and(super::super::sim::PodSim::is_running)
    })
}

async fn send(job: &Job, wire: &mut Wire, channel: u8, data: &[u8]) -> Result<(), Over> {
    // A terminal has one output, and its lines end in CR LF.
    let channel = if job.tty { STDOUT } else { channel };
    let asked = if channel == STDOUT { job.stdout } else { job.stderr };
    if data.is_empty() || !asked {
        return Ok(());
    }
    if !job.tty {
        return wire.send(channel, data).await;
    }
    let mut lines = Vec::with_capacity(data.len());
    for byte in data {
        if *byte == b'\n' && lines.last() != Some(&b'\r') {
            lines.push(b'\r');
        }
        lines.push(*byte);
    }
    wire.send(channel, &lines).await
}
