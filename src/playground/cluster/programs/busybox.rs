//! The harmless programs that every image has. Deliberately without a shell: an argv that begins with `sh` is not found, as in an image
//! that ships none.

use std::time::Duration;

use super::contract::{ExecCall, Output, Program, ProgramRun};
use crate::playground::cluster::world::WorldState;

/// The programs common to all images.
pub(super) struct Busybox;

impl Program for Busybox {
    fn run(&self, call: &ExecCall<'_>, _world: &mut WorldState) -> ProgramRun {
        let Some((program, arguments)) = call.argv.split_first() else {
            return ProgramRun::NotFound;
        };
        let name = program
            .strip_prefix("/bin/")
            .or_else(|| program.strip_prefix("/usr/bin/"))
            .unwrap_or(program);
        match name {
            "echo" => echo(arguments),
            "true" => Output::default().into(),
            "false" => Output {
                exit_code: 1,
                ..Output::default()
            }
            .into(),
            "cat" => cat(arguments),
            "sleep" => sleep(arguments),
            "ls" => ls(arguments),
            "hostname" => Output::stdout(format!("{}\n", call.pod)).into(),
            "pwd" => Output::stdout("/\n").into(),
            "id" => Output::stdout("uid=1000 gid=1000 groups=1000\n").into(),
            "whoami" => Output::stdout("app\n").into(),
            "date" => Output::stdout(format!("{}\n", call.now.strftime("%a %b %e %H:%M:%S UTC %Y"))).into(),
            "env" => Output::stdout(format!(
                "HOSTNAME={}\nPATH=/usr/local/bin:/usr/bin:/bin\nHOME=/\n",
                call.pod
            ))
            .into(),
            "/tmp" | "/etc" | "/var" | "/" => ProgramRun::NotExecutable,
            _ => ProgramRun::NotFound,
        }
    }
}

fn echo(arguments: &[String]) -> ProgramRun {
    match arguments.split_first() {
        Some((first, rest)) if first == "-n" => Output::stdout(rest.join(" ")).into(),
        _ => Output::stdout(format!("{}\n", arguments.join(" "))).into(),
    }
}

fn cat(arguments: &[String]) -> ProgramRun {
    match arguments {
        [] => ProgramRun::Copies,
        [dash] if dash == "-" => ProgramRun::Copies,
        [path, ..] => match path.as_str() {
            "/etc/os-release" => Output::stdout("ID=debian\nVERSION_ID=\"12\"\n").into(),
            other => Output::failure(
                format!("cat: can't open '{other}': No such file or directory\n"),
                1,
            )
            .into(),
        },
    }
}

fn sleep(arguments: &[String]) -> ProgramRun {
    let Some(text) = arguments.first() else {
        return Output::failure("sleep: missing operand\n", 1).into();
    };
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(digits) if text.ends_with('m') => (digits, 60.0),
        Some(digits) if text.ends_with('h') => (digits, 3600.0),
        Some(digits) => (digits, 1.0),
        None => (text.as_str(), 1.0),
    };
    match digits
        .parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds * unit).ok())
    {
        Some(span) => Output::default().taking(span).into(),
        None => Output::failure(format!("sleep: invalid number '{text}'\n"), 1).into(),
    }
}

fn ls(arguments: &[String]) -> ProgramRun {
    match arguments
        .iter()
        .find(|argument| !argument.starts_with('-'))
        .map(String::as_str)
    {
        None | Some("/" | ".") => Output::stdout("bin\ndata\netc\nhome\ntmp\nusr\nvar\n").into(),
        Some("/tmp" | "/data" | "/home") => Output::default().into(),
        Some(other) => Output::failure(format!("ls: {other}: No such file or directory\n"), 1).into(),
    }
}
